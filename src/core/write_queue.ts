/**
 * The messages that a WritableStream has been given and its sink has not taken: only the strategy's `size` sees those
 * behind the one in the sink. What goes past the WritableStream waits for those before it.
 */
export class WriteQueue {
  #given = 0;
  #taken = 0;
  #behind: { readonly after: number; run(): void }[] = [];

  /** How many messages wait, those that came by {@linkcode after} included. */
  get size(): number {
    return this.#given - this.#taken + this.#behind.length;
  }

  /** The WritableStream has been given a message. */
  give(): void {
    this.#given++;
  }

  /** The sink has sent a message. */
  take(): void {
    this.#taken++;
    for (let first = this.#behind[0]; first !== undefined; first = this.#behind[0]) {
      if (first.after > this.#taken) return;
      this.#behind.shift();
      first.run();
    }
  }

  /** Calls `run` once all that has been given so far is sent, or never will be. */
  after(run: () => void): void {
    this.#behind.push({ after: this.#given, run });
  }

  /** The WritableStream has failed: its sink gets no more. */
  drop(): void {
    const behind = this.#behind;
    this.#behind = [];
    this.#taken = this.#given;
    for (const { run } of behind) run();
  }
}

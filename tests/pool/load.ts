/** Steady load: calls of every kind in turn, so many at a time, until it is stopped. */
export class Load {
  /** Calls that were answered as they should be. */
  answered = 0;
  /** What the others ended with. */
  readonly failures: unknown[] = [];
  readonly #workers: readonly Promise<void>[];
  #over = false;

  /**
   * @param calls One of each kind; it throws where the answer is not right.
   * @param workers How many calls there are at a time.
   */
  constructor(calls: readonly (() => Promise<void>)[], workers: number) {
    this.#workers = Array.from({ length: workers }, (_, i) => this.#work(calls, i));
  }

  async #work(calls: readonly (() => Promise<void>)[], first: number): Promise<void> {
    for (let turn = first; !this.#over; turn++) {
      try {
        await calls[turn % calls.length]?.();
        this.answered++;
      } catch (error) {
        this.failures.push(error);
      }
    }
  }

  /** Begins no more calls, and resolves when the last have ended. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#workers);
  }
}

/** So many taken calls may lie at the front before they are swept away. */
const SWEEP_LENGTH = 1024;

/**
 * Functions that wait to be called, in their order; each can be taken back.
 *
 * A Set would do but for what `IdTable` says of a Map: thousands that come and go keep each other alive.
 */
export class CallQueue {
  #calls: (() => void)[] = [];
  #head = 0;
  /** Those that have been taken back and are still in line. */
  readonly #removed: Set<() => void> = new Set();

  /** How many are in line; some of them may have been taken back. */
  get length(): number {
    return this.#calls.length - this.#head;
  }

  /** Puts `call`, which is not in line, at the end. */
  add(call: () => void): void {
    // What was taken back may still be in line, and would be called there.
    if (this.#removed.has(call)) this.#sweep();
    this.#calls.push(call);
  }

  /** Takes `call` back, where it is in line. */
  remove(call: () => void): void {
    if (this.length === 0) return;
    this.#removed.add(call);
    if (this.#removed.size * 2 > this.length) this.#sweep();
  }

  /** Takes out the first. */
  shift(): (() => void) | undefined {
    while (this.#head < this.#calls.length) {
      const call = this.#calls[this.#head++];
      if (this.#head >= SWEEP_LENGTH || this.#head === this.#calls.length) {
        this.#calls = this.#calls.slice(this.#head);
        this.#head = 0;
      }
      if (call !== undefined && (this.#removed.size === 0 || !this.#removed.delete(call))) return call;
    }
    return undefined;
  }

  #sweep(): void {
    this.#calls = this.#calls.slice(this.#head).filter((call) => !this.#removed.has(call));
    this.#head = 0;
    this.#removed.clear();
  }
}

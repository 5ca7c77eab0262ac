/** A clock of the test's own instead of the platform's: time passes when the test says so, and what still waits can be counted. */
export class Clock implements Disposable {
  #now = 1_000;
  #next = 1;
  readonly #timers: Map<number, { readonly due: number; readonly task: () => void }> = new Map();
  readonly #originals = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: performance.now,
  };

  constructor() {
    const setTimeout = (task: () => void, ms = 0) => {
      this.#timers.set(this.#next, { due: this.#now + ms, task });
      return this.#next++;
    };
    const clearTimeout = (id: number | undefined) => void this.#timers.delete(id ?? 0);
    Object.assign(globalThis, { setTimeout, clearTimeout });
    // It stands still: how long the machine takes must not matter, nor how much time the test lets pass.
    const still = performance.now();
    Object.assign(performance, { now: () => still });
  }

  get now(): number {
    return this.#now;
  }

  /** Timers that have neither fired nor been cleared. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass: the timers of one time fire together, and what they set off happens before the next. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const due = Math.min(...[...this.#timers.values()].map((timer) => timer.due));
      if (due > end) break;
      this.#now = Math.max(this.#now, due);
      for (const [id, timer] of this.#timers) {
        if (timer.due === due && this.#timers.delete(id)) timer.task();
      }
      await settle();
    }
    this.#now = end;
  }

  [Symbol.dispose](): void {
    const { setTimeout, clearTimeout, now } = this.#originals;
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Object.assign(performance, { now });
  }
}

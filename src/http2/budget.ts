/**
 * How much a peer may do that costs it little and us work. It comes back with time, so that what goes on for months
 * never uses it up, and with what the peer has a reason to react to.
 */
export class Budget {
  readonly #size: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #filledAt: number;

  /**
   * @param size The most there is at a time.
   * @param perSecond How much of it comes back in a second.
   * @param now Tells the time in milliseconds; default `performance.now()`.
   */
  constructor(size: number, perSecond: number, now: () => number = () => performance.now()) {
    this.#size = size;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = size;
    this.#filledAt = now();
  }

  /** Gives some of it back. */
  refund(amount: number): void {
    this.#left = Math.min(this.#size, this.#left + amount);
  }

  /** Takes some of it. @returns Whether there was so much. */
  spend(amount: number): boolean {
    if (this.#left < amount) this.#refill();
    this.#left -= amount;
    return this.#left >= 0;
  }

  #refill(): void {
    const now = this.#now();
    this.refund((now - this.#filledAt) / 1000 * this.#perSecond);
    this.#filledAt = now;
  }
}

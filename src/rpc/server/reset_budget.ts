/** How much of the budget comes back in a second, where streams are cancelled and none ends well. */
const FORGIVEN_PER_SECOND = 100;

/**
 * How many streams a client may cancel ahead of those that end well. One that opens and resets streams as fast as it
 * can (the rapid reset of HTTP/2, CVE-2023-44487) makes the server work for nothing, and no limit of streams that are
 * open at a time stops it; one that has a good many answers and cancels some never comes near.
 */
export class ResetBudget {
  readonly #size: number;
  #left: number;
  #filledAt = performance.now();

  /** @param size How many it may be ahead. */
  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** A stream has ended well. */
  refund(): void {
    if (this.#left < this.#size) this.#left++;
  }

  /** A stream was cancelled. @returns Whether that was one too many. */
  spend(): boolean {
    if (this.#left < 1) this.#refill();
    this.#left--;
    return this.#left < 0;
  }

  #refill(): void {
    const now = performance.now();
    const forgiven = (now - this.#filledAt) / 1000 * FORGIVEN_PER_SECOND;
    this.#filledAt = now;
    this.#left = Math.min(this.#size, this.#left + forgiven);
  }
}

import { onNextTick } from "../../net/event_loop.ts";
import type { SendQueue } from "../../net/send_queue.ts";

/** As many bytes may be held between a look at the send queue and the next. */
const MAX_HELD_BYTES = 256 * 1024;

/**
 * Responses of a connection that have been made and wait for their handlers' return, which follows at once: the send
 * queue does not know of them, and would let all handlers that are ready at a time make theirs.
 */
export class HeldResponses {
  readonly #queue: SendQueue;
  #bytes = 0;
  #waiting: Set<() => void> = new Set();

  constructor(queue: SendQueue) {
    this.#queue = queue;
  }

  /** Whether the next response has to wait. */
  get congested(): boolean {
    return this.#bytes > MAX_HELD_BYTES || this.#queue.congested;
  }

  /** A response has been made. */
  hold(bytes: number): void {
    if (this.#bytes === 0) onNextTick(() => this.#look());
    this.#bytes += bytes;
  }

  /** Calls `wake` once, when the next response may be made. */
  wait(wake: () => void): void {
    if (this.#bytes > MAX_HELD_BYTES) this.#waiting.add(wake);
    else this.#queue.wait(wake);
  }

  /** Takes a `wait` back. */
  unwait(wake: () => void): void {
    this.#waiting.delete(wake);
    this.#queue.unwait(wake);
  }

  /** What was held is in the queue by now. A handler that takes its time, behind its response, keeps nobody waiting. */
  #look(): void {
    this.#bytes = 0;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) {
      if (this.congested) this.wait(wake);
      else wake();
    }
  }
}

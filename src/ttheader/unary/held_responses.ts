import { afterTurns } from "../../net/event_loop.ts";
import type { SendQueue } from "../../net/send_queue.ts";

/** As many bytes may be held, besides what is in the send queue. */
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
    this.#bytes += bytes;
  }

  /** A response has gone to the send queue, or nowhere. */
  letGo(bytes: number): void {
    this.#bytes = Math.max(0, this.#bytes - bytes);
  }

  /** Calls `wake` once, when the next response may be made. */
  wait(wake: () => void): void {
    if (this.#bytes <= MAX_HELD_BYTES) return this.#queue.wait(wake);
    if (this.#waiting.size === 0) afterTurns(1, () => this.#look());
    this.#waiting.add(wake);
  }

  /** Takes a `wait` back. */
  unwait(wake: () => void): void {
    this.#waiting.delete(wake);
    this.#queue.unwait(wake);
  }

  /** Whatever handlers return at once is in the queue by now. One that takes its time, behind its response, keeps nobody waiting. */
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

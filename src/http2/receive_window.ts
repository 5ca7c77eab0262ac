import { MAX_UINT31 } from "./frame.ts";

/**
 * What a peer may still send, on a stream or on the whole connection, and when it is to be told of more.
 *
 * The window comes back by what is held: up to `allowance` unread bytes it does at once, beyond only as they are read.
 * It is told in steps of half a window, so that a WINDOW_UPDATE goes with many messages.
 */
export class ReceiveWindow {
  readonly #step: number;
  /** What may be on the way and unread together. */
  readonly #limit: number;
  #allowance: number;
  #window: number;
  #unread = 0;

  /**
   * @param window What the peer may send now, in bytes.
   * @param limit What it may be told of, in bytes, with nothing held unread.
   * @param allowance How many unread bytes do not count.
   */
  constructor(window: number, limit: number, allowance: number) {
    this.#window = window;
    this.#limit = Math.min(limit, MAX_UINT31);
    this.#step = Math.ceil(limit / 2);
    this.#allowance = Math.floor(allowance);
  }

  /** Bytes that have come and have not been read. */
  get unread(): number {
    return this.#unread;
  }

  /** What the peer may still send. */
  get left(): number {
    return this.#window;
  }

  /** A DATA frame has come; `content` of its bytes will be read. @returns Whether the peer was allowed so much. */
  take(frameBytes: number, content: number): boolean {
    this.#window -= frameBytes;
    this.#unread += content;
    return this.#window >= 0;
  }

  /** So many bytes have been read, or dropped. */
  consume(bytes: number): void {
    this.#unread -= bytes;
  }

  /** So many more unread bytes do not count from now on; negative takes it back. */
  allow(bytes: number): void {
    this.#allowance += bytes;
  }

  /** Changes what the peer may send without telling it: both ends know of it. */
  shift(bytes: number): void {
    this.#window += bytes;
  }

  /** How much a WINDOW_UPDATE is to tell now, which then counts as told; 0 for nothing. */
  give(): number {
    const held = Math.max(0, this.#unread - this.#allowance);
    const increment = this.#limit - held - this.#window;
    if (increment < this.#step) return 0;
    this.#window += increment;
    return increment;
  }

  /** How much is missing until `bytes` can come now; no more than 0 for nothing. */
  missing(bytes: number): number {
    return Math.min(bytes, MAX_UINT31) - this.#window;
  }

  /** As {@linkcode give}, beyond the limit. */
  grant(increment: number): void {
    this.#window += increment;
  }
}

import { MAX_UINT31 } from "./frame.ts";

/** What windows may come to. */
export class WindowBounds {
  /** What may be on the way and unread together. */
  readonly limit: number;
  readonly step: number;
  /** How many unread bytes do not count. */
  allowance: number;

  /**
   * @param limit What the peer may be told of, in bytes, with nothing held unread.
   * @param allowance How many unread bytes do not count.
   */
  constructor(limit: number, allowance: number) {
    this.limit = Math.min(limit, MAX_UINT31);
    this.step = Math.ceil(limit / 2);
    this.allowance = Math.floor(allowance);
  }
}

/**
 * What a peer may still send, on a stream or on the whole connection, and when it is to be told of more.
 *
 * The window comes back by what is held: up to `allowance` unread bytes it does at once, beyond only as they are read.
 * It is told in steps of half a window, so that a WINDOW_UPDATE goes with many messages.
 */
export class ReceiveWindow {
  readonly #bounds: WindowBounds;
  #window: number;
  #unread = 0;

  /**
   * @param window What the peer may send now, in bytes.
   * @param bounds What it may be told of: one object for all streams of a connection.
   */
  constructor(window: number, bounds: WindowBounds) {
    this.#window = window;
    this.#bounds = bounds;
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

  /** Changes what the peer may send without telling it: both ends know of it. */
  shift(bytes: number): void {
    this.#window += bytes;
  }

  /** So many more unread bytes do not count from now on; negative takes it back. For a window with bounds of its own. */
  allow(bytes: number): void {
    this.#bounds.allowance += bytes;
  }

  /** How much a WINDOW_UPDATE is to tell now, which then counts as told; 0 for nothing. */
  give(): number {
    const { limit, step, allowance } = this.#bounds;
    const increment = limit - Math.max(0, this.#unread - allowance) - this.#window;
    if (increment < step) return 0;
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

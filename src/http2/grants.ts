import { ErrorCode } from "./error_code.ts";
import { Http2StreamError } from "./errors.ts";

/** A stream whose message is larger than its window. */
export interface Granted {
  readonly id: number;
  /** Its turn has come: it asks again. */
  grantAwaited(): void;
  fail(error: Http2StreamError): void;
}

/**
 * What the streams of a connection may hold beyond its windows, since they have announced messages that are larger. The
 * announcement is the peer's: so many bytes are granted at a time, and who comes later waits for its turn.
 */
export class Grants {
  readonly #limitBytes: number;
  readonly #waiting: Set<Granted> = new Set();
  #bytes = 0;
  /** What messages that are not whole may hold beside. */
  #extendedBytes = 0;
  #waking = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Whether a stream may have so many bytes more, beside those that it holds. One message may always be granted, or it
   * would never come; else the stream waits.
   */
  take(stream: Granted, bytes: number, heldBytes: number): boolean {
    if (this.#bytes === heldBytes || this.#bytes + bytes <= this.#limitBytes) {
      this.#waiting.delete(stream);
      return true;
    }
    this.#waiting.add(stream);
    return false;
  }

  /** So many more bytes are granted; negative takes them back, and it is somebody's turn. */
  change(bytes: number): void {
    this.#bytes += bytes;
    if (bytes >= 0 || this.#waking) return;
    this.#waking = true;
    for (const stream of this.#waiting) {
      stream.grantAwaited();
      // In their order: a small one does not pass in front.
      if (this.#waiting.has(stream)) break;
    }
    this.#waking = false;
  }

  /**
   * The connection's window is used up. What streams hold of messages that are not whole is no reason to stand still:
   * nobody can read it, and many of them together would wait for each other for ever.
   *
   * @param partBytes What they hold of them.
   * @returns How many more unread bytes do not count from now on.
   */
  extend(partBytes: number): number {
    const more = Math.min(partBytes, this.#limitBytes) - this.#extendedBytes;
    if (more <= 0) return 0;
    this.#extendedBytes += more;
    return more;
  }

  /** All that was held has been read. @returns How many unread bytes count again. */
  retract(): number {
    const bytes = this.#extendedBytes;
    this.#extendedBytes = 0;
    return bytes;
  }

  /** The stream waits no more. */
  drop(stream: Granted): void {
    this.#waiting.delete(stream);
  }

  /**
   * The connection's window is used up, so that nobody's message may ever be whole: those of `parts`, and that wait, and
   * came last give way, until `relieved`.
   */
  relieve(parts: readonly Granted[], relieved: () => boolean): void {
    for (const stream of [...new Set([...parts, ...this.#waiting])].reverse()) {
      if (relieved()) return;
      const description = `stream ${stream.id}: messages larger than the windows have announced more than ` +
        `${this.#limitBytes} bytes beyond them`;
      stream.fail(new Http2StreamError(ErrorCode.ENHANCE_YOUR_CALM, description));
    }
  }
}

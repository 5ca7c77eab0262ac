import { ByteBuffer, type Bytes } from "../base/buffer.ts";

/** What of a stream's DATA waits for the windows. */
export class PendingData {
  readonly #buffer: ByteBuffer;
  /** What has left lies before it. */
  #at = 0;

  constructor(bytes?: Bytes) {
    this.#buffer = new ByteBuffer(bytes?.length);
    if (bytes !== undefined) this.#buffer.writeBytes(bytes);
  }

  /** How many bytes wait. */
  get size(): number {
    return this.#buffer.length - this.#at;
  }

  /** Where more is appended. */
  get end(): ByteBuffer {
    const buffer = this.#buffer;
    if (this.#at > buffer.length / 2) {
      buffer.bytes.copyWithin(0, this.#at, buffer.length);
      buffer.length -= this.#at;
      this.#at = 0;
    }
    return buffer;
  }

  /** Takes the first bytes, no more than wait. They are a view, good until more is appended. */
  take(bytes: number): Bytes {
    const from = this.#at;
    this.#at = from + bytes;
    return this.#buffer.bytes.subarray(from, this.#at);
  }
}

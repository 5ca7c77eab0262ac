import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { BLOCK_PER_LIST_BYTES, MAX_CONTINUATIONS, MIN_MAX_FRAME_BYTES } from "./limits.ts";

/** A header block that has not ended with its HEADERS frame: CONTINUATIONs follow, and nothing else may (RFC 9113 6.10). */
export class HeaderBlock {
  readonly #maxBytes: number;
  #fragments = new ByteBuffer(0);
  #continuations = 0;
  /** Whose block it is; 0 between blocks. */
  streamId = 0;
  /** Whether its HEADERS frame had END_STREAM. */
  endStream = false;
  /** Whether its HEADERS frame says that the stream depends on itself. */
  ownParent = false;

  /** @param maxHeaderListBytes How large its list may be: a block that is a good deal larger is not gathered. */
  constructor(maxHeaderListBytes: number) {
    this.#maxBytes = Math.max(maxHeaderListBytes * BLOCK_PER_LIST_BYTES, MIN_MAX_FRAME_BYTES);
  }

  /** How many bytes of it wait. */
  get pendingBytes(): number {
    return this.#fragments.length;
  }

  /** A HEADERS frame without END_HEADERS. */
  begin(streamId: number, endStream: boolean, ownParent: boolean, fragment: Bytes): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.ownParent = ownParent;
    this.#continuations = 0;
    this.#append(fragment);
  }

  /** A CONTINUATION. */
  add(fragment: Bytes): void {
    this.#continuations++;
    if (this.#continuations > MAX_CONTINUATIONS) {
      throw tooMuch(`a header block of more than ${MAX_CONTINUATIONS} CONTINUATION frames`);
    }
    this.#append(fragment);
  }

  /** The whole block; forgets it. */
  take(): Bytes {
    const { bytes, length } = this.#fragments;
    this.#fragments = new ByteBuffer(0);
    this.streamId = 0;
    return bytes.subarray(0, length);
  }

  #append(fragment: Bytes): void {
    const size = this.#fragments.length + fragment.length;
    if (size > this.#maxBytes) {
      throw tooMuch(`a header block of ${size} bytes exceeds the limit of ${this.#maxBytes} bytes`);
    }
    this.#fragments.writeBytes(fragment);
  }
}

function tooMuch(description: string): Http2ConnectionError {
  return new Http2ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, description);
}

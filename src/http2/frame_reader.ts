import { ChunkPieces } from "../base/chunk_pieces.ts";
import type { Bytes } from "../base/buffer.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { FLAGS_OFFSET, FRAME_HEADER_SIZE, FrameType, frameTypeName, uint31 } from "./frame.ts";
import { MAX_DATA_FRAME_BYTES, MIN_MAX_FRAME_BYTES } from "./limits.ts";

const NOTHING: Bytes = new Uint8Array(0);

/** How long, in bytes, a frame's payload may be. */
export interface FrameLimits {
  /** Of DATA. */
  readonly data: number;
  /** Of every other frame. */
  readonly other: number;
}

/** What this library's own connections announce, and hold their peers to. */
const OWN_LIMITS: FrameLimits = { data: MAX_DATA_FRAME_BYTES, other: MIN_MAX_FRAME_BYTES };

/**
 * Cuts bytes, which come in chunks cut anyhow, into frames: `push` a chunk, then call `next` until it says false. Each
 * `next` leaves the frame in the reader's fields, so that nothing is allocated for it; a frame that spans chunks is
 * copied together, and only that. Nothing is allocated for bytes that were announced and have not come.
 */
export class FrameReader {
  /** The frame's type, by number. */
  type = 0;
  /** The frame's flags. */
  flags = 0;
  /** The frame's stream; 0 is the connection. */
  streamId = 0;
  /** Holds the payload, from `start` to `end`. It is not written again: views on it can be handed out. */
  bytes: Bytes = NOTHING;
  start = 0;
  end = 0;

  /** The bytes to be read next, from `#at`. */
  #chunk: Bytes = NOTHING;
  #at = 0;
  /** The chunks of an unfinished frame before `#chunk`, and their bytes. */
  readonly #pieces = new ChunkPieces();
  /** How many bytes must be there before the next look is worth it. */
  #needed = FRAME_HEADER_SIZE;
  readonly #limits: FrameLimits;

  /** @param limits What a larger frame breaks. Default: what this library announces. */
  constructor(limits: FrameLimits = OWN_LIMITS) {
    this.#limits = limits;
  }

  /** How many bytes of an unfinished frame are waiting. */
  get pendingBytes(): number {
    return this.#pieces.bytes + this.#chunk.length - this.#at;
  }

  /** Takes the next bytes; they must not be changed afterwards. All whole frames before them must have been taken. */
  push(chunk: Bytes): void {
    const last = this.#chunk;
    const rest = last.length - this.#at;
    if (rest === 0) {
      this.#chunk = chunk;
    } else if (last.buffer === chunk.buffer && last.byteOffset + last.length === chunk.byteOffset) {
      // The socket's reader has filled the same buffer further: one longer view, no copy.
      this.#chunk = new Uint8Array(last.buffer, last.byteOffset + this.#at, rest + chunk.length);
    } else {
      this.#pieces.keep(this.#at === 0 ? last : last.subarray(this.#at));
      this.#chunk = chunk;
    }
    this.#at = 0;
  }

  /**
   * Goes to the next frame. @returns Whether all of it has come.
   *
   * @throws {Http2ConnectionError} FRAME_SIZE_ERROR where it is larger than allowed. The reader is of no use then.
   */
  next(): boolean {
    if (this.#pieces.bytes > 0) return this.#nextFromPieces();
    const chunk = this.#chunk;
    const at = this.#at;
    if (chunk.length - at < this.#needed) return false;
    const size = frameSize(chunk, at, this.#limits);
    if (chunk.length - at < size) {
      this.#needed = size;
      return false;
    }
    this.#at = at + size;
    this.#needed = FRAME_HEADER_SIZE;
    this.#show(chunk, at, at + size);
    return true;
  }

  /** A frame that begins in an earlier chunk. */
  #nextFromPieces(): boolean {
    if (this.pendingBytes < this.#needed) return false;
    if (this.#needed === FRAME_HEADER_SIZE) {
      const peek = this.#pieces.with(this.#chunk.subarray(0, FRAME_HEADER_SIZE));
      this.#needed = frameSize(peek, 0, this.#limits);
      if (this.pendingBytes < this.#needed) return false;
    }
    const missing = this.#needed - this.#pieces.bytes;
    const bytes = this.#pieces.with(this.#chunk.subarray(this.#at, this.#at + missing));
    this.#at += missing;
    this.#pieces.clear();
    this.#needed = FRAME_HEADER_SIZE;
    this.#show(bytes, 0, bytes.length);
    return true;
  }

  #show(bytes: Bytes, at: number, end: number): void {
    this.type = bytes[at + 3] ?? 0;
    this.flags = bytes[at + FLAGS_OFFSET] ?? 0;
    this.streamId = uint31(bytes, at + 5);
    this.bytes = bytes;
    this.start = at + FRAME_HEADER_SIZE;
    this.end = end;
  }
}

/** The size of the frame whose header is at `at`, header included. */
function frameSize(bytes: Bytes, at: number, limits: FrameLimits): number {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (length > limits.other) {
    const type = bytes[at + 3] ?? 0;
    const limit = type === FrameType.DATA ? limits.data : limits.other;
    if (length > limit) {
      const description = `${frameTypeName(type)} of ${length} bytes exceeds the limit of ${limit} bytes`;
      throw new Http2ConnectionError(ErrorCode.FRAME_SIZE_ERROR, description);
    }
  }
  return length + FRAME_HEADER_SIZE;
}

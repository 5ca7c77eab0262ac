import { ChunkPieces } from "../base/chunk_pieces.ts";
import type { Bytes } from "../base/buffer.ts";
import { hex, illegal, int32, readInfo, uint16 } from "./header_block.ts";
import {
  FLAGS_OFFSET,
  type Frame,
  FrameType,
  HEADER_OFFSET,
  HEADER_SIZE_OFFSET,
  HEADER_UNIT,
  LENGTH_SIZE,
  MAGIC,
  MAGIC_OFFSET,
  MIN_FRAME_LENGTH,
  NO_PAYLOAD,
  STREAM_ID_OFFSET,
  STREAMING_FLAG,
} from "./frame.ts";
import { knownProtocol, UNARY } from "./known_protocol.ts";
import { type Metadata, NO_METADATA } from "../core/metadata.ts";
import { MAX_READ_BYTES } from "../net/socket.ts";

/** The bytes from which a frame's length and magic can be judged. */
const PEEK_SIZE = 8;

/** Larger header blocks are not kept to be compared with. */
const MAX_KNOWN_BYTES = 1024;

/** A frame of more bytes never fits into one read: it gets a buffer of its own… */
const LARGE_FRAME_BYTES = MAX_READ_BYTES;
/** …once such a part of it has come: until then its length is only a promise. */
const PROVEN_PART = 1 / 8;

/**
 * Turns bytes, cut anyhow, into frames: `push` a chunk, then call `next` until it returns `undefined`.
 *
 * A payload is a view on the chunk it came in; only a frame that spans chunks is copied together, and of a large one
 * only its first part. At most eight times as much is allocated for bytes that were announced as have come of them.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  /** The bytes to be read next, from `#at`. */
  #chunk: Bytes = NO_PAYLOAD;
  #at = 0;
  /** The chunks of an unfinished frame before `#chunk`, and their bytes. */
  readonly #pieces = new ChunkPieces();
  /** The buffer of a large frame, most of which is still to come. */
  #whole: Bytes | undefined;
  /** How many bytes must be there before the next look is worth it. */
  #needed = PEEK_SIZE;
  /** Nearly every frame is Data with the same header block as one before it: that one is compared, not read again. */
  #dataHeaders: readonly { readonly block: Bytes; readonly method: string }[] = [];
  /** Of the last Header: thousands of streams may be open at a time whose Headers say the same. */
  #lastHeader: KnownHeader | undefined;

  /**
   * @param maxFrameBytes The largest frame taken, without its length field.
   */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** How many bytes of an unfinished frame are waiting. */
  get pendingBytes(): number {
    return this.#pieces.bytes + this.#chunk.length - this.#at;
  }

  /** Takes the next bytes; they must not be changed afterwards. All whole frames before them must have been taken. */
  push(chunk: Bytes): void {
    const rest = this.#chunk.length - this.#at;
    const last = this.#chunk;
    if (rest === 0) {
      this.#chunk = chunk;
    } else if (last.buffer === chunk.buffer && last.byteOffset + last.length === chunk.byteOffset) {
      // The reader filled the same buffer further: one longer view, no copy.
      this.#chunk = new Uint8Array(last.buffer, last.byteOffset + this.#at, rest + chunk.length);
    } else {
      this.#pieces.keep(this.#at === 0 ? last : last.subarray(this.#at));
      this.#chunk = chunk;
    }
    this.#at = 0;
  }

  /**
   * Where the rest of a large frame is to be read to, once enough of it has come: what is pushed next may begin there, and
   * needs no copy then. Call it for bytes that will come there.
   */
  room(): Bytes | undefined {
    const size = this.#needed;
    const pending = this.pendingBytes;
    if (size <= LARGE_FRAME_BYTES || pending < size * PROVEN_PART) return undefined;
    if (this.#whole === undefined || this.#chunk.buffer !== this.#whole.buffer) {
      this.#whole = new Uint8Array(size);
      this.#pieces.copyTo(this.#whole);
      this.#whole.set(this.#chunk.subarray(this.#at), this.#pieces.bytes);
      this.#pieces.clear();
      this.#chunk = this.#whole.subarray(0, pending);
      this.#at = 0;
    }
    return this.#whole.subarray(pending);
  }

  /** The first bytes that are waiting, from which it can be told what they are; `undefined` where too few have come. */
  first(): Bytes | undefined {
    if (this.pendingBytes < PEEK_SIZE) return undefined;
    return this.#pieces.with(this.#chunk.subarray(this.#at, this.#at + PEEK_SIZE));
  }

  /** All that is waiting: it is for somebody else. */
  takeAll(): Bytes {
    const rest = this.#chunk.subarray(this.#at);
    const bytes = this.#pieces.bytes === 0 ? rest : this.#pieces.with(rest);
    this.#pieces.clear();
    this.#chunk = NO_PAYLOAD;
    this.#at = 0;
    return bytes;
  }

  /**
   * The next frame, or `undefined` where its bytes have not all come.
   *
   * @throws {TTStreamError} 12004 if the bytes are no frame, or one beyond the limit. The decoder is of no use afterwards.
   */
  next(): Frame | undefined {
    if (this.pendingBytes < this.#needed) return undefined;
    if (this.#pieces.bytes > 0) return this.#nextFromPieces();
    const start = this.#at;
    const size = this.#inspect(this.#chunk, start);
    if (this.#chunk.length - start < size) {
      this.#needed = size;
      return undefined;
    }
    const chunk = this.#chunk;
    this.#at = start + size;
    this.#needed = PEEK_SIZE;
    if (this.#whole !== undefined) this.#letGo();
    return this.#frame(chunk, start, start + size);
  }

  /** A large frame is its reader's from now on. */
  #letGo(): void {
    this.#whole = undefined;
    if (this.#at < this.#chunk.length) return;
    this.#chunk = NO_PAYLOAD;
    this.#at = 0;
  }

  /** A frame that begins in an earlier chunk: copied together, and only that. */
  #nextFromPieces(): Frame | undefined {
    if (this.#needed === PEEK_SIZE) {
      const peek = this.#pieces.with(this.#chunk.subarray(0, PEEK_SIZE));
      this.#needed = this.#inspect(peek, 0);
      if (this.pendingBytes < this.#needed) return undefined;
    }
    const missing = this.#needed - this.#pieces.bytes;
    const bytes = this.#pieces.with(this.#chunk.subarray(this.#at, this.#at + missing));
    this.#at += missing;
    this.#pieces.clear();
    this.#needed = PEEK_SIZE;
    return this.#frame(bytes, 0, bytes.length);
  }

  /** Judges a frame by its first bytes, before anything is allocated for it. @returns Its whole size. */
  #inspect(bytes: Bytes, start: number): number {
    if (uint16(bytes, start + MAGIC_OFFSET) !== MAGIC) {
      const first = hex(bytes, start, start + 4);
      const second = hex(bytes, start + 4, start + 8);
      const known = knownProtocol(bytes, start);
      throw illegal(`not TTHeader protocol (first4Bytes=${first}, second4Bytes=${second})`, known);
    }
    const length = int32(bytes, start) >>> 0;
    if (length > this.#maxFrameBytes) {
      throw illegal(`frame of ${length} bytes exceeds the limit of ${this.#maxFrameBytes} bytes`);
    }
    if (length < MIN_FRAME_LENGTH) {
      throw illegal(`frame of ${length} bytes is shorter than its fixed part of ${MIN_FRAME_LENGTH} bytes`);
    }
    return length + LENGTH_SIZE;
  }

  /** Reads the frame whose bytes are all there. */
  #frame(bytes: Bytes, start: number, end: number): Frame {
    const flags = uint16(bytes, start + FLAGS_OFFSET);
    const streamId = int32(bytes, start + STREAM_ID_OFFSET);
    const headerSize = uint16(bytes, start + HEADER_SIZE_OFFSET) * HEADER_UNIT;
    const header = start + HEADER_OFFSET;
    const payloadStart = header + headerSize;
    if (headerSize === 0) throw illegal("invalid header length[0]");
    if (payloadStart > end) {
      throw illegal(
        `header of ${headerSize} bytes exceeds the ${end - header} bytes that the frame has left`,
      );
    }
    if ((flags & STREAMING_FLAG) === 0) {
      throw illegal(`unexpected header flags: ${flags}`, UNARY);
    }
    const payload = payloadStart === end ? NO_PAYLOAD : bytes.subarray(payloadStart, end);
    for (const { block, method } of this.#dataHeaders) {
      if (sameBytes(block, bytes, header, payloadStart)) {
        return { type: FrameType.Data, streamId, method, metadata: NO_METADATA, payload };
      }
    }
    const last = this.#lastHeader;
    if (last !== undefined && sameBytes(last.block, bytes, header, payloadStart)) {
      const { type, method, metadata } = last;
      return { type, streamId, method, metadata, payload };
    }
    const { type, method, metadata } = readInfo(bytes, header, payloadStart);
    if (type === FrameType.Header && payloadStart - header <= MAX_KNOWN_BYTES) {
      this.#lastHeader = { block: bytes.slice(header, payloadStart), type, method, metadata };
    }
    if (type === FrameType.Data && metadata === NO_METADATA) {
      // Kitex writes a method's pairs in either order: two of them are worth keeping.
      this.#dataHeaders = [
        { block: bytes.slice(header, payloadStart), method },
        ...this.#dataHeaders.slice(0, 1),
      ];
    }
    return { type, streamId, method, metadata, payload };
  }
}

/** A Header's block, and what it says: the streams that say the same share it. */
interface KnownHeader {
  readonly block: Bytes;
  readonly type: FrameType;
  readonly method: string;
  readonly metadata: Metadata;
}

function sameBytes(known: Bytes, bytes: Bytes, from: number, to: number): boolean {
  const size = known.length;
  if (size !== to - from) return false;
  for (let i = 0; i < size; i++) if (known[i] !== bytes[from + i]) return false;
  return true;
}

import type { Bytes } from "../../base/buffer.ts";
import { ChunkPieces } from "../../base/chunk_pieces.ts";
import { NO_METADATA } from "../../core/metadata.ts";
import {
  FLAGS_OFFSET,
  HEADER_OFFSET,
  HEADER_SIZE_OFFSET,
  HEADER_UNIT,
  LENGTH_SIZE,
  MAGIC,
  MAGIC_OFFSET,
  MAX_STRING_BYTES,
  MIN_FRAME_LENGTH,
  NO_PAYLOAD,
  STREAM_ID_OFFSET,
} from "../frame.ts";
import { checkEchoable, hex, illegal, int32, readInfoBlocks, uint16 } from "../header_block.ts";
import { knownProtocol } from "../known_protocol.ts";
import {
  type Framing,
  MessageType,
  NAME_OFFSET,
  OUT_OF_ORDER_FLAG,
  PEEK_SIZE,
  THRIFT_VERSION,
  UnaryKey,
  type UnaryMessage,
} from "./message.ts";
import { StructScanner } from "./struct_scanner.ts";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Framings by their first bytes; a message of any of them may follow one of another, as at Kitex's servers. */
const BUFFERED: Framing = { ttheader: false, framed: false };
const FRAMED: Framing = { ttheader: false, framed: true };

/** What begins the message at hand says of it. */
interface Beginning {
  readonly framing: Framing;
  /** The whole size; without a length in front the scanner finds it. */
  size: number | undefined;
  readonly scanner: StructScanner | undefined;
}

/**
 * Turns bytes, cut anyhow, into the messages of unary calls: `push` a chunk, then call `next` until it returns
 * `undefined`. A payload is a view on the chunk it came in; nothing is allocated for bytes that have not come.
 */
export class UnaryDecoder {
  readonly #maxFrameBytes: number;
  #chunk: Bytes = NO_PAYLOAD;
  #at = 0;
  /** The chunks of an unfinished message before `#chunk`. */
  readonly #pieces = new ChunkPieces();
  #beginning: Beginning | undefined;

  /** @param maxFrameBytes The largest message taken, without a length before it. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** How many bytes of an unfinished message are waiting. */
  get pendingBytes(): number {
    return this.#pieces.bytes + this.#chunk.length - this.#at;
  }

  /** {@linkcode push}es a chunk, and hands on all the messages that are whole then. @returns Whether there were any. */
  readAll(chunk: Bytes, hand: (message: UnaryMessage) => void): boolean {
    this.push(chunk);
    let message = this.next();
    if (message === undefined) return false;
    for (; message !== undefined; message = this.next()) hand(message);
    return true;
  }

  /** Takes the next bytes; they must not be changed afterwards. All whole messages before them must have been taken. */
  push(chunk: Bytes): void {
    if (this.#at < this.#chunk.length) this.#pieces.keep(this.#chunk.subarray(this.#at));
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The next message, or `undefined` where its bytes have not all come.
   *
   * @throws {TTStreamError} 12004 if the bytes are none, or one beyond the limit. The decoder is of no use afterwards.
   */
  next(): UnaryMessage | undefined {
    const beginning = this.#beginning ?? this.#begin();
    if (beginning === undefined) return undefined;
    this.#beginning = beginning;
    const size = beginning.size ??= this.#scan(beginning.scanner);
    if (size === undefined || this.pendingBytes < size) return undefined;
    this.#beginning = undefined;
    const bytes = this.#take(size);
    return beginning.framing.ttheader ? headedMessage(bytes) : bareMessage(bytes, beginning.framing);
  }

  #begin(): Beginning | undefined {
    if (this.pendingBytes < PEEK_SIZE) return undefined;
    const rest = this.#chunk.subarray(this.#at);
    const bytes = this.#pieces.bytes === 0 ? rest : this.#pieces.with(rest.subarray(0, PEEK_SIZE));
    if (uint16(bytes, 0) === THRIFT_VERSION) {
      const scanner = new StructScanner(this.#maxFrameBytes);
      // What has come in earlier chunks is of no other message: the scanner gets the rest with the chunk at hand.
      if (this.#pieces.bytes > 0) scanner.feed(this.#pieces.with(NO_PAYLOAD));
      return { framing: BUFFERED, size: undefined, scanner };
    }
    const second = uint16(bytes, MAGIC_OFFSET);
    if (second !== MAGIC && second !== THRIFT_VERSION) {
      const words = `invalid payload (first4Bytes=${hex(bytes, 0, 4)}, second4Bytes=${hex(bytes, 4, 8)})`;
      throw illegal(words, knownProtocol(bytes, 0));
    }
    const length = int32(bytes, 0) >>> 0;
    if (length > this.#maxFrameBytes) {
      throw illegal(`frame of ${length} bytes exceeds the limit of ${this.#maxFrameBytes} bytes`);
    }
    const ttheader = second === MAGIC;
    if (ttheader && length < MIN_FRAME_LENGTH) {
      throw illegal(`frame of ${length} bytes is shorter than its fixed part of ${MIN_FRAME_LENGTH} bytes`);
    }
    return {
      framing: ttheader ? { ttheader, framed: false } : FRAMED,
      size: length + LENGTH_SIZE,
      scanner: undefined,
    };
  }

  /** Lets the scanner see what it has not seen, all of which is in the chunk at hand. @returns The size, where known. */
  #scan(scanner: StructScanner | undefined): number | undefined {
    if (scanner === undefined) return undefined;
    const unseen = this.pendingBytes - scanner.size;
    const ended = scanner.feed(this.#chunk.subarray(this.#chunk.length - unseen));
    return ended ? scanner.size : undefined;
  }

  /** The first `size` bytes, copied together where they came in several chunks. */
  #take(size: number): Bytes {
    const missing = size - this.#pieces.bytes;
    const rest = this.#chunk.subarray(this.#at, this.#at + missing);
    this.#at += missing;
    if (this.#pieces.bytes === 0) return rest;
    const bytes = this.#pieces.with(rest);
    this.#pieces.clear();
    return bytes;
  }
}

/** A Thrift message that nothing but a length may stand before: what is wrong with it nobody could be told. */
function bareMessage(bytes: Bytes, framing: Framing): UnaryMessage {
  const thrift = readThrift(framing.framed ? bytes.subarray(LENGTH_SIZE) : bytes);
  if (typeof thrift === "string") throw illegal(thrift);
  const { sequenceId } = thrift;
  return {
    ...thrift,
    size: bytes.length,
    framing,
    outOfOrder: false,
    id: sequenceId,
    metadata: NO_METADATA,
    timeoutMs: undefined,
  };
}

/** A message with a head: where that is intact, what is behind it is the one call's fault. */
function headedMessage(bytes: Bytes): UnaryMessage {
  const headerSize = uint16(bytes, HEADER_SIZE_OFFSET) * HEADER_UNIT;
  const end = HEADER_OFFSET + headerSize;
  if (headerSize === 0) throw illegal("invalid header length[0]");
  if (end > bytes.length) {
    throw illegal(
      `header of ${headerSize} bytes exceeds the ${
        bytes.length - HEADER_OFFSET
      } bytes that the frame has left`,
    );
  }
  let method = "";
  let timeoutMs: number | undefined;
  let type: number = MessageType.Call;
  const metadata = readInfoBlocks(bytes, HEADER_OFFSET, end, (key, value) => {
    if (key === UnaryKey.ToMethod) method = value;
    else if (key === UnaryKey.RpcTimeout) timeoutMs = millisecondsOf(value);
    else if (key === UnaryKey.MessageType && value === String(MessageType.Oneway)) type = MessageType.Oneway;
  });
  checkEchoable(method);
  const id = int32(bytes, STREAM_ID_OFFSET);
  const outOfOrder = (uint16(bytes, FLAGS_OFFSET) & OUT_OF_ORDER_FLAG) !== 0;
  const framed = uint16(bytes, end + MAGIC_OFFSET) === THRIFT_VERSION &&
    uint16(bytes, end) !== THRIFT_VERSION;
  const head = {
    size: bytes.length,
    framing: { ttheader: true, framed },
    outOfOrder,
    id,
    metadata,
    timeoutMs,
  };
  const thrift = readThrift(bytes.subarray(framed ? end + LENGTH_SIZE : end));
  if (typeof thrift !== "string") return { ...head, ...thrift };
  return { ...head, type, method, sequenceId: id, payload: NO_PAYLOAD, fault: thrift };
}

/** A Thrift message up to its struct; a text where it is none. */
function readThrift(
  bytes: Bytes,
): Pick<UnaryMessage, "type" | "method" | "sequenceId" | "payload"> | string {
  if (bytes.length < NAME_OFFSET || uint16(bytes, 0) !== THRIFT_VERSION) {
    return `invalid payload (first4Bytes=${hex(bytes, 0, 4)}, second4Bytes=${hex(bytes, 4, 8)})`;
  }
  const type = bytes[3] ?? 0;
  const nameSize = int32(bytes, 4);
  const left = bytes.length - NAME_OFFSET - LENGTH_SIZE;
  if (nameSize < 0 || nameSize > left) {
    return `thrift message has a name of ${nameSize} bytes, ${left} are left`;
  }
  // Every answer names it again.
  if (nameSize > MAX_STRING_BYTES) {
    return `method of ${nameSize} bytes exceeds the limit of ${MAX_STRING_BYTES} bytes`;
  }
  const nameEnd = NAME_OFFSET + nameSize;
  const method = utf8.decode(bytes.subarray(NAME_OFFSET, nameEnd));
  const sequenceId = int32(bytes, nameEnd);
  // Who reads an exception reads the message from its beginning.
  const payload = type === MessageType.Exception ? bytes : bytes.subarray(nameEnd + LENGTH_SIZE);
  return { type, method, sequenceId, payload };
}

/** As Kitex, what is no whole number of milliseconds says nothing, and so does none at all. */
function millisecondsOf(text: string): number | undefined {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return ms > 0 ? ms : undefined;
}

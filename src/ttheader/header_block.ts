import type { Bytes } from "../base/buffer.ts";
import { ErrorCode, streamError, type TTStreamError } from "./errors.ts";
import { type Frame, FrameType, InfoBlock, IntKey, MAX_STRING_BYTES, PROTOCOL_IDS } from "./frame.ts";
import { ACL_TOKEN_KEY } from "./metadata.ts";
import { type Metadata, NO_METADATA } from "../core/metadata.ts";

/** How much of an unreadable header an error shows. */
const DUMP_BYTES = 64;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The error for bytes that are no frame: it fails the connection, so it has no side.
 *
 * @param known What the bytes are instead, where that is known: its cause, since the text is Kitex's.
 */
export function illegal(description: string, known?: string): TTStreamError {
  const cause = known === undefined ? undefined : new Error(`this is ${known}`);
  return streamError({ code: ErrorCode.IllegalFrame, description, cause });
}

/** Bytes as Go's `%#x` prints them. */
export function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = "0x";
  for (const byte of bytes.subarray(from, to)) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** The unsigned 16-bit number at `at`. */
export function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 8 | (bytes[at + 1] ?? 0);
}

/** The signed 32-bit number at `at`. */
export function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) << 24 | (bytes[at + 1] ?? 0) << 16 | (bytes[at + 2] ?? 0) << 8 |
    (bytes[at + 3] ?? 0);
}

/**
 * Reads the header block of a frame of TTHeader Streaming.
 *
 * @throws {TTStreamError} 12004 in Kitex's words if it cannot be read.
 */
export function readInfo(
  bytes: Bytes,
  from: number,
  to: number,
): Pick<Frame, "type" | "method" | "metadata"> {
  let type = "";
  let method = "";
  const metadata = readInfoBlocks(bytes, from, to, (key, value) => {
    if (key === IntKey.Method) method = value;
    else if (key === IntKey.FrameType) type = value;
  });
  checkEchoable(method);
  const code = type.length === 1 ? type.charCodeAt(0) : 0;
  if (!isFrameType(code)) throw illegal(`unexpected frame type: ${type}`);
  return { type: code, method, metadata };
}

/**
 * Reads a header block, from its protocol id to its padding (gopkg `protocol/ttheader/decode.go`).
 *
 * @param int Takes each int key and its value.
 * @returns The string keys.
 * @throws {TTStreamError} 12004 in Kitex's words if it cannot be read.
 */
export function readInfoBlocks(
  bytes: Bytes,
  from: number,
  to: number,
  int: (key: number, value: string) => void,
): Metadata {
  const protocolId = bytes[from] ?? 0;
  if (!PROTOCOL_IDS.includes(protocolId)) throw illegal(`unsupported ProtocolID[${protocolId}]`);
  const transforms = bytes[from + 1] ?? 0;
  if (transforms > to - from - 2) throw illegal(`need read ${transforms} transformIDs, but not enough`);
  const reader = new InfoReader(bytes, from, to, from + 2 + transforms);
  let metadata: Map<string, string> | undefined;
  while (!reader.done) {
    const block = reader.uint8();
    switch (block) {
      case InfoBlock.Padding:
        break;
      case InfoBlock.Ints:
        for (let left = reader.uint16("int kv info size"); left > 0; left--) {
          const key = reader.uint16("int kv info");
          int(key, reader.string("int kv info"));
        }
        break;
      case InfoBlock.Strings:
        metadata ??= new Map();
        for (let left = reader.uint16("str kv info size"); left > 0; left--) {
          const key = reader.string("str kv info");
          metadata.set(key, reader.string("str kv info"));
        }
        break;
      case InfoBlock.AclToken:
        metadata ??= new Map();
        metadata.set(ACL_TOKEN_KEY, reader.string("acl token"));
        break;
      default:
        throw reader.unreadable(`invalid infoIDType[0x${block.toString(16)}]`);
    }
  }
  return metadata ?? NO_METADATA;
}

/** Every answer names the method again, and bytes that are no UTF-8 have grown: each of them reads as U+FFFD. */
export function checkEchoable(method: string): void {
  if (method.length * 3 <= MAX_STRING_BYTES) return;
  const size = new TextEncoder().encode(method).length;
  if (size <= MAX_STRING_BYTES) return;
  throw illegal(`method of ${size} bytes as UTF-8 exceeds the limit of ${MAX_STRING_BYTES} bytes`);
}

function isFrameType(code: number): code is FrameType {
  return code >= FrameType.Meta && code <= FrameType.Rst;
}

/** A cursor that never reads beyond the header block. */
class InfoReader {
  readonly #bytes: Bytes;
  readonly #from: number;
  readonly #to: number;
  #at: number;

  constructor(bytes: Bytes, from: number, to: number, at: number) {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#to;
  }

  uint8(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  uint16(what: string): number {
    const at = this.#skip(2, what);
    return uint16(this.#bytes, at);
  }

  string(what: string): string {
    const size = this.uint16(what);
    const at = this.#skip(size, what);
    return utf8.decode(this.#bytes.subarray(at, at + size));
  }

  #skip(size: number, what: string): number {
    const at = this.#at;
    if (at + size > this.#to) throw this.unreadable(`error reading ${what}: EOF`);
    this.#at = at + size;
    return at;
  }

  unreadable(why: string): TTStreamError {
    const { length } = this.#bytes.subarray(this.#from, this.#to);
    const shown = hex(this.#bytes, this.#from, Math.min(this.#to, this.#from + DUMP_BYTES));
    return illegal(
      `ttHeader read kv info failed, ${why}, headerInfo=${shown}${length > DUMP_BYTES ? "…" : ""}`,
    );
  }
}

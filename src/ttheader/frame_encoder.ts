import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import {
  type Frame,
  FrameType,
  HEADER_OFFSET,
  HEADER_SIZE_OFFSET,
  HEADER_UNIT,
  InfoBlock,
  IntKey,
  LENGTH_SIZE,
  MAGIC,
  MAX_HEADER_BYTES,
  MAX_STRING_BYTES,
  PROTOCOL_THRIFT_STRUCT,
  STREAM_ID_OFFSET,
  STREAMING_FLAG,
} from "./frame.ts";
import { ACL_TOKEN_KEY } from "./metadata.ts";
import { type Metadata, NO_METADATA } from "../core/metadata.ts";

/**
 * Appends a frame up to its payload, which is to be written behind it and closed with {@linkcode endFrame}.
 *
 * @returns Where the frame starts.
 * @throws {RangeError} If a string is over 65,535 bytes or the header block over 262,140; the buffer is then as before.
 */
export function beginFrame(
  buffer: ByteBuffer,
  { type, streamId, method, metadata }: Omit<Frame, "payload">,
): number {
  const start = buffer.length;
  try {
    writeHead(buffer, type, streamId, method, metadata);
  } catch (error) {
    buffer.length = start;
    throw error;
  }
  return start;
}

/** Closes the frame that starts at `start`: its length is known now. */
export function endFrame(buffer: ByteBuffer, start: number): void {
  buffer.setInt32(start, buffer.length - start - LENGTH_SIZE);
}

function writeHead(
  buffer: ByteBuffer,
  type: FrameType,
  streamId: number,
  method: string,
  metadata: Metadata,
): void {
  const start = beginHead(buffer, {
    flags: STREAMING_FLAG,
    id: streamId,
    protocolId: PROTOCOL_THRIFT_STRUCT,
  });
  writeStrings(buffer, metadata);
  buffer.writeUint8(InfoBlock.Ints);
  buffer.writeInt16(2);
  buffer.writeInt16(IntKey.Method);
  writeString(buffer, method, "method");
  buffer.writeInt16(IntKey.FrameType);
  buffer.writeInt16(1);
  buffer.writeUint8(type);
  endHead(buffer, start);
}

/** Appends the fixed part of a head, up to its info blocks. @returns Where the frame starts. */
export function beginHead(
  buffer: ByteBuffer,
  { flags, id, protocolId }: { readonly flags: number; readonly id: number; readonly protocolId: number },
): number {
  const start = buffer.length;
  buffer.writeInt32(0); // the length, which endFrame knows
  buffer.writeInt16(MAGIC);
  buffer.writeInt16(flags);
  buffer.writeInt32(id);
  buffer.writeInt16(0); // the header's size
  buffer.writeUint8(protocolId);
  buffer.writeUint8(0); // no transforms
  return start;
}

/** Pads the head that starts at `start`, and says how large it is. @throws {RangeError} If it is too large. */
export function endHead(buffer: ByteBuffer, start: number): void {
  while ((buffer.length - start - HEADER_OFFSET) % HEADER_UNIT !== 0) buffer.writeUint8(InfoBlock.Padding);
  const size = buffer.length - start - HEADER_OFFSET;
  if (size > MAX_HEADER_BYTES) {
    throw new RangeError(`header block of ${size} bytes exceeds the limit of ${MAX_HEADER_BYTES} bytes`);
  }
  const units = size / HEADER_UNIT;
  buffer.bytes[start + HEADER_SIZE_OFFSET] = units >> 8;
  buffer.bytes[start + HEADER_SIZE_OFFSET + 1] = units;
}

/** Writes the string pairs, the ACL token in a block of its own: Kitex looks for it there. */
export function writeStrings(buffer: ByteBuffer, metadata: Metadata): void {
  const token = metadata.get(ACL_TOKEN_KEY);
  if (token !== undefined) {
    buffer.writeUint8(InfoBlock.AclToken);
    writeString(buffer, token, ACL_TOKEN_KEY);
  }
  const pairs = metadata.size - (token === undefined ? 0 : 1);
  if (pairs === 0) return;
  if (pairs > 0xffff) throw new RangeError(`${pairs} metadata pairs exceed the limit of 65535`);
  buffer.writeUint8(InfoBlock.Strings);
  buffer.writeInt16(pairs);
  for (const [key, value] of metadata) {
    if (key === ACL_TOKEN_KEY) continue;
    writeString(buffer, key, "metadata key");
    writeString(buffer, value, key);
  }
}

/** Writes a text with its size before it. @throws {RangeError} If it is over 65,535 bytes. */
export function writeString(buffer: ByteBuffer, text: string, what: string): void {
  const at = buffer.length;
  buffer.writeInt16(0);
  const size = buffer.writeUtf8(text);
  if (size > MAX_STRING_BYTES) {
    const name = what.length > 64 ? `${what.slice(0, 64)}…` : what;
    throw new RangeError(`${name}: ${size} bytes exceed the limit of ${MAX_STRING_BYTES} bytes`);
  }
  buffer.bytes[at] = size >> 8;
  buffer.bytes[at + 1] = size;
}

/** The head of a method's Data frames: the same for every one of them but for length and stream id. */
export type DataPrefix = Bytes;

/** Methods cached at the most; a server that is asked for any name must not keep them all. */
const MAX_PREFIXES = 1024;
const prefixes = new Map<string, DataPrefix>();

/** The prefix for `method`, built once: rebuilding it for each frame costs more than the rest of the frame. */
export function dataPrefix(method: string): DataPrefix {
  const known = prefixes.get(method);
  if (known !== undefined) return known;
  const buffer = new ByteBuffer();
  beginFrame(buffer, { type: FrameType.Data, streamId: 0, method, metadata: NO_METADATA });
  const prefix = buffer.toBytes();
  if (prefixes.size === MAX_PREFIXES) prefixes.clear();
  prefixes.set(method, prefix);
  return prefix;
}

/** {@linkcode beginFrame} for a Data frame. */
export function beginDataFrame(buffer: ByteBuffer, prefix: DataPrefix, streamId: number): number {
  const size = prefix.length;
  const start = buffer.reserve(size);
  const bytes = buffer.bytes;
  // A loop beats set() for so few bytes.
  for (let i = 0; i < size; i++) bytes[start + i] = prefix[i] ?? 0;
  buffer.setInt32(start + STREAM_ID_OFFSET, streamId);
  buffer.length = start + size;
  return start;
}

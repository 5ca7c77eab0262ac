import type { ByteBuffer } from "../../base/buffer.ts";
import type { Metadata } from "../../core/metadata.ts";
import { InfoBlock, LENGTH_SIZE } from "../frame.ts";
import { beginHead, endFrame, endHead, writeString, writeStrings } from "../frame_encoder.ts";
import { type Framing, type MessageType, PROTOCOL_THRIFT_BINARY, THRIFT_VERSION } from "./message.ts";

/** What the head of a message says. */
export interface Head {
  readonly flags: number;
  readonly id: number;
  readonly ints: readonly (readonly [key: number, value: string])[];
  readonly metadata: Metadata;
}

/**
 * Appends a message.
 *
 * @param head What its head says, where the framing has one.
 * @param writeThrift Appends the Thrift message.
 * @throws {RangeError} If a string of the head is over 65,535 bytes, the head over 262,140, or the whole over
 * `maxFrameBytes`; the buffer is then as before.
 */
export function writeMessage(
  buffer: ByteBuffer,
  framing: Framing,
  head: Head,
  maxFrameBytes: number,
  writeThrift: (buffer: ByteBuffer) => void,
): void {
  const start = buffer.length;
  try {
    if (framing.ttheader) writeHead(buffer, head);
    const inner = buffer.length;
    if (framing.framed) buffer.writeInt32(0);
    writeThrift(buffer);
    if (framing.framed) buffer.setInt32(inner, buffer.length - inner - LENGTH_SIZE);
    if (framing.ttheader) endFrame(buffer, start);
    const size = buffer.length - start - (framing.ttheader || framing.framed ? LENGTH_SIZE : 0);
    if (size > maxFrameBytes) {
      throw new RangeError(`frame of ${size} bytes exceeds the limit of ${maxFrameBytes} bytes`);
    }
  } catch (error) {
    buffer.length = start;
    throw error;
  }
}

function writeHead(buffer: ByteBuffer, { flags, id, ints, metadata }: Head): void {
  const start = beginHead(buffer, { flags, id, protocolId: PROTOCOL_THRIFT_BINARY });
  writeStrings(buffer, metadata);
  buffer.writeUint8(InfoBlock.Ints);
  buffer.writeInt16(ints.length);
  for (const [key, value] of ints) {
    buffer.writeInt16(key);
    writeString(buffer, value, `int key ${key}`);
  }
  endHead(buffer, start);
}

/** Appends a Thrift message with a struct in it; an exception has a writer of its own. */
export function writeThrift(
  buffer: ByteBuffer,
  { type, method, sequenceId }: {
    readonly type: MessageType;
    readonly method: string;
    readonly sequenceId: number;
  },
  struct: Uint8Array,
): void {
  buffer.writeInt16(THRIFT_VERSION);
  buffer.writeInt16(type);
  const at = buffer.reserve(LENGTH_SIZE);
  buffer.length = at + LENGTH_SIZE;
  buffer.setInt32(at, buffer.writeUtf8(method));
  buffer.writeInt32(sequenceId);
  buffer.writeBytes(struct);
}

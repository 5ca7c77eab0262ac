import type { ByteBuffer, Bytes } from "../base/buffer.ts";

/*
 * A frame (RFC 9113 4.1), big-endian:
 *
 * offset  0        3      4       5             9
 *         ┌────────┬──────┬───────┬─────────────┬─────────┐
 *         │ length │ type │ flags │ 0│stream id │ payload │
 *         └────────┴──────┴───────┴─────────────┴─────────┘
 *           u24      u8     u8      u31           length bytes
 */

/** The bytes before a frame's payload. */
export const FRAME_HEADER_SIZE = 9;
/** Where a frame's flags are. */
export const FLAGS_OFFSET = 4;

/** RFC 9113 6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

const NAMES: readonly string[] = Object.keys(FrameType);

/** How RFC 9113 calls a frame's type. */
export function frameTypeName(type: number): string {
  return NAMES[type] ?? `frame of type ${type}`;
}

/** A frame's flags; which of them it can have depends on its type. */
export const Flag = {
  NONE: 0,
  END_STREAM: 0x1,
  ACK: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** What a client sends first (RFC 9113 3.4). */
export const PREFACE: Bytes = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The highest stream id, and the largest window (RFC 9113 5.1.1, 6.9.1). */
export const MAX_UINT31 = 2 ** 31 - 1;

/** Writes a frame's header at `at`, where nine bytes have been reserved. */
export function setFrameHeader(
  bytes: Bytes,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  bytes[at] = length >> 16;
  bytes[at + 1] = length >> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = streamId >> 24;
  bytes[at + 6] = streamId >> 16;
  bytes[at + 7] = streamId >> 8;
  bytes[at + 8] = streamId;
}

/** Appends a frame's header; the caller appends `length` bytes of payload. */
export function writeFrameHeader(
  buffer: ByteBuffer,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  const at = buffer.reserve(FRAME_HEADER_SIZE);
  setFrameHeader(buffer.bytes, at, length, type, flags, streamId);
  buffer.length = at + FRAME_HEADER_SIZE;
}

/** The unsigned 32 bits at `at`. */
export function uint32(bytes: Bytes, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>> 0;
}

/** The unsigned 31 bits at `at`; the reserved bit is ignored (RFC 9113 4.1). */
export function uint31(bytes: Bytes, at: number): number {
  return uint32(bytes, at) & MAX_UINT31;
}

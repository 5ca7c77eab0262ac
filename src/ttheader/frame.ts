/**
 * A frame of TTHeader Streaming, byte by byte. All numbers are big-endian.
 *
 * ```
 *  0        4      6      8          12           14          15            16
 * ┌────────┬──────┬──────┬──────────┬────────────┬───────────┬─────────────┬─────────────┬─────────┬─────────┐
 * │ length │ 1000 │ flags│ stream id│ header     │ protocol  │ transforms  │ info blocks │ padding │ payload │
 * │ u32    │ u16  │ u16  │ i32      │ size/4 u16 │ id u8     │ count u8 +n │             │ 0 to 3  │         │
 * └────────┴──────┴──────┴──────────┴────────────┴───────────┴─────────────┴─────────────┴─────────┴─────────┘
 *          └─ length counts from here to the payload's end  └──────────── header size counts this ─┘
 * ```
 *
 * Info blocks: `11` an ACL token `[u16 size][bytes]`; `01` string pairs `[u16 count]` × `[u16][key][u16][value]`;
 * `10` int pairs `[u16 count]` × `[u16 key][u16][value]`; `00` padding.
 *
 * @module
 */
import type { Bytes } from "../base/buffer.ts";
import type { Metadata } from "../core/metadata.ts";
import { undetachable } from "../net/undetachable.ts";

/** What a frame is for: the digit that int key 27 holds, as its ASCII byte. */
export const FrameType = { Meta: 0x31, Header: 0x32, Data: 0x33, Trailer: 0x34, Rst: 0x35 } as const;
/** One of {@linkcode FrameType}'s values. */
export type FrameType = typeof FrameType[keyof typeof FrameType];

/** One frame, decoded. */
export interface Frame {
  readonly type: FrameType;
  readonly streamId: number;
  /** The IDL's method name; empty where the frame named none. */
  readonly method: string;
  readonly metadata: Metadata;
  /** A view on the bytes that were read. */
  readonly payload: Bytes;
}

/** A payload of no bytes; all share it, so nobody may give it away. */
export const NO_PAYLOAD: Bytes = undetachable(new Uint8Array(0));

/** Offsets and sizes of the drawing above. */
export const LENGTH_SIZE = 4;
export const MAGIC_OFFSET = 4;
export const FLAGS_OFFSET = 6;
export const STREAM_ID_OFFSET = 8;
export const HEADER_SIZE_OFFSET = 12;
export const HEADER_OFFSET = 14;
/** The bytes that a length must count at least: all up to the header. */
export const MIN_FRAME_LENGTH: number = HEADER_OFFSET - LENGTH_SIZE;

export const MAGIC = 0x1000;
export const STREAMING_FLAG = 0x0002;
export const PROTOCOL_THRIFT_STRUCT = 0x10;
/** The protocol ids that Kitex takes (gopkg `protocol/ttheader`: checkProtocolID). */
export const PROTOCOL_IDS: readonly number[] = [0x00, 0x03, 0x04, PROTOCOL_THRIFT_STRUCT, 0x11];

/** The info blocks' first bytes. */
export const InfoBlock = { Padding: 0x00, Strings: 0x01, Ints: 0x10, AclToken: 0x11 } as const;
/** The int keys in use. */
export const IntKey = { Method: 9, FrameType: 27 } as const;

/** The header size is a u16 that counts units of this many bytes. */
export const HEADER_UNIT = 4;
/** The largest header block that a frame can have. */
export const MAX_HEADER_BYTES: number = 0xffff * HEADER_UNIT;
/** The largest string that an info block can hold. */
export const MAX_STRING_BYTES = 0xffff;

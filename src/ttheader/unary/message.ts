/**
 * One message of a unary call, byte by byte: a Thrift Binary message, bare or with a head before it. All numbers are
 * big-endian.
 *
 * ```
 * buffered          ┌─────────┬──────┬───────────┬───────────┬─────────────┬────────┐
 *                   │ 80 01 0 │ type │ name size │ name      │ sequence id │ struct │
 *                   │ 3 bytes │ u8   │ u32       │           │ i32         │        │
 *                   └─────────┴──────┴───────────┴───────────┴─────────────┴────────┘
 * framed            [u32 length] before it
 * TTHeader          the head of `../frame.ts` before it, without the streaming flag; its id is the sequence id
 * TTHeader, framed  that head, then the length, then the message
 * ```
 *
 * The struct is the method's arguments, or its result, in which declared exceptions are, too.
 *
 * @module
 */
import type { Bytes } from "../../base/buffer.ts";
import type { Metadata } from "../../core/metadata.ts";
import { FLAGS_OFFSET, MAGIC, MAGIC_OFFSET, STREAMING_FLAG } from "../frame.ts";
import { uint16 } from "../header_block.ts";

/** What a Thrift message is for. */
export const MessageType = { Call: 1, Reply: 2, Exception: 3, Oneway: 4 } as const;
/** One of {@linkcode MessageType}'s values. */
export type MessageType = typeof MessageType[keyof typeof MessageType];

/** What stands before the Thrift message. An answer has what its request had. */
export interface Framing {
  readonly ttheader: boolean;
  readonly framed: boolean;
}

/** One message, decoded. */
export interface UnaryMessage {
  readonly framing: Framing;
  /** What the head's flags say: whoever sent it takes answers in any order. */
  readonly outOfOrder: boolean;
  /** The head's sequence id: the client's word for the call. Without a head it is the Thrift message's. */
  readonly id: number;
  /** The Thrift message's own. */
  readonly sequenceId: number;
  readonly type: number;
  readonly method: string;
  /** The head's string keys. */
  readonly metadata: Metadata;
  /** How long the client waits, in milliseconds, where it says so. */
  readonly timeoutMs: number | undefined;
  /** How many bytes it has, all in all: what keeping it costs. */
  readonly size: number;
  /** The struct; of an exception the whole Thrift message. */
  readonly payload: Bytes;
  /** Why the Thrift message behind an intact head cannot be read; there is no `payload` then. */
  readonly fault?: string | undefined;
}

/** The head's flag of those who take answers in any order (gopkg `protocol/ttheader`: HeaderFlagSupportOutOfOrder). */
export const OUT_OF_ORDER_FLAG = 0x0001;
/** The head's protocol id of a Thrift Binary message. */
export const PROTOCOL_THRIFT_BINARY = 0x00;

/** The first two bytes of a Thrift message. */
export const THRIFT_VERSION = 0x8001;
/** The bytes from which a message's framing can be judged. */
export const PEEK_SIZE = 8;
/** The bytes of a Thrift message before its name. */
export const NAME_OFFSET = 8;

/** The int keys in use (Kitex `pkg/remote/transmeta/metakey.go`). */
export const UnaryKey = {
  TransportType: 1,
  FromService: 3,
  ToService: 6,
  ToMethod: 9,
  RpcTimeout: 12,
  FromMethod: 20,
  MessageType: 22,
} as const;

/** The string key of a server that is about to close the connection (Kitex: HeaderConnectionReadyToReset). */
export const CLOSING_KEY = "crrst";

/** Whether a connection whose first 8 bytes these are is one of unary calls. */
export function beginsUnary(first: Bytes): boolean {
  if (uint16(first, 0) === THRIFT_VERSION) return true;
  const second = uint16(first, MAGIC_OFFSET);
  return second === THRIFT_VERSION ||
    (second === MAGIC && (uint16(first, FLAGS_OFFSET) & STREAMING_FLAG) === 0);
}

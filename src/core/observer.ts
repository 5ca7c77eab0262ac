import type { Addr } from "../net/address.ts";
import type { ProtocolName } from "./dialect.ts";
import type { BizStatusError, Side, StreamError } from "./errors.ts";
import type { Metadata, MetadataInit, Metainfo, MetainfoInit } from "./metadata.ts";

/**
 * Sees the streams of a connection, a pool or a server: how each begins, what goes and comes, and how it ends. It gets
 * sizes and never a message, and changes nothing: what is to be changed an interceptor changes.
 *
 * One that throws, or whose promise rejects, harms no stream; the first time it is reported to `onError` of whatever it
 * observes.
 *
 * @example An access log, a line for each stream
 * ```ts
 * import { connect, type Observer } from "@ttstream/ttstream";
 *
 * const accessLog: Observer = {
 *   opened: ({ side, service, method, startedAt }) => ({
 *     ended({ error, durationMs, sentMessages, receivedMessages }) {
 *       const outcome = error === undefined ? "ok" : error.message;
 *       console.log({ side, service, method, startedAt, durationMs, sentMessages, receivedMessages, outcome });
 *     },
 *   }),
 * };
 * await using connection = await connect({ port: 8888, observers: [accessLog] });
 * ```
 */
export interface Observer {
  /**
   * A stream begins. At a client that is when it is opened, before anything has been sent and whether it will be or
   * not; at a server when its header has come, also where the stream is refused. Each attempt of `retry` is a stream.
   *
   * @returns What is to be told of the stream; nothing where nothing is.
   */
  opened?(stream: StreamInfo): StreamEvents | void;
}

/** A stream, as an {@linkcode Observer} sees it begin. `metadata` and `metainfo` are getters, which a copy by `{ ...stream }` leaves out. */
export interface StreamInfo {
  /** At which end of the stream this is. */
  readonly side: Side;
  /** What its connection speaks. */
  readonly protocol: ProtocolName;
  /** The IDL's service name, in gRPC with its package; empty at a server whose client sent none. */
  readonly service: string;
  /** The IDL's method name. */
  readonly method: string;
  /** Every key of the client's header: at the client as it will be sent, without what observers add. */
  readonly metadata: Metadata;
  /** The metainfo among them, as the server reads it. */
  readonly metainfo: Metainfo;
  /** The other end's address, where the transport has one. A stream of a pool's has it from when it has a connection on. */
  readonly remoteAddr?: Addr | undefined;
  /** When it began, in `Date.now()`'s milliseconds. */
  readonly startedAt: number;
}

/**
 * What an {@linkcode Observer} is told of one stream. None of it is called while the connection is in the middle of what
 * has come, and what it does to the stream, a cancel say, is done as if anybody else had.
 */
export interface StreamEvents {
  /**
   * At a client: metadata that goes out with the stream's header, over the call's own; of several observers the last
   * one's. What the protocol cannot send is left out, and reported as if the observer had thrown it.
   */
  readonly metadata?: MetadataInit | undefined;
  /**
   * At a client: metainfo that goes out with the stream's header, over the call's own; of several observers the last
   * one's. What the protocol cannot send is left out, and reported as if the observer had thrown it.
   */
  readonly metainfo?: MetainfoInit | undefined;
  /**
   * At a server: runs the handler by calling `task`, and returns what that returns; for an async context. A handler whose
   * `task` has not been called by the time `run` returns is called without it.
   */
  run?<T>(task: () => T): T;
  /** The server's header: it has come, at a client; it is sent, at a server. */
  header?(metadata: Metadata): void;
  /** A message has been encoded and is on its way. @param bytes Its payload's size, uncompressed. */
  sent?(bytes: number): void;
  /** A message has come, read or not. @param bytes Its payload's size, uncompressed. */
  received?(bytes: number): void;
  /** The server has begun to shut down, and the stream goes on. */
  draining?(): void;
  /** The stream has ended: exactly once, whatever ended it. Nothing is told after that. */
  ended?(end: StreamEnd): void;
}

/** How a stream ended, and what had gone and come by then. */
export interface StreamEnd {
  /**
   * What ended it; absent where it ended well. At a client it is what `closed` rejects with. At a server it is what the
   * handler threw, or the reason of `signal` where that was not what ended it; where no handler was called, what the
   * client reads.
   */
  readonly error?: StreamError | BizStatusError | Error | undefined;
  /** The keys of the server's trailer, where one came, or was sent. */
  readonly trailer?: Metadata | undefined;
  /** Milliseconds since it began. */
  readonly durationMs: number;
  /** Milliseconds until the first message of the server's: at a client until it came, at a server until it was sent. Absent where there was none. */
  readonly firstMessageMs?: number | undefined;
  /** Messages that this side has sent. */
  readonly sentMessages: number;
  /** Messages that have come to this side, read or not. */
  readonly receivedMessages: number;
  /** Bytes of the payloads sent, uncompressed. */
  readonly sentBytes: number;
  /** Bytes of the payloads received, uncompressed. */
  readonly receivedBytes: number;
}

/** What an error that comes to an `onError` is about. */
export interface ErrorInfo {
  /** Set where an observer has thrown it. */
  readonly observer?: true;
}

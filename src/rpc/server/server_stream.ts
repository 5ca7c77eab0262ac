import { calledOn } from "../../base/called_on.ts";
import { SIDE } from "../../core/stream_side.ts";
import type { Addr } from "../../net/address.ts";
import type { Bytes } from "../../base/buffer.ts";
import { type Codec, rawCodec } from "../../core/codec.ts";
import { ServerSide } from "../../core/server_side.ts";
import type { ProtocolName } from "../../core/dialect.ts";
import type { Metadata, Metainfo } from "../../core/metadata.ts";
import type { MessageReader } from "../../core/message_reader.ts";
import type { MessageSource } from "../../core/send_all.ts";
import type { MessageWriter } from "../../core/message_writer.ts";

/** A stream at the server: what a handler gets. */
export interface ServerStream<Req = Bytes, Res = Uint8Array> {
  /** The IDL's service name, as the client sent it, in gRPC with its package; empty where it sent none. */
  readonly service: string;
  /** The IDL's method name. */
  readonly method: string;
  /** What its connection speaks. */
  readonly protocol: ProtocolName;
  /** The client's address, where the transport has one. */
  readonly remoteAddr?: Addr | undefined;
  /**
   * When the client gives up, in `Date.now()`'s milliseconds, where it has said so: in gRPC by `grpc-timeout`, in unary
   * calls over TTHeader by the time-out in their head. `signal` aborts then.
   */
  readonly deadline?: number | undefined;
  /** Every key of the client's Header frame, as it came; in gRPC every header field but HTTP's pseudo ones, several of one key joined by `", "`. Streams whose requests say the same share it, so it cannot be changed. */
  readonly metadata: Metadata;
  /** The metainfo among them. */
  readonly metainfo: Metainfo;
  /** The messages of the client, of a unary call its arguments' struct; it ends with the client's half close. Cancelling it only drops what still comes. */
  readonly readable: ReadableStream<Req>;
  /** The messages to the client. Closing it sends nothing: the stream ends when the handler has. Aborting it fails the stream. */
  readonly writable: WritableStream<Res>;
  /**
   * Aborts when the stream ends, however it does. The reason is a `TTStreamError`: what the client's Rst said (12007
   * …), the lost connection (12013), or the handler's own return (12012). In gRPC it is a `GrpcError`: 4 where the time
   * that the client gave is over, and 1 for each of the others, with texts and `cancelPath` that tell which.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when the server begins to shut down: a handler that lives for hours can say goodbye. Its reason is an Error,
   * `server is shutting down`.
   */
  readonly draining: AbortSignal;
  /**
   * Sent before the first message; changing it later throws TypeError, as does what the protocol cannot send: see
   * `CallOptions.metadata`. The answer of a unary call over TTHeader has one head, which holds these keys and the
   * trailer's; Framed and Buffered answers have none.
   */
  readonly header: Map<string, string>;
  /** Sent at the end. Where the stream has ended already, by a cancel say, it is not, and changing it does nothing; after the handler has returned that throws TypeError. */
  readonly trailer: Map<string, string>;
  /** Sends `header` now; again, nothing. */
  sendHeader(): void;
  /**
   * Sends a message: resolves when the connection has taken it. As `writable`'s writes, but nothing has to be locked.
   *
   * @throws (rejects) The stream's end; 12005, in gRPC 13, after `writable.close()`; the codec's own error.
   */
  send(message: Res): Promise<void>;
  /**
   * Sends all that `source` gives, each message when the connection takes it. Ends the source (`return()`, `cancel()`)
   * when the stream ends, and fails the stream where the source throws.
   *
   * @throws (rejects) The source's own error; the stream's end where that comes first; TypeError for no source.
   */
  sendAll(source: MessageSource<Res>): Promise<void>;
}

/** The side that a stream, wrapped or not, comes from; `undefined` for a hand-made one. */
export function sideBehind(stream: ServerStream<unknown, unknown>): ServerSide | undefined {
  const side: unknown = Reflect.get(stream, SIDE);
  return side instanceof ServerSide ? side : undefined;
}

/** What a unary method gets beside its request: the stream without its messages, since what it returns is the response. */
export type UnaryServerStream = Omit<ServerStream, "readable" | "writable" | "send" | "sendAll">;

/** All of a stream but its messages, as another has it. */
export abstract class ServerStreamBase<S extends UnaryServerStream> implements UnaryServerStream {
  protected readonly stream: S;

  constructor(stream: S) {
    this.stream = stream;
  }

  get service(): string {
    return this.stream.service;
  }

  get method(): string {
    return this.stream.method;
  }

  get protocol(): ProtocolName {
    return this.stream.protocol;
  }

  get remoteAddr(): Addr | undefined {
    return this.stream.remoteAddr;
  }

  get deadline(): number | undefined {
    return this.stream.deadline;
  }

  get metadata(): Metadata {
    return this.stream.metadata;
  }

  get metainfo(): Metainfo {
    return this.stream.metainfo;
  }

  get signal(): AbortSignal {
    return this.stream.signal;
  }

  get draining(): AbortSignal {
    return this.stream.draining;
  }

  get header(): Map<string, string> {
    return this.stream.header;
  }

  get trailer(): Map<string, string> {
    return this.stream.trailer;
  }

  sendHeader(): void {
    calledOn(this, "sendHeader").stream.sendHeader();
  }
}

/** How the messages of a stream are decoded and encoded: one object for all streams of a method. */
export interface StreamCodecs<Req, Res> {
  readonly request: Codec<Req>;
  readonly response: Codec<Res>;
}

/** Messages as bytes. */
export const RAW_CODECS: StreamCodecs<Bytes, Uint8Array> = { request: rawCodec, response: rawCodec };

/**
 * The {@linkcode ServerStream} over a side. Its fields are private by TypeScript's word alone, so that a Proxy
 * around it works.
 */
export class HandlerStream<Req, Res> extends ServerStreamBase<ServerSide> implements ServerStream<Req, Res> {
  /** Tells a stream of the library's own from a Proxy around it, whose sides may be others. */
  readonly #own = true;
  private readonly codecs: StreamCodecs<Req, Res>;
  private reader: MessageReader<Req> | undefined;
  private writer: MessageWriter<Res> | undefined;

  constructor(side: ServerSide, codecs: StreamCodecs<Req, Res>) {
    super(side);
    this.codecs = codecs;
  }

  /** The side behind a stream of the library's own; `undefined` for anybody else's. */
  static sideOf(stream: object): ServerSide | undefined {
    return #own in stream ? stream.stream : undefined;
  }

  /** See {@linkcode sideBehind}. */
  get [SIDE](): ServerSide {
    return this.stream;
  }

  /** The reading side itself, for the library's own loops. */
  static readerOf<Req, Res>(stream: HandlerStream<Req, Res>): MessageReader<Req> {
    return stream.reader ??= stream.stream.reader(stream.codecs.request);
  }

  /** The writing side itself, for the library's own loops. */
  static writerOf<Req, Res>(stream: HandlerStream<Req, Res>): MessageWriter<Res> {
    return stream.writer ??= stream.stream.writer(stream.codecs.response);
  }

  get readable(): ReadableStream<Req> {
    return HandlerStream.readerOf(this).readable;
  }

  get writable(): WritableStream<Res> {
    return HandlerStream.writerOf(this).writable;
  }

  send(message: Res): Promise<void> {
    return HandlerStream.writerOf(calledOn(this, "send")).sendFor(message);
  }

  sendAll(source: MessageSource<Res>): Promise<void> {
    return HandlerStream.writerOf(calledOn(this, "sendAll")).sendAll(source);
  }
}

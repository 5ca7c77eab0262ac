import { calledOn } from "../../base/called_on.ts";
import type { Bytes } from "../../base/buffer.ts";
import type { Codec } from "../../core/codec.ts";
import type { ProtocolName } from "../../core/dialect.ts";
import type { Metadata } from "../../core/metadata.ts";
import type { CallEnds, CallStream, TypedReader, TypedWriter } from "./call_stream.ts";
import { SIDE } from "../../core/stream_side.ts";
import type { MessageSource } from "../../core/send_all.ts";

/** What every call has, of whatever kind. */
export interface Call extends AsyncDisposable {
  /** What its connection speaks. */
  readonly protocol: ProtocolName;
  /**
   * The keys of the server's Header frame, or of gRPC's response header, `content-type` among them; empty where it
   * ended without one. Rejects where the stream failed before. A unary call over TTHeader has one head with all keys in
   * it, which `trailer` gives as well: what Kitex's servers send back with `metainfo.SendBackwardValue` is among them.
   */
  readonly header: Promise<Metadata>;
  /**
   * The keys of the server's Trailer frame, or of gRPC's trailers without the status, whether they carried an error or
   * not. Rejects where none came.
   */
  readonly trailer: Promise<Metadata>;
  /**
   * How the stream ended: resolves where the server has ended it well, rejects with its one end otherwise: a
   * `TTStreamError`, a `GrpcError` or a `BizStatusError`. It does not wait until what has come has been read.
   */
  readonly closed: Promise<void>;
  /**
   * Cancels the stream: both directions error at once, and the far end reads `reason`, as that of a signal; in gRPC,
   * whose RST_STREAM has no place for words, it reads who cancelled. Resolves when the socket has taken the Rst frame
   * or RST_STREAM, or does not take it within a second. On a stream that has ended, what is unread is dropped.
   */
  cancel(reason?: unknown): Promise<void>;
}

/** The sending of a call. */
export interface Sending<Req> {
  /**
   * Sends a message: resolves when the connection has taken it. As `writable`'s writes, but nothing has to be locked.
   *
   * @throws (rejects) The stream's end; 12005, in gRPC 13, after the half close; the codec's own error.
   */
  send(message: Req): Promise<void>;
  /**
   * Sends all that `source` gives, each message when the connection takes it, and half closes. Ends the source
   * (`return()`, `cancel()`) when the stream ends, and cancels the stream where the source throws, for that reason.
   *
   * @throws (rejects) The source's own error; the stream's end where that comes first; TypeError for no source.
   */
  sendAll(source: MessageSource<Req>): Promise<void>;
}

/**
 * A stream at the client: what comes, what goes, and what came beside the messages. It is itself an async iterable of
 * what comes.
 *
 * Every way to end it early (`signal`, `cancel()`, `readable.cancel()`, `writable.abort()`, leaving a `for await` or an
 * `await using` scope) sends one Rst frame that says why, or one RST_STREAM, and errors both directions at once.
 */
export interface ClientStream<Req = Uint8Array, Res = Bytes> extends Call, Sending<Req>, AsyncIterable<Res> {
  /** The messages of the server; cancelling it cancels the stream. Its highWaterMark is 0. */
  readonly readable: ReadableStream<Res>;
  /** The messages to the server; closing it is the half close, aborting it cancels the stream. */
  readonly writable: WritableStream<Req>;
}

/** A server streaming call: one request has been sent, the answers are read from `readable` or by `for await`. */
export interface ServerStreamingCall<Res> extends Call, AsyncIterable<Res> {
  /** The messages of the server; locked while an iteration is under way. */
  readonly readable: ReadableStream<Res>;
}

/** A client streaming call: requests are written, one response comes back. */
export interface ClientStreamingCall<Req, Res> extends Call, Sending<Req> {
  /** The messages to the server. */
  readonly writable: WritableStream<Req>;
  /** The one response, as soon as it has come: leaving the scope then cancels nothing. Rejects with the stream's error, or 12001, in gRPC 13, where the server ended without a response. */
  readonly response: Promise<Res>;
}

/**
 * A unary call, of gRPC: one request has been sent, one response comes back. It is itself a promise of that response,
 * which resolves when the server has ended the call well, and not before: a response followed by an error is an error.
 *
 * It rejects with the call's one end otherwise, or 12001 (13 in gRPC) where the server ended without a response; a
 * second response is dropped. A rejection that nobody awaits ends no process. `recvTimeoutMs` runs while the response
 * has not come, and again until the end behind it; leaving an `await using` scope before that cancels the call.
 */
export interface UnaryCall<Res> extends Call, Promise<Res> {}

/**
 * What calls have in common. Its fields are private by TypeScript's word alone, so that a Proxy around a call works.
 */
export abstract class CallBase<S extends CallEnds> implements Call {
  protected readonly stream: S;

  constructor(stream: S) {
    this.stream = stream;
  }

  get protocol(): ProtocolName {
    return this.stream.protocol;
  }

  /** See {@linkcode SIDE}. */
  get [SIDE](): unknown {
    return Reflect.get(this.stream, SIDE) ?? this.stream;
  }

  get header(): Promise<Metadata> {
    return this.stream.header;
  }

  get trailer(): Promise<Metadata> {
    return this.stream.trailer;
  }

  get closed(): Promise<void> {
    return this.stream.closed;
  }

  cancel(reason?: unknown): Promise<void> {
    return calledOn(this, "cancel").stream.cancel(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream.dispose();
  }
}

/** The {@linkcode ClientStream} over the stream of a call. */
export class BidirectionalStream<Req, Res> extends CallBase<CallStream> implements ClientStream<Req, Res> {
  /** Tells a stream of the library's own from a Proxy around it, whose sides may be others. */
  readonly #own = true;
  private readonly request: Codec<Req>;
  private readonly answers: Codec<Res>;
  private reader: TypedReader<Res> | undefined;
  private writer: TypedWriter<Req> | undefined;

  constructor(stream: CallStream, request: Codec<Req>, response: Codec<Res>) {
    super(stream);
    this.request = request;
    this.answers = response;
  }

  /** What is behind a stream of the library's own; `undefined` for anybody else's. */
  static behind(stream: object): CallStream | undefined {
    return #own in stream ? stream.stream : undefined;
  }

  get readable(): ReadableStream<Res> {
    return this.messages().readable;
  }

  get writable(): WritableStream<Req> {
    return this.requests().writable;
  }

  send(message: Req): Promise<void> {
    return calledOn(this, "send").requests().sendFor(message);
  }

  sendAll(source: MessageSource<Req>): Promise<void> {
    return calledOn(this, "sendAll").requests().sendAll(source);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res> {
    return this.messages().iterate();
  }

  private messages(): TypedReader<Res> {
    return this.reader ??= this.stream.reader(this.answers);
  }

  private requests(): TypedWriter<Req> {
    return this.writer ??= this.stream.writer(this.request);
  }
}

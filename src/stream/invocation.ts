import type { Codec } from "../codec.ts";
import {
  type BizStatusError,
  Description,
  ErrorCode,
  errorOfStream,
  isBizStatusError,
  streamError,
  type TTStreamError,
} from "../errors.ts";
import { type Exception, ExceptionType, writeException } from "../wire/exception.ts";
import { type Frame, FrameType } from "../wire/frame.ts";
import { Inbox } from "./inbox.ts";
import type { FrameReceiver, StreamLink } from "./link.ts";
import { type Metadata, type Metainfo, metainfoOf, NO_METADATA, SERVICE_KEY } from "../metadata.ts";
import { bizStatusMetadata, errorOfRst, errorOfTrailer, HANDLER_ERROR_PREFIX } from "../wire/peer_error.ts";
import { MessageReader, type ReadOwner } from "./reader.ts";
import { errorFromReason, isCausedBy, reasonText, type Where } from "../reason.ts";
import { SendableMetadata } from "./sendable_metadata.ts";
import { StreamState } from "./state.ts";
import { formatDuration } from "../duration.ts";
import { setTimer, type Timer } from "../turn.ts";
import { type ReadView, withReadView, withWriteView, type WriteView } from "./views.ts";
import { MessageWriter, type WriteOwner } from "./writer.ts";

/**
 * The server's half of a stream. It ends by its handler ({@linkcode complete}, {@linkcode fail}), by the client
 * ({@linkcode receive}) or with the connection ({@linkcode lose}); the first wins, and `signal` says which.
 */
export class Invocation implements FrameReceiver, ReadOwner, WriteOwner {
  readonly method: string;
  readonly metadata: Metadata;
  readonly remoteAddr: Deno.Addr | undefined;
  readonly #link: StreamLink;
  readonly #streamId: number;
  readonly #report: (error: unknown, invocation: Invocation) => void;
  readonly #state = new StreamState("server");
  readonly #inbox: Inbox;
  // Both are let go at the end: who holds one web stream of an ended call must not hold the other one with it.
  #reader: ReadView | undefined;
  #writer: WriteView | undefined;
  #header: SendableMetadata | undefined;
  #trailer: SendableMetadata | undefined;
  #metainfo: Metainfo | undefined;
  #controller: AbortController | undefined;
  /** What `draining` belongs to; once the server shuts down, and nobody has asked for it, the reason. */
  #drain: AbortController | Error | undefined;
  #timer: Timer;
  /** How the stream ended: the signal's reason. */
  #end: TTStreamError | undefined;
  #reported = false;
  /** What the client's Trailer said, where it ended the reading with an exception. */
  #clientError: TTStreamError | BizStatusError | undefined;
  /** The handler has returned: changes of the trailer come too late. Before, they are no mistake, though it may have ended already. */
  #returned = false;
  /** Are told of the end, before any promise reacts to it. Mostly there is one, or none. */
  #onEnd: (() => void) | Set<() => void> | undefined;
  /** A method of the user's that is to return before the handler that has called it. */
  running: Promise<void> | undefined;

  /** @param report Takes an error of the handler that nobody else hears of. */
  constructor(
    link: StreamLink,
    { streamId, method, metadata }: Frame,
    remoteAddr: Deno.Addr | undefined,
    report: (error: unknown, invocation: Invocation) => void,
  ) {
    this.#link = link;
    this.#streamId = streamId;
    this.method = method;
    this.metadata = metadata;
    this.remoteAddr = remoteAddr;
    this.#report = report;
    this.#inbox = new Inbox(link);
  }

  /** The IDL's service name; empty where the client named none. */
  get service(): string {
    return this.metadata.get(SERVICE_KEY) ?? "";
  }

  get metainfo(): Metainfo {
    return this.#metainfo ??= metainfoOf(this.metadata);
  }

  get header(): SendableMetadata {
    if (this.#header === undefined) {
      this.#header = new SendableMetadata("header", this.method);
      if (this.#state.headerSent) this.#header.seal();
    }
    return this.#header;
  }

  get trailer(): SendableMetadata {
    if (this.#trailer === undefined) {
      this.#trailer = new SendableMetadata("trailer", this.method);
      if (this.#returned) this.#trailer.seal();
    }
    return this.#trailer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#end !== undefined) this.#controller.abort(this.#end);
    }
    return this.#controller.signal;
  }

  /** Aborts when the server begins to shut down. */
  get draining(): AbortSignal {
    if (this.#drain instanceof AbortController) return this.#drain.signal;
    const reason = this.#drain;
    this.#drain = new AbortController();
    if (reason !== undefined) this.#drain.abort(reason);
    return this.#drain.signal;
  }

  /** The server begins to shut down: the handler may say goodbye. */
  drain(reason: Error): void {
    if (this.#drain instanceof AbortController) this.#drain.abort(reason);
    else this.#drain = reason;
  }

  /** Ends the stream with 12015 where its handler takes longer. */
  limit(timeoutMs: number): Timer {
    return this.#timer = setTimer(() => this.#timedOut(timeoutMs), timeoutMs);
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Calls `task` when the stream ends. @returns A function that takes it back. */
  whenEnded(task: () => void): () => void {
    if (this.#onEnd === undefined) this.#onEnd = task;
    else if (this.#onEnd instanceof Set) this.#onEnd.add(task);
    else this.#onEnd = new Set([this.#onEnd, task]);
    return () => {
      if (this.#onEnd instanceof Set) this.#onEnd.delete(task);
      else if (this.#onEnd === task) this.#onEnd = undefined;
    };
  }

  /** The reading side, decoded by `codec`. Of several the first that reads has the messages. */
  reader<T>(codec: Codec<T>): MessageReader<T> {
    const reader = new MessageReader(this.#inbox, codec, this);
    if (!this.ended) this.#reader = withReadView(this.#reader, reader);
    return reader;
  }

  /** The writing side, encoded by `codec`. */
  writer<T>(codec: Codec<T>): MessageWriter<T> {
    const writer = new MessageWriter({
      streamId: this.#streamId,
      method: this.method,
      state: this.#state,
      link: this.#link,
      codec,
      owner: this,
    });
    if (this.#end === undefined) this.#writer = withWriteView(this.#writer, writer);
    else writer.fail(this.#end);
    return writer;
  }

  /** Drops what is unread and what still comes. */
  discard(): void {
    this.#inbox.discard();
  }

  /** Sends the Header now; again, or after the end, nothing. */
  sendHeader(): void {
    if (!this.#state.sendHeader()) return;
    const metadata = this.#header ?? NO_METADATA;
    this.#header?.seal();
    this.#link.sendFrame({ type: FrameType.Header, streamId: this.#streamId, method: this.method, metadata });
  }

  /** The handler has returned: what it has written leaves first, then the Trailer. @returns Whether the stream has ended well. */
  async complete(): Promise<boolean> {
    this.#returned = true;
    if (this.running !== undefined && !this.ended) throw this.#returnedEarly();
    for (let flushed = this.#writer?.flushed(); flushed !== undefined; flushed = this.#writer?.flushed()) {
      await flushed;
    }
    if (this.ended) {
      this.#trailer?.seal();
      return false;
    }
    this.#sendTrailer(this.#trailer ?? NO_METADATA, undefined);
    const description = Description.handlerReturned;
    const end = streamError({ ...this.where, code: ErrorCode.HandlerReturned, description });
    this.#writer?.finish(end);
    this.#finish(end);
    return true;
  }

  /** The handler has thrown `error`. A handler that only passes its own stream's end on is not at fault. */
  fail(error: unknown): void {
    this.#returned = true;
    this.#trailer?.seal();
    if (this.#isOwnEnd(error)) return;
    const description = Description.handlerReturned;
    this.#failWith(
      error,
      streamError({ ...this.where, code: ErrorCode.HandlerReturned, description, cause: error }),
    );
  }

  /** What the user sends from has failed, and its handler need not wait for it. */
  sourceThrew(error: unknown): void {
    if (this.#isOwnEnd(error)) return;
    const description = Description.handlerReturned;
    this.#failWith(
      error,
      streamError({ ...this.where, code: ErrorCode.HandlerReturned, description, cause: error }),
    );
  }

  /** Answers in the handler's stead; nobody is at fault here. */
  refuse(type: number, message: string): void {
    if (this.ended) return;
    this.#sendTrailer(NO_METADATA, { type, message });
    const description = Description.handlerReturned;
    this.#finish(streamError({ ...this.where, code: ErrorCode.HandlerReturned, description }));
  }

  /** The server closes before the handler has returned. */
  shutDown(message: string): void {
    if (this.ended) return;
    this.#sendTrailer(NO_METADATA, { type: ExceptionType.InternalError, message, begun: true });
    const { service, method } = this;
    const description = Description.connectionClosed;
    this.#finish(streamError({ code: ErrorCode.ConnectionClosed, description, service, method }));
  }

  #timedOut(timeoutMs: number): void {
    if (this.ended) return;
    const code = ErrorCode.StreamTimeout;
    const description = `stream timeout, timeout in ctx: ${formatDuration(timeoutMs)}`;
    this.#sendTrailer(this.#trailer ?? NO_METADATA, { type: code, message: description });
    this.#finish(streamError({ ...this.where, code, description, kind: "timeout" }));
  }

  #returnedEarly(): TypeError {
    return new TypeError(
      `the handler of ${this.service}/${this.method} has returned before the method that it called: ` +
        "return what `next(stream)` returns",
    );
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case FrameType.Data:
        if (this.#state.canReceive) this.#inbox.push(frame.payload);
        return;
      case FrameType.Trailer:
        if (this.#state.recvTrailer() === "ended") this.#receiveEnd(frame);
        return;
      case FrameType.Rst:
        if (!this.#state.recvReset()) return;
        this.#finish(errorOfRst(frame, this.where));
        this.#link.peerReset();
        return;
      case FrameType.Header:
        if (this.#state.recvHeader() === "duplicate") this.#receiveSecondHeader(frame);
        return;
      case FrameType.Meta: // for proxies' hooks; nothing here takes one
        return;
      default:
        frame.type satisfies never;
    }
  }

  /** The connection is gone. What has come may still be read. */
  lose(loss: TTStreamError): void {
    if (!this.#state.lose()) return;
    const error = errorOfStream(loss, { service: this.service, method: this.method });
    this.#inbox.finish({ error });
    this.#finish(error, { drain: true });
  }

  compact(): void {
    this.#inbox.compact();
  }

  readCanceled(): undefined {
    // The wire has no word for it: what still comes is dropped, and the handler may still answer.
  }

  decodeFailed(error: unknown): void {
    this.#failWith(error, errorFromReason(error, this.where));
  }

  readDrained(): void {
    // As above.
  }

  readFinished(): void {
    // Reading can end while the handler still writes: nothing ends with it.
  }

  recvTimedOut(): void {
    // Receive time-outs are the client's.
  }

  beforeSend(): void {
    this.sendHeader();
  }

  writeClosed(): void {
    // The Trailer leaves when the handler has ended: it may still set its keys, or fail.
  }

  writeAborted(reason: unknown): undefined {
    // A pipe hands the reading side's end on.
    if (this.#isOwnEnd(reason)) return;
    const end = errorFromReason(reason, this.where);
    this.#failWith(reason, end, { text: reason === undefined ? end.description : reasonText(reason) });
  }

  encodeFailed(error: unknown): void {
    this.#failWith(error, errorFromReason(error, this.where), { write: error });
  }

  #receiveEnd(frame: Frame): void {
    const error = errorOfTrailer(frame, this.where);
    this.#clientError = error;
    this.#inbox.finish(error === undefined ? {} : { error });
  }

  /** Kitex starts a second handler and forgets the first; here the stream ends and its handler is told. */
  #receiveSecondHeader({ streamId }: Frame): void {
    const description = `stream[${streamId}] already set header`;
    const error = streamError({ ...this.where, code: ErrorCode.UnexpectedHeader, description });
    this.#sendTrailer(NO_METADATA, { type: ExceptionType.InternalError, message: error.message });
    this.#finish(error);
    // It has cost the server what a Rst costs, so it counts as one.
    this.#link.peerReset();
  }

  #failWith(
    error: unknown,
    end: TTStreamError,
    { text = reasonText(error), ...sides }: { text?: string; write?: unknown } = {},
  ): void {
    if (isBizStatusError(error)) {
      if (this.ended) return;
      try {
        this.#sendTrailer(new Map([...this.#trailer ?? [], ...bizStatusMetadata(error)]), undefined);
      } catch (tooLong) {
        // A RangeError that names the key and the limit: the client is told, and so is `onError`.
        return this.#failWith(tooLong, end);
      }
    } else {
      // A handler that hands the client's own error back is not at fault.
      const clients = this.#clientError !== undefined && isCausedBy(error, this.#clientError);
      if (!this.#reported && !clients) {
        this.#reported = true;
        this.#link.defer(() => this.#report(error, this));
      }
      if (this.ended) return;
      this.#sendTrailer(this.#trailer ?? NO_METADATA, {
        type: ExceptionType.InternalError,
        message: HANDLER_ERROR_PREFIX + text,
      });
    }
    this.#finish(end, sides);
  }

  /** The Header always goes first (Kitex `stream_server.go`: CloseSend). */
  #sendTrailer(metadata: Metadata, exception: Exception | undefined): void {
    this.sendHeader();
    const streamId = this.#streamId;
    this.#link.sendFrame({ type: FrameType.Trailer, streamId, method: this.method, metadata }, (buffer) => {
      if (exception !== undefined) writeException(buffer, this.method, streamId, exception);
    });
    this.#state.sendTrailer();
  }

  /** The one way out: both directions error, and the signal aborts before any promise can react. */
  #finish(
    end: TTStreamError,
    { write = end, drain = false }: { write?: unknown; drain?: boolean } = {},
  ): void {
    if (this.ended) return;
    this.#end = end;
    clearTimeout(this.#timer);
    this.#state.lose();
    if (this.#returned) this.#trailer?.seal();
    this.#link.release(this.#streamId);
    if (!drain) {
      if (this.#reader === undefined) this.#inbox.break(end);
      else this.#reader.fail(end);
    }
    this.#writer?.fail(write);
    this.#reader = undefined;
    this.#writer = undefined;
    this.#link.defer(() => {
      this.#controller?.abort(end);
      const tasks = this.#onEnd;
      this.#onEnd = undefined;
      if (tasks instanceof Set) { for (const task of tasks) task(); }
      else tasks?.();
    });
  }

  /** Whether `error` is this stream's end, or was caused by it. */
  #isOwnEnd(error: unknown): boolean {
    return this.#end !== undefined && isCausedBy(error, this.#end);
  }

  /** Which stream its errors speak of. */
  get where(): Where {
    return { side: "server", service: this.service, method: this.method };
  }
}

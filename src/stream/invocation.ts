import type { Codec } from "../codec.ts";
import { BizStatusError, Description, ErrorCode, streamError, type TTStreamError } from "../errors.ts";
import { ExceptionType, writeException } from "../wire/exception.ts";
import { type Frame, FrameType } from "../wire/frame.ts";
import { Inbox } from "./inbox.ts";
import type { FrameReceiver, StreamLink } from "./link.ts";
import { type Metadata, type Metainfo, metainfoOf, NO_METADATA, SERVICE_KEY } from "../metadata.ts";
import { bizStatusMetadata, errorOfRst, errorOfTrailer } from "../wire/peer_error.ts";
import { MessageReader, type ReadOwner } from "./reader.ts";
import { errorFromReason, reasonText } from "../reason.ts";
import { SendableMetadata } from "./sendable_metadata.ts";
import { StreamState } from "./state.ts";
import { MessageWriter, type WriteOwner } from "./writer.ts";

/** What a Trailer's exception says of a failed handler: its type and text. */
interface Refusal {
  readonly type: number;
  readonly message: string;
}

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
  readonly #report: (error: unknown) => void;
  readonly #state = new StreamState("server");
  readonly #inbox: Inbox;
  #readerTaken = false;
  #writerTaken = false;
  // Both are let go at the end: who holds one web stream of an ended call must not hold the other one with it.
  #reader: { fail(error: unknown): void } | undefined;
  #writer:
    | { fail(error: unknown): void; finish(error: unknown): void; flushed(): Promise<void> | undefined }
    | undefined;
  #header: SendableMetadata | undefined;
  #trailer: SendableMetadata | undefined;
  #metainfo: Metainfo | undefined;
  #controller: AbortController | undefined;
  /** How the stream ended: the signal's reason. */
  #end: TTStreamError | undefined;
  #reported = false;
  /** Is told of the end, before any promise reacts to it. */
  #onEnd: (() => void) | undefined;

  /** @param report Takes an error of the handler that nobody else hears of. */
  constructor(
    link: StreamLink,
    { streamId, method, metadata }: Frame,
    remoteAddr: Deno.Addr | undefined,
    report: (error: unknown) => void,
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
      if (this.ended) this.#trailer.seal();
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

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Calls `task` when the stream ends, instead of any given before. */
  set onEnd(task: (() => void) | undefined) {
    this.#onEnd = task;
  }

  /**
   * The reading side, decoded by `codec`.
   *
   * @throws {TypeError} If it has been taken.
   */
  reader<T>(codec: Codec<T>): MessageReader<T> {
    if (this.#readerTaken) throw new TypeError("the stream's messages are being read already");
    this.#readerTaken = true;
    const reader = new MessageReader(this.#inbox, codec, this);
    this.#reader = reader;
    return reader;
  }

  /**
   * The writing side, encoded by `codec`.
   *
   * @throws {TypeError} If it has been taken.
   */
  writer<T>(codec: Codec<T>): MessageWriter<T> {
    if (this.#writerTaken) throw new TypeError("the stream is being written already");
    this.#writerTaken = true;
    const writer = new MessageWriter({
      streamId: this.#streamId,
      side: "server",
      method: this.method,
      state: this.#state,
      link: this.#link,
      codec,
      owner: this,
    });
    this.#writer = writer;
    if (this.#end !== undefined) writer.fail(this.#end);
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

  /** The handler has returned: what it has written leaves first, then the Trailer. */
  async complete(): Promise<void> {
    for (let flushed = this.#writer?.flushed(); flushed !== undefined; flushed = this.#writer?.flushed()) {
      await flushed;
    }
    if (this.ended) return;
    this.#sendTrailer(this.#trailer ?? NO_METADATA, undefined);
    const description = Description.handlerReturned;
    const end = streamError({ code: ErrorCode.HandlerReturned, description, side: "server" });
    this.#writer?.finish(end);
    this.#finish(end);
  }

  /** The handler has thrown `error`. A handler that only passes its own stream's end on is not at fault. */
  fail(error: unknown): void {
    if (this.#isOwnEnd(error)) return;
    const description = Description.handlerReturned;
    const end = streamError({ code: ErrorCode.HandlerReturned, description, side: "server", cause: error });
    this.#failWith(error, end);
  }

  /** Answers in the handler's stead; nobody is at fault here. */
  refuse(type: number, message: string): void {
    if (this.ended) return;
    this.#sendTrailer(NO_METADATA, { type, message });
    const description = Description.handlerReturned;
    this.#finish(streamError({ code: ErrorCode.HandlerReturned, description, side: "server" }));
  }

  /** The server closes before the handler has returned. */
  shutDown(message: string): void {
    if (this.ended) return;
    this.#sendTrailer(NO_METADATA, { type: ExceptionType.InternalError, message });
    this.#finish(
      streamError({ code: ErrorCode.ConnectionClosed, description: Description.connectionClosed }),
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
        if (this.#state.recvReset()) this.#finish(errorOfRst(frame, "server"));
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
  lose(error: TTStreamError): void {
    if (!this.#state.lose()) return;
    this.#inbox.finish({ error });
    this.#finish(error, { drain: true });
  }

  compact(): void {
    this.#inbox.compact();
  }

  readCanceled(): void {
    // The wire has no word for it: what still comes is dropped, and the handler may still answer.
  }

  decodeFailed(error: unknown): void {
    this.#failWith(error, errorFromReason(error, "server"));
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

  writeAborted(reason: unknown): void {
    // A pipe hands the reading side's end on.
    if (this.#isOwnEnd(reason)) return;
    const end = errorFromReason(reason, "server");
    this.#failWith(reason, end, { text: reason === undefined ? end.description : reasonText(reason) });
  }

  encodeFailed(error: unknown): void {
    this.#failWith(error, errorFromReason(error, "server"), { write: error });
  }

  #receiveEnd(frame: Frame): void {
    const error = errorOfTrailer(frame, "server");
    this.#inbox.finish(error === undefined ? {} : { error });
  }

  /** Kitex starts a second handler and forgets the first; here the stream ends and its handler is told. */
  #receiveSecondHeader({ streamId }: Frame): void {
    const description = `stream[${streamId}] already set header`;
    const error = streamError({ code: ErrorCode.UnexpectedHeader, description, side: "server" });
    this.#sendTrailer(NO_METADATA, { type: ExceptionType.InternalError, message: error.message });
    this.#finish(error);
  }

  #failWith(
    error: unknown,
    end: TTStreamError,
    { text = reasonText(error), ...sides }: { text?: string; write?: unknown } = {},
  ): void {
    if (error instanceof BizStatusError) {
      if (this.ended) return;
      try {
        this.#sendTrailer(new Map([...this.#trailer ?? [], ...bizStatusMetadata(error)]), undefined);
      } catch (tooLong) {
        // A RangeError that names the key and the limit: the client is told, and so is `onError`.
        return this.#failWith(tooLong, end);
      }
    } else {
      if (!this.#reported) {
        this.#reported = true;
        this.#link.defer(() => this.#report(error));
      }
      if (this.ended) return;
      this.#sendTrailer(this.#trailer ?? NO_METADATA, {
        type: ExceptionType.InternalError,
        message: `biz error: ${text}`,
      });
    }
    this.#finish(end, sides);
  }

  /** The Header always goes first (Kitex `stream_server.go`: CloseSend). */
  #sendTrailer(metadata: Metadata, refusal: Refusal | undefined): void {
    this.sendHeader();
    const streamId = this.#streamId;
    this.#link.sendFrame({ type: FrameType.Trailer, streamId, method: this.method, metadata }, (buffer) => {
      if (refusal !== undefined) writeException(buffer, this.method, streamId, refusal);
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
    this.#state.lose();
    this.#trailer?.seal();
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
      this.#onEnd?.();
    });
  }

  /** Whether `error` is this stream's end, or was caused by it. */
  #isOwnEnd(error: unknown): boolean {
    if (this.#end === undefined) return false;
    for (let at = error, depth = 0; depth < MAX_CAUSES; depth++) {
      if (at === this.#end) return true;
      if (!(at instanceof Error)) return false;
      at = at.cause;
    }
    return false;
  }
}

/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 16;

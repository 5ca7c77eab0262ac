import { isCausedBy, reasonText } from "../base/reason.ts";
import { setTimer, type Timer } from "../net/event_loop.ts";
import type { Addr } from "../net/address.ts";
import type { Codec } from "./codec.ts";
import type { Dialect } from "./dialect.ts";
import { type BizStatusError, isBizStatusError, type StreamError } from "./errors.ts";
import { type Failure, LazyFailure } from "./failure.ts";
import type { HandlerReturned } from "./handler_returned.ts";
import { type MessageReader, NO_TIMEOUTS } from "./message_reader.ts";
import type { MessageWriter } from "./message_writer.ts";
import { fixedMetadata, type Metadata, type Metainfo, NO_METADATA } from "./metadata.ts";
import { type Observation, type Observers, OpenedStream } from "./observation.ts";
import { SendableMetadata } from "./sendable_metadata.ts";
import { StreamSide } from "./stream_side.ts";
import {
  type Answer,
  DONE,
  type Refusal,
  type ServerEvents,
  type ServerSink,
  type StreamRequest,
} from "./transport.ts";

/** What the streams of a connection have in common at the server. */
export interface ServerSideInit {
  readonly dialect: Dialect;
  readonly remoteAddr: Addr | undefined;
  readonly returned: HandlerReturned;
  /** The handler of a stream has returned, or thrown. */
  readonly completed: (side: ServerSide) => void;
  readonly failed: (side: ServerSide, error: unknown) => void;
  /** Takes an error of the handler that nobody else hears of. */
  readonly report: (error: unknown, stream: ServerSide) => void;
}

/** What most streams never have: an object for those that do. */
interface Rare {
  header?: SendableMetadata;
  trailer?: SendableMetadata;
  metainfo?: Metainfo;
  /** What `draining` belongs to; once the server shuts down, and nobody has asked for it, the reason. */
  drain?: AbortController | Error;
  deadline?: number;
  /** What the client gave up sending with. */
  clientError?: StreamError | BizStatusError | undefined;
  reported?: boolean;
}

/** How a stream ends beside the error that its handler meets. */
interface Ending {
  /** What later writes reject with, where that is another error. */
  readonly write?: Failure;
  /** Whether what has come may still be read. */
  readonly drain?: boolean;
  /** What observers read, where that is another error; `undefined` where it has ended well. */
  readonly told?: Failure | undefined;
  /** What has been sent of the handler's trailer. */
  readonly trailer?: Metadata | undefined;
}

/**
 * The server's side of a stream. It ends by its handler ({@linkcode complete}, {@linkcode fail}), by the client
 * ({@linkcode recvReset}) or with the connection ({@linkcode lose}); the first wins, and `signal` says which.
 */
export class ServerSide extends StreamSide<ServerSink, Failure<StreamError>> implements ServerEvents {
  readonly #init: ServerSideInit;
  readonly #request: StreamRequest;
  #headerSent = false;
  #controller: AbortController | undefined;
  #timer: Timer;
  #rare: Rare | undefined;
  /** The handler has returned: changes of the trailer come too late. Before, they are no mistake, though it may have ended already. */
  #returned = false;
  /** Are told of the end, before any promise reacts to it. Mostly there is one, or none. */
  #onEnd: (() => void) | Set<() => void> | undefined;
  /** A method of the user's that is to return before the handler that has called it. */
  running: Promise<void> | undefined;

  constructor(init: ServerSideInit, sink: ServerSink, request: StreamRequest) {
    super("server", sink);
    this.#init = init;
    this.#request = request;
    if (request.timeoutMs !== undefined) this.#more.deadline = Date.now() + request.timeoutMs;
  }

  /** Tells observers that it has begun. @param report Takes what one of them throws. */
  observe(observers: Observers, report: (error: unknown) => void): Observation | undefined {
    const { service, method } = this;
    const stream = { side: "server", service, method } as const;
    const info = new OpenedStream(stream, this.dialect, this.#request, this.remoteAddr);
    this.observation = observers.opened(info, report);
    return this.observation;
  }

  protected get dialect(): Dialect {
    return this.#init.dialect;
  }

  get #more(): Rare {
    return this.#rare ??= {};
  }

  get service(): string {
    return this.#request.service;
  }

  get method(): string {
    return this.#request.method;
  }

  /** When the client gives up, in `Date.now()`'s milliseconds, where it has said so. */
  get deadline(): number | undefined {
    return this.#rare?.deadline;
  }

  get metadata(): Metadata {
    return fixedMetadata(this.#request.metadata);
  }

  /** Whether it is a unary call, where the protocol tells. */
  get unary(): boolean | undefined {
    return this.#request.unary;
  }

  /** The method wants no answer. */
  mute(): void {
    this.sink.mute?.();
  }

  get remoteAddr(): Addr | undefined {
    return this.#init.remoteAddr;
  }

  get metainfo(): Metainfo {
    return this.#more.metainfo ??= this.dialect.metainfoOf(this.#request.metadata);
  }

  get header(): SendableMetadata {
    const more = this.#more;
    if (more.header === undefined) {
      more.header = new SendableMetadata("header", this.dialect.metadataLimits(this.method));
      if (this.#headerSent) more.header.seal();
    }
    return more.header;
  }

  get trailer(): SendableMetadata {
    const more = this.#more;
    if (more.trailer === undefined) {
      more.trailer = new SendableMetadata("trailer", this.dialect.metadataLimits(this.method));
      if (this.#returned) more.trailer.seal();
    }
    return more.trailer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.ended) this.#controller.abort(this.state.cause?.error);
    }
    return this.#controller.signal;
  }

  /** Aborts when the server begins to shut down. */
  get draining(): AbortSignal {
    const more = this.#more;
    const reason = more.drain;
    if (reason instanceof AbortController) return reason.signal;
    const controller = new AbortController();
    more.drain = controller;
    if (reason !== undefined) controller.abort(reason);
    return controller.signal;
  }

  /** The server begins to shut down: the handler may say goodbye. */
  drain(reason: Error): void {
    const more = this.#more;
    if (more.drain instanceof AbortController) more.drain.abort(reason);
    else more.drain = reason;
    this.observation?.draining(this.sink);
  }

  /** Ends the stream where its handler takes longer, `lateMs` after that. */
  limit(timeoutMs: number, lateMs: number): Timer {
    return this.#timer = setTimer(() => this.#timedOut(timeoutMs), timeoutMs + lateMs);
  }

  get ended(): boolean {
    return !this.state.live;
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
    return this.makeReader(codec, NO_TIMEOUTS, !this.ended);
  }

  /** The writing side, encoded by `codec`. */
  writer<T>(codec: Codec<T>): MessageWriter<T> {
    return this.makeWriter(codec, this.ended ? this.state.cause : undefined);
  }

  /** Drops what is unread and what still comes. */
  discard(): void {
    this.queue.discard();
  }

  /** Sends the header now; again, or after the end, nothing. */
  sendHeader(): void {
    if (this.#headerSent || this.ended) return;
    this.#headerSent = true;
    this.#rare?.header?.seal();
    this.sink.sendHeader(this.#rare?.header ?? NO_METADATA);
    this.observation?.header(this.#rare?.header ?? NO_METADATA, this.sink);
  }

  /** Waits for the handler. Bound methods: two closures, and what they close over, would be a twentieth of an idle stream. */
  awaitHandler(returned: Promise<void>): void {
    returned.then(this.#handlerReturned.bind(this), this.#handlerThrew.bind(this));
  }

  #handlerReturned(): void {
    this.#init.completed(this);
  }

  #handlerThrew(error: unknown): void {
    this.#init.failed(this, error);
  }

  /** The handler has returned: what it has written leaves first, then the trailer. @returns Whether the stream has ended well. */
  async complete(): Promise<boolean> {
    this.#returned = true;
    if (this.running !== undefined && !this.ended) throw this.#returnedEarly();
    for (
      let flushed = this.writeView?.flushed();
      flushed !== undefined;
      flushed = this.writeView?.flushed()
    ) {
      await flushed;
    }
    if (this.ended) {
      this.#rare?.trailer?.seal();
      return false;
    }
    this.#answer(DONE);
    const end = new LazyFailure(() => this.#init.returned.error(this.where));
    this.writeView?.finish(end);
    this.#finish(end, { told: undefined, trailer: this.#rare?.trailer });
    return true;
  }

  /** The handler has thrown `error`. A handler that only passes its own stream's end on is not at fault. */
  fail(error: unknown): void {
    this.#returned = true;
    this.#rare?.trailer?.seal();
    this.sourceThrew(error);
  }

  /** What the user sends from has failed, and its handler need not wait for it. */
  sourceThrew(error: unknown): void {
    if (this.#isOwnEnd(error)) return;
    this.#failWith(error, this.dialect.handlerReturned(this.where, error));
  }

  /** Answers in the handler's stead; nobody is at fault here. */
  refuse(why: Refusal, text: string): void {
    if (this.ended) return;
    this.#answer({ type: "refused", why, text }, NO_METADATA);
    const told = new LazyFailure(() => this.dialect.refused(this.where, why, text));
    this.#finish(new LazyFailure(() => this.dialect.handlerReturned(this.where)), { told });
  }

  /** The server closes before the handler has returned. */
  shutDown(text: string): void {
    if (this.ended) return;
    this.#answer({ type: "cut", text }, NO_METADATA);
    this.#finish({ error: this.dialect.connectionClosed(this.where) });
  }

  #timedOut(timeoutMs: number): void {
    if (this.ended) return;
    const error = this.dialect.handlerTimedOut(this.where, timeoutMs);
    this.#answer({ type: "timed out", error });
    this.#finish({ error });
  }

  #returnedEarly(): TypeError {
    return new TypeError(
      `the handler of ${this.service}/${this.method} has returned before the method that it called: ` +
        "return what `next(stream)` returns",
    );
  }

  recvEnd(error: StreamError | BizStatusError | undefined): void {
    if (!this.state.recvEnd()) return;
    if (error !== undefined) this.#more.clientError = error;
    this.queue.finish(error === undefined ? {} : { error });
  }

  recvReset(error: StreamError): void {
    this.#finish({ error });
  }

  /** Kitex starts a second handler for a second header, and forgets the first; here the stream ends and its handler is told. */
  violated(error: StreamError, trailer: Metadata = NO_METADATA): void {
    if (this.ended) return;
    this.#answer({ type: "violation", error }, trailer);
    this.#finish({ error });
  }

  /** The connection is gone. What has come may still be read. */
  lose(error: StreamError): void {
    if (this.ended) return;
    this.queue.finish({ error });
    this.#finish({ error }, { drain: true });
  }

  readCanceled(): undefined {
    // The wire has no word for it: what still comes is dropped, and the handler may still answer.
  }

  decodeFailed(error: unknown): void {
    this.#failWith(error, this.dialect.canceled(this.where, error));
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
    // The trailer leaves when the handler has ended: it may still set its keys, or fail.
  }

  writeAborted(reason: unknown): undefined {
    // A pipe hands the reading side's end on.
    if (this.#isOwnEnd(reason)) return;
    const end = this.dialect.canceled(this.where, reason);
    this.#failWith(reason, end, { text: reason === undefined ? end.description : reasonText(reason) });
  }

  encodeFailed(error: unknown): void {
    this.#failWith(error, this.dialect.canceled(this.where, error), { write: { error } });
  }

  #failWith(
    error: unknown,
    end: StreamError,
    { text = reasonText(error), ...sides }: { text?: string; write?: Failure } = {},
  ): void {
    if (isBizStatusError(error)) {
      if (this.ended) return;
      try {
        this.#answer({ type: "business error", error });
      } catch (tooLong) {
        // A RangeError that names the key and the limit: the client is told, and so is `onError`.
        return this.#failWith(tooLong, end);
      }
    } else {
      // A handler that hands the client's own error back is not at fault.
      const clientError = this.#rare?.clientError;
      const clients = clientError !== undefined && isCausedBy(error, clientError);
      if (this.#rare?.reported !== true && !clients) {
        this.#more.reported = true;
        this.sink.defer(() => this.#init.report(error, this));
      }
      if (this.ended) return;
      this.#answer({ type: "failed", error, text });
    }
    this.#finish({ error: end }, { ...sides, told: { error: error ?? end }, trailer: this.#rare?.trailer });
  }

  #answer(answer: Answer, trailer: Metadata = this.#rare?.trailer ?? NO_METADATA): void {
    const header = this.#headerSent ? undefined : this.#rare?.header ?? NO_METADATA;
    this.#headerSent = true;
    this.#rare?.header?.seal();
    this.sink.answer(answer, trailer, header);
    if (header !== undefined) this.observation?.header(header, this.sink);
  }

  /** The one way out: both directions error, and the signal aborts before any promise can react. */
  #finish(end: Failure<StreamError>, how: Ending = {}): void {
    if (!this.state.close(end)) return;
    clearTimeout(this.#timer);
    if (this.#returned) this.#rare?.trailer?.seal();
    this.sink.release();
    if (how.drain === true) this.readView = undefined;
    else this.failReading(end);
    this.failWriting(how.write ?? end);
    const { observation } = this;
    if (observation !== undefined) {
      const told = "told" in how ? how.told : end;
      // An ended stream may be held for long, and what it was observed by must not be with it.
      this.observation = undefined;
      observation.ended(told?.error, how.trailer, this.sink);
    }
    this.sink.defer(() => {
      this.#controller?.abort(end.error);
      const tasks = this.#onEnd;
      this.#onEnd = undefined;
      if (tasks instanceof Set) { for (const task of tasks) task(); }
      else tasks?.();
    });
  }

  /** Whether `error` is this stream's end, or was caused by it. */
  #isOwnEnd(error: unknown): boolean {
    return this.ended && isCausedBy(error, this.state.cause?.error);
  }
}

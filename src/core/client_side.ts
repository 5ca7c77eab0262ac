import type { CallInit } from "./call_init.ts";
import { CallResults } from "./call_results.ts";
import { type Codec, rawCodec } from "./codec.ts";
import type { Dialect } from "./dialect.ts";
import { type BizStatusError, isStreamError, type StreamError } from "./errors.ts";
import type { MessageReader } from "./message_reader.ts";
import type { MessageWriter } from "./message_writer.ts";
import { type Metadata, NO_METADATA } from "./metadata.ts";
import { StreamSide } from "./stream_side.ts";
import { type ClientEvents, type ClientSink, NO_SINK } from "./transport.ts";
import { setTimer, type Timer, withinMs } from "../net/event_loop.ts";

/** How long, in milliseconds, whoever cancels waits for the socket to take the cancel. */
const CANCEL_MS = 1_000;

/** How much sooner, in milliseconds, than the client a server may find that the time is over: both round. */
const DUE_MS = 2;

/**
 * The client's side of a stream. Every end comes down to one of three: a cancel of ours ({@linkcode cancel}), an end or
 * a cancel of the server's ({@linkcode recvEnd}, {@linkcode recvReset}), or the loss of the connection ({@linkcode lose}); the
 * first wins.
 */
export class ClientSide extends StreamSide<ClientSink, unknown> implements ClientEvents {
  readonly #init: CallInit;
  #readerTaken = false;
  #readDone = false;
  #watching = false;
  /** Whether its cancel has been sent: whoever awaits one means that it has left, also where a signal was faster. */
  #canceled = false;
  #timer: Timer;
  /** When its time is over, in `performance.now()`'s milliseconds. */
  #dueAt: number | undefined;
  readonly #results = new CallResults();

  /** @param sink What stands for the connection until {@linkcode attach}; nothing is sent before. */
  constructor(init: CallInit, sink: ClientSink = NO_SINK) {
    super("client", sink);
    this.#init = init;
    this.observation = init.observation;
  }

  /** What it is opened with. */
  get init(): CallInit {
    return this.#init;
  }

  protected get dialect(): Dialect {
    return this.#init.dialect;
  }

  get service(): string {
    return this.#init.service;
  }

  get method(): string {
    return this.#init.method;
  }

  /** Whether it has not ended. */
  get live(): boolean {
    return this.state.live;
  }

  /** Its header has been sent by `sink`: what has been written meanwhile goes after it. */
  attach(sink: ClientSink): void {
    this.sink = sink;
    this.queue.attach(sink);
    this.writeView?.attach(sink);
    if (!this.state.canSend && this.state.live) sink.closeSend();
  }

  /** Starts to watch what may cancel the call. */
  watch(): void {
    const { signals, timeoutMs } = this.#init;
    if (this.#watching) return;
    this.#watching = true;
    for (const signal of signals) signal.addEventListener("abort", this);
    if (timeoutMs === 0) return;
    this.#dueAt = performance.now() + timeoutMs;
    this.#timer = setTimer(() => this.#timedOut(), timeoutMs);
  }

  /** The reading side, decoded by `codec`. Of several the first that reads has the messages. */
  reader<T>(codec: Codec<T>): MessageReader<T> {
    this.#readerTaken = true;
    return this.makeReader(codec, this.#init.readTimeouts, !this.#readDone);
  }

  /** The writing side, encoded by `codec`. */
  writer<T>(codec: Codec<T>): MessageWriter<T> {
    const { failure } = this.#results;
    return this.makeWriter(codec, failure === undefined ? undefined : { error: failure.write });
  }

  get header(): Promise<Metadata> {
    return this.#results.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#results.trailer;
  }

  get closed(): Promise<void> {
    return this.#results.closed;
  }

  /**
   * Sends the one request of a call and half closes. Where it has to wait it is encoded again when its time has come:
   * thousands of calls must not keep their payloads meanwhile. One too large ends the call.
   *
   * @param payload What `codec` has made of `message`.
   */
  request<T>(payload: Uint8Array, codec: Codec<T>, message: T): void {
    if (!this.state.live) return;
    if (this.sink.congested) {
      this.#requestLater(this.writer(codec).sendFor(message));
      return;
    }
    try {
      this.sink.sendMessage(rawCodec, payload);
    } catch (error) {
      return this.encodeFailed(error);
    }
    this.observation?.sent(payload.length);
    this.closeSend();
  }

  whenEnded(task: () => void): () => void {
    let wanted = true;
    const tell = () => {
      if (wanted) task();
    };
    this.closed.then(tell, tell);
    return () => {
      wanted = false;
    };
  }

  async #requestLater(sending: Promise<void>): Promise<void> {
    try {
      await sending;
      this.closeSend();
    } catch {
      // The call has ended, and says so to whoever reads.
    }
  }

  /** Half close: everything has been sent. */
  closeSend(): void {
    if (this.state.sendEnd()) this.sink.closeSend();
  }

  /** Ends the call for `reason`: the server hears it at once, both directions error at once. Resolves when the socket has the cancel. */
  cancel(reason: unknown): Promise<void> {
    const { live } = this.state;
    this.#cancel(this.errorOf(reason));
    return live || this.#canceled ? withinMs(CANCEL_MS, this.sink.sent()) : Promise.resolve();
  }

  /** The end of the call's scope: cancels what is left of it. */
  async dispose(): Promise<void> {
    if (this.#readDone && !this.state.live && !this.#canceled) return;
    await this.cancel(undefined);
  }

  /**
   * Opens it by calling `open`.
   *
   * @throws What that throws: its caller is told, and nobody has the stream.
   */
  start(open: () => void): void {
    try {
      open();
    } catch (error) {
      this.observation?.ended(error, undefined, this.sink);
      throw error;
    }
  }

  /** Errors a call that was never opened. `write` is what its writes reject with. */
  refuse(error: unknown, write: unknown = error): void {
    this.state.close(error);
    this.#fail(error, error, write);
    this.sink.release();
  }

  /** Errors a call that was never opened, for `reason`. */
  refuseFor(reason: unknown): void {
    this.refuse(this.errorOf(reason));
  }

  recvHeader(metadata: Metadata): void {
    this.#results.headerMetadata = metadata;
    this.#results.settle();
    this.observation?.header(metadata, this.sink);
  }

  recvEnd(error: StreamError | BizStatusError | undefined, trailer: Metadata): void {
    if (this.state.recvEnd()) this.#ended(this.#orTimedOut(error), trailer);
  }

  recvReset(error: StreamError): void {
    if (!this.state.close(error)) return;
    this.sink.release();
    this.#fail(error);
  }

  violated(error: StreamError): void {
    this.#cancel(error);
  }

  /** The connection is gone. What has come may still be read. */
  lose(error: StreamError): void {
    this.#unwatch();
    if (!this.state.close(error)) return;
    this.queue.finish({ error });
    this.#results.failure ??= { error, write: error };
    this.failWriting({ error });
    this.#results.settle();
    this.#tellEnd();
  }

  /**
   * Ends the call as another one has ended that it stands for.
   *
   * @param error `undefined` where that ended well.
   * @param trailer The keys of the server's trailer, where one came.
   */
  finish(error: unknown, trailer: Metadata | undefined): void {
    const end = this.#orTimedOut(error);
    if (this.state.close(end)) this.#ended(end, trailer);
  }

  readCanceled(reason: unknown): Promise<void> {
    this.#endReading();
    const canceled = this.cancel(reason);
    this.#unwatch();
    return canceled;
  }

  decodeFailed(error: unknown): void {
    this.#endReading();
    const canceled = this.errorOf(error);
    this.#cancel(canceled, error, canceled);
    this.#unwatch();
  }

  readDrained(): void {
    // Nothing is left that a signal could take back.
    if (!this.state.live) this.#unwatch();
  }

  readFinished(): void {
    this.#endReading();
    if (!this.state.live) this.#unwatch();
  }

  recvTimedOut(timeoutMs: number): void {
    const { cancelRemoteOnRecvTimeout } = this.#init;
    const error = this.dialect.recvTimedOut(this.where, timeoutMs, cancelRemoteOnRecvTimeout);
    if (cancelRemoteOnRecvTimeout) this.#cancel(error);
    else this.readView?.fail({ error });
  }

  beforeSend(): void {
    // The client's header opened the stream: nothing is due.
  }

  writeClosed(): void {
    this.closeSend();
  }

  sourceThrew(error: unknown): void {
    this.cancel(error);
  }

  writeAborted(reason: unknown): Promise<void> {
    return this.cancel(reason);
  }

  encodeFailed(error: unknown): void {
    const canceled = this.errorOf(error);
    this.#cancel(canceled, canceled, error);
  }

  /** An abort signal that the call watches fired. */
  handleEvent(event: Event): void {
    if (event.target instanceof AbortSignal) this.#cancel(this.errorOf(event.target.reason));
  }

  /** A server that has the deadline too may be the first to find that the time is over: that is the same end. */
  #orTimedOut(error: unknown): unknown {
    if (this.#dueAt === undefined || performance.now() < this.#dueAt - DUE_MS) return error;
    const timedOut = this.dialect.timedOut(this.where, this.#init.timeoutMs);
    return isStreamError(error) && error.code === timedOut.code ? timedOut : error;
  }

  #timedOut(): void {
    this.#cancel(this.dialect.timedOut(this.where, this.#init.timeoutMs));
  }

  /** What `reason` ends it with. */
  errorOf(reason: unknown): StreamError {
    return this.dialect.canceled(this.where, reason);
  }

  /** The server has ended it: what has come may still be read. */
  #ended(error: unknown, trailer: Metadata | undefined): void {
    if (trailer !== undefined) this.#results.headerMetadata ??= NO_METADATA;
    this.#results.trailerMetadata = trailer;
    if (error === undefined) {
      this.#results.endedWell = true;
      this.queue.finish({});
      this.writeView?.recheck();
      this.writeView = undefined;
    } else {
      this.queue.finish({ error });
      this.#results.failure = { error, write: error };
      this.failWriting({ error });
    }
    this.#results.settle();
    this.sink.release();
    // Who only wanted the trailer must not fill up the connection's account with what they never read.
    if (!this.#readerTaken) this.queue.writeOff();
    // A signal or a time-out still counts until the last message has been read; where nobody reads there is none.
    const unread = this.queue.size > 0 && !this.#readDone;
    if (unread && (this.#readerTaken || this.#watched)) this.sink.linger();
    else this.#unwatch();
    this.#tellEnd();
  }

  #cancel(error: StreamError, read: unknown = error, write: unknown = error): void {
    if (this.state.close(error)) {
      this.#canceled = true;
      this.sink.cancel(error);
      this.sink.release();
    }
    this.#fail(error, read, write);
  }

  get #watched(): boolean {
    return this.#timer !== undefined || this.#init.signals.length > 0;
  }

  /** Both directions error at once; unread messages are dropped. */
  #fail(error: unknown, read: unknown = error, write: unknown = error): void {
    this.#unwatch();
    // A stream that has ended well stays so, also for whoever asks only now: what comes after takes the unread back.
    if (this.#results.trailerMetadata === undefined) this.#results.failure ??= { error, write };
    this.failReading({ error: read });
    this.#readDone = true;
    this.failWriting({ error: write });
    this.#results.settle();
    this.#tellEnd();
  }

  /** As the last step of an end: who is told of it may do anything. */
  #tellEnd(): void {
    const { observation } = this;
    if (observation === undefined || this.state.live) return;
    // An ended stream may be held for long, and what it was observed by must not be with it.
    this.observation = undefined;
    this.#init.observation = undefined;
    observation.ended(this.#results.failure?.error, this.#results.trailerMetadata, this.sink);
  }

  /** The server begins to shut down, and takes no more streams: this one goes on. */
  drain(): void {
    this.observation?.draining(this.sink);
  }

  #endReading(): void {
    this.#readDone = true;
    this.readView = undefined;
  }

  #unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    clearTimeout(this.#timer);
    for (const signal of this.#init.signals) signal.removeEventListener("abort", this);
    this.sink.unlinger();
  }
}

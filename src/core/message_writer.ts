import { attempt } from "../base/inline.ts";
import type { Codec } from "./codec.ts";
import type { Failure } from "./failure.ts";
import { handled } from "../base/handled.ts";
import { HandledWritable } from "../base/handled_streams.ts";
import type { StreamError } from "./errors.ts";
import type { StreamSink } from "./transport.ts";
import { MeasuringCodec, type Observation } from "./observation.ts";
import { presentable } from "../base/reason.ts";
import { type MessageSource, sendAllFor } from "./send_all.ts";
import type { StreamState } from "./stream_state.ts";
import { onNextTick } from "../net/event_loop.ts";
import { WriteQueue } from "./write_queue.ts";

/** What the owner of a stream is told of its writing side. */
export interface WriteOwner {
  /** How its protocol words it that the side is closed. */
  closedSend(): StreamError;
  /** A message is about to be sent: a Header that is due goes before it. */
  beforeSend(): void;
  /** `writable.close()`, after everything written before it. */
  writeClosed(): void;
  /** `writable.abort(reason)`. Resolves when the peer is being told. */
  writeAborted(reason: unknown): Promise<void> | undefined;
  /** Calls `task` once, when nothing can be sent any more. @returns A function that takes it back. */
  whenEnded(task: () => void): () => void;
  /** The source of messages has failed. */
  sourceThrew(error: unknown): void;
  /** The codec threw `error`, or the message is too large; the write rejects with it. */
  encodeFailed(error: unknown): void;
}

/** What a writer needs to know of its stream. */
export interface WriterInit<T> {
  /** Replaced once where the stream is opened later. */
  sink: StreamSink;
  readonly state: StreamState<unknown>;
  readonly codec: Codec<T>;
  readonly owner: WriteOwner;
  /** Absent where nobody observes the stream, and when it has ended. */
  observation?: Observation | undefined;
}

/**
 * What is done about `writable.abort()`: a write that waits is the first to make its signal *watched*; during such a
 * write it is *heard* there, and then *under way*: the platform errors the stream itself.
 */
type Abort = "unwatched" | "watched" | "heard" | "under way";

/** Messages that wait for the connection, in their order, and what it calls when it takes some. */
interface Waiting<T> {
  readonly messages: { readonly message: T; readonly sent: PromiseWithResolvers<void> }[];
  readonly wake: () => void;
}

/** For all messages that were sent at once: a promise for each, marked as handled, takes as long as all else. */
const SENT: Promise<void> = Promise.resolve();

/**
 * The writing side of a stream: encodes messages into the connection's buffer, for the library itself through
 * {@linkcode send}, for the user through a WritableStream. Both wait while the connection is congested.
 */
export class MessageWriter<T> {
  readonly #init: WriterInit<T>;
  /** The codec of a stream that somebody observes. */
  #measured: MeasuringCodec<T> | undefined;
  #failure: Failure | undefined;
  /** Whether that was no good end. */
  #failed = false;
  #writable: WritableStream<T> | undefined;
  #controller: WritableStreamDefaultController | undefined;
  #closed = false;
  #abort: Abort = "unwatched";
  /** What `writable` has been given and has not been sent. */
  #queue: WriteQueue | undefined;
  #flushed: PromiseWithResolvers<void> | undefined;
  /** Messages that wait for the connection. */
  #waiting: Waiting<T> | undefined;

  constructor(init: WriterInit<T>) {
    this.#init = init;
    if (init.observation !== undefined) this.#measured = new MeasuringCodec(init.codec);
  }

  /** The WritableStream, made when first asked for. */
  get writable(): WritableStream<T> {
    return this.#writable ??= this.#makeWritable(this.#queue ??= new WriteQueue());
  }

  #makeWritable(queue: WriteQueue): WritableStream<T> {
    return new HandledWritable<T>({
      start: (controller) => {
        this.#controller = controller;
        if (this.#failure !== undefined) controller.error(this.#failure.error);
      },
      write: (message, controller) => this.#write(message, controller, queue),
      close: () => this.#close(),
      abort: (reason) => this.#init.owner.writeAborted(reason),
    }, {
      highWaterMark: 1,
      size: () => {
        queue.give();
        return 1;
      },
    });
  }

  /**
   * Sends a message: at once, or, where a promise comes back, behind those that wait, and when the connection takes
   * messages again.
   *
   * @throws The stream's error after its end; 12005 where the sending side is closed; the codec's own error.
   */
  send(message: T): Promise<void> | undefined {
    if (this.#queue === undefined || this.#queue.size === 0) return this.#send(message);
    this.#check();
    const sent = Promise.withResolvers<void>();
    this.#queue.after(() => sent.resolve(attempt(() => this.#send(message))));
    return sent.promise;
  }

  /** As {@linkcode send}, for users: a promise always, whose rejection ends no process. */
  sendFor(message: T): Promise<void> {
    try {
      if (this.#closed) throw this.#init.owner.closedSend();
      const sending = this.send(message);
      return sending === undefined ? SENT : handled(sending);
    } catch (error) {
      return handled(Promise.reject(error));
    }
  }

  /** Sends all that `source` gives, and closes the side, as `writable.close()` does. */
  sendAll(source: MessageSource<T>): Promise<void> {
    const { owner, state } = this.#init;
    const sending = sendAllFor(source, {
      ended: () => !state.canSend,
      send: (message) => this.send(message),
      whenEnded: (task) => owner.whenEnded(task),
      sourceThrew: (error) => owner.sourceThrew(error),
      endError: () => this.#failure === undefined ? this.#init.owner.closedSend() : this.#failure.error,
    });
    return handled(sending.then(() => this.#closeBehind()));
  }

  /** What was written before and not awaited goes first. */
  async #closeBehind(): Promise<void> {
    for (let flushed = this.flushed(); flushed !== undefined; flushed = this.flushed()) await flushed;
    if (this.#failed) throw this.#failure?.error;
    this.#init.owner.writeClosed();
  }

  /** The stream has its connection, and is open there. */
  attach(sink: StreamSink): void {
    this.#init.sink = sink;
    this.#sendWaiting();
  }

  /** Ends the writing at once: waiting and later writes reject with `failure`'s error. The first failure wins. */
  fail(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#failed = true;
    // An error of ours in the middle of abort() would make that reject.
    if (this.#abort !== "under way") this.#controller?.error(failure.error);
    this.#settle();
  }

  /** As {@linkcode fail}, but a `close()` that waits behind what was written still resolves. */
  finish(failure: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    // One that has been closed has its end.
    if (this.#controller !== undefined && !this.#closed) {
      onNextTick(() => this.#controller?.error(failure.error));
    }
    this.#settle();
  }

  #settle(): void {
    this.#measured = undefined;
    if (this.#init.observation !== undefined) this.#init.observation = undefined;
    this.recheck();
    this.#resolveFlushed();
  }

  /** Lets waiting messages look at the state again: it may be closed by now. */
  recheck(): void {
    if (this.#failure === undefined && this.#init.state.canSend) return;
    if (this.#waiting !== undefined) this.#dropWaiting(this.#waiting);
    this.#queue?.drop();
  }

  #dropWaiting({ messages, wake }: Waiting<T>): void {
    this.#waiting = undefined;
    const error = this.#failure === undefined ? this.#init.owner.closedSend() : this.#failure.error;
    this.#init.sink.unwait(wake);
    for (const { sent } of messages) sent.reject(error);
  }

  /** Resolves when everything written so far has been sent; `undefined` where it has. */
  flushed(): Promise<void> | undefined {
    if (this.#flushedNow || this.#failure !== undefined) return undefined;
    this.#flushed ??= Promise.withResolvers();
    return this.#flushed.promise;
  }

  get #flushedNow(): boolean {
    const queued = this.#closed || this.#queue === undefined ? 0 : this.#queue.size;
    return queued === 0 && this.#waiting === undefined;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#init.state.canSend) throw this.#init.owner.closedSend();
  }

  #sendNow(message: T): void {
    const { owner, codec } = this.#init;
    owner.beforeSend();
    try {
      this.#init.sink.sendMessage(this.#measured ?? codec, message);
    } catch (thrown) {
      const error = presentable(thrown);
      owner.encodeFailed(error);
      throw error;
    }
    if (this.#measured !== undefined) this.#init.observation?.sent(this.#measured.bytes);
  }

  #send(message: T): Promise<void> | undefined {
    this.#check();
    if (this.#init.sink.congested || this.#waiting !== undefined) return this.#sendLater(message);
    this.#sendNow(message);
    return undefined;
  }

  /** Sends when the connection takes messages again: in the callback itself, so that one of many is woken and not all. */
  #sendLater(message: T): Promise<void> {
    const sent = Promise.withResolvers<void>();
    if (this.#waiting !== undefined) {
      this.#waiting.messages.push({ message, sent });
    } else {
      this.#waiting = { messages: [{ message, sent }], wake: () => this.#sendWaiting() };
      this.#init.sink.wait(this.#waiting.wake);
    }
    return sent.promise;
  }

  /** Sends what waits, in the order of the calls, for as long as the connection takes it. */
  #sendWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    while (this.#waiting === waiting && !this.#init.sink.congested) {
      const first = waiting.messages.shift();
      if (first === undefined) return;
      try {
        this.#check();
        this.#sendNow(first.message);
        first.sent.resolve();
      } catch (error) {
        first.sent.reject(error);
      }
      if (waiting.messages.length > 0 || this.#waiting !== waiting) continue;
      this.#waiting = undefined;
      this.#resolveFlushed();
    }
    if (this.#waiting === waiting) this.#init.sink.wait(waiting.wake);
  }

  #write(
    message: T,
    controller: WritableStreamDefaultController,
    queue: WriteQueue,
  ): Promise<void> | undefined {
    let sending: Promise<void> | undefined;
    try {
      sending = this.#send(message);
    } finally {
      if (sending === undefined) this.#taken(queue);
    }
    if (sending === undefined) return undefined;
    this.#watchAbort(controller);
    this.#abort = "heard";
    const over = () => {
      if (this.#abort === "heard") this.#abort = "watched";
      this.#taken(queue);
    };
    sending.then(over, over);
    return sending;
  }

  /** While a write is under way, abort() reaches the sink through this signal alone. */
  #watchAbort({ signal }: WritableStreamDefaultController): void {
    if (this.#abort !== "unwatched") return;
    signal.addEventListener("abort", () => {
      if (this.#abort !== "heard") return;
      this.#abort = "under way";
      this.#init.owner.writeAborted(signal.reason);
    }, { once: true });
  }

  #close(): Promise<void> | undefined {
    this.#closed = true;
    if (this.#waiting !== undefined) return this.#closeBehind();
    this.#resolveFlushed();
    this.#init.owner.writeClosed();
    return undefined;
  }

  #taken(queue: WriteQueue): void {
    queue.take();
    this.#resolveFlushed();
  }

  #resolveFlushed(): void {
    if (this.#flushed === undefined || this.flushed() !== undefined) return;
    this.#flushed.resolve();
    this.#flushed = undefined;
  }
}

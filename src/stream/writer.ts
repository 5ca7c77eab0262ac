import type { Codec } from "../codec.ts";
import { type DataPrefix, dataPrefix } from "../wire/encode.ts";
import { handled } from "../handled.ts";
import { HandledWritable } from "../handled_streams.ts";
import { Description, ErrorCode, type Side, streamError, type TTStreamError } from "../errors.ts";
import type { StreamLink } from "./link.ts";
import { type MessageSource, sendAllFor } from "./send_all.ts";
import { presentable } from "../reason.ts";
import type { StreamState } from "./state.ts";
import { nextTick } from "../turn.ts";

/** What the owner of a stream is told of its writing side. */
export interface WriteOwner {
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
  readonly streamId: number;
  readonly side: Side;
  readonly service: string;
  readonly method: string;
  readonly state: StreamState;
  readonly link: StreamLink;
  readonly codec: Codec<T>;
  readonly owner: WriteOwner;
}

/**
 * The writing side of a stream: encodes messages into the connection's buffer, for the library itself through
 * {@linkcode send}, for the user through a WritableStream. Both wait while the connection is congested.
 */
export class MessageWriter<T> {
  readonly #init: WriterInit<T>;
  /** The connection and the id that the stream has there; both are replaced once where it is opened later. */
  #link: StreamLink;
  #streamId: number;
  readonly #prefix: DataPrefix;
  #failure: { readonly error: unknown } | undefined;
  #writable: WritableStream<T> | undefined;
  #controller: WritableStreamDefaultController | undefined;
  #closed = false;
  /** Set once the user has aborted `writable` while a write was under way: the platform errors it itself. */
  #aborting = false;
  /** Messages given to `writable` and not sent: only the strategy's `size` sees those behind the one in the sink. */
  #queued = 0;
  #flushed: PromiseWithResolvers<void> | undefined;
  /** Writes that wait for the connection. */
  #waiting: Set<() => void> | undefined;

  constructor(init: WriterInit<T>) {
    this.#init = init;
    this.#link = init.link;
    this.#streamId = init.streamId;
    this.#prefix = dataPrefix(init.method);
  }

  /** The WritableStream, made when first asked for. */
  get writable(): WritableStream<T> {
    return this.#writable ??= new HandledWritable<T>({
      start: (controller) => {
        this.#controller = controller;
        if (this.#failure !== undefined) controller.error(this.#failure.error);
      },
      write: (message, controller) => this.#write(message, controller),
      close: () => this.#close(),
      abort: (reason) => this.#init.owner.writeAborted(reason),
    }, {
      highWaterMark: 1,
      size: () => {
        this.#queued++;
        return 1;
      },
    });
  }

  /**
   * Sends a message: at once, or, where a promise comes back, when the connection takes messages again.
   *
   * @throws The stream's error after its end; 12005 where the sending side is closed; the codec's own error.
   */
  send(message: T): Promise<void> | undefined {
    this.#check();
    if (this.#link.congested) return this.#sendLater(message);
    this.#sendNow(message);
    return undefined;
  }

  /** As {@linkcode send}, for users: a promise always, whose rejection ends no process. */
  sendFor(message: T): Promise<void> {
    try {
      if (this.#closed) throw this.#closedError();
      return handled(this.send(message) ?? Promise.resolve());
    } catch (error) {
      return handled(Promise.reject(error));
    }
  }

  /** Sends all that `source` gives, and closes the side, as `writable.close()` does. */
  sendAll(source: MessageSource<T>): Promise<void> {
    const { owner, state } = this.#init;
    const sending = sendAllFor(source, {
      get ended() {
        return !state.canSend;
      },
      send: (message) => this.send(message),
      whenEnded: (task) => owner.whenEnded(task),
      sourceThrew: (error) => owner.sourceThrew(error),
      endError: () => this.#failure === undefined ? this.#closedError() : this.#failure.error,
    });
    return handled(sending.then(() => this.#closeBehindQueue()));
  }

  /** What was written through `writable` and not awaited goes first. */
  async #closeBehindQueue(): Promise<void> {
    for (let flushed = this.flushed(); flushed !== undefined; flushed = this.flushed()) await flushed;
    this.#init.owner.writeClosed();
  }

  /** The stream has its connection, and is open there. */
  attach(link: StreamLink, streamId: number): void {
    this.#link = link;
    this.#streamId = streamId;
    for (const wake of [...this.#waiting ?? []]) {
      if (link.congested) link.wait(wake);
      else wake();
    }
  }

  /** Ends the writing at once: waiting and later writes reject with `error`. The first failure wins. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    // An error of ours in the middle of abort() would make that reject.
    if (!this.#aborting) this.#controller?.error(error);
    this.#settle();
  }

  /** As {@linkcode fail}, but a `close()` that waits behind what was written still resolves. */
  finish(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    if (this.#controller !== undefined) nextTick().then(() => this.#controller?.error(error));
    this.#settle();
  }

  #settle(): void {
    this.recheck();
    this.#resolveFlushed();
  }

  /** Lets waiting writes look at the state again: it may be closed by now. */
  recheck(): void {
    if (this.#failure === undefined && this.#init.state.canSend) return;
    for (const wake of this.#waiting ?? []) {
      this.#link.unwait(wake);
      wake();
    }
  }

  /** Resolves when everything written so far has been sent; `undefined` where it has. */
  flushed(): Promise<void> | undefined {
    if (this.#queued === 0 || this.#closed || this.#failure !== undefined) return undefined;
    this.#flushed ??= Promise.withResolvers();
    return this.#flushed.promise;
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#init.state.canSend) throw this.#closedError();
  }

  #closedError(): TTStreamError {
    const { side, service, method } = this.#init;
    const description = Description.closedSend;
    return streamError({ code: ErrorCode.IllegalOperation, description, side, service, method });
  }

  #sendNow(message: T): void {
    const { owner, codec } = this.#init;
    owner.beforeSend();
    try {
      this.#link.sendMessage(this.#streamId, this.#prefix, codec, message);
    } catch (thrown) {
      const error = presentable(thrown);
      owner.encodeFailed(error);
      throw error;
    }
  }

  /** Sends when the connection takes messages again: in the callback itself, so that one of many is woken and not all. */
  #sendLater(message: T): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const wake = () => {
      this.#waiting?.delete(wake);
      try {
        this.#check();
        if (this.#link.congested) return wait();
        this.#sendNow(message);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    const wait = () => {
      (this.#waiting ??= new Set()).add(wake);
      this.#link.wait(wake);
    };
    wait();
    return promise;
  }

  #write(message: T, controller: WritableStreamDefaultController): Promise<void> | undefined {
    let sending: Promise<void> | undefined;
    try {
      sending = this.send(message);
    } finally {
      if (sending === undefined) this.#dequeue();
    }
    if (sending === undefined) return undefined;
    // While a write is under way, abort() reaches the sink through this signal alone.
    const { signal } = controller;
    const aborted = () => {
      this.#aborting = true;
      this.#init.owner.writeAborted(signal.reason);
    };
    signal.addEventListener("abort", aborted, { once: true });
    return sending.finally(() => {
      signal.removeEventListener("abort", aborted);
      this.#dequeue();
    });
  }

  #close(): void {
    this.#closed = true;
    this.#resolveFlushed();
    this.#init.owner.writeClosed();
  }

  #dequeue(): void {
    this.#queued--;
    if (this.#queued === 0) this.#resolveFlushed();
  }

  #resolveFlushed(): void {
    this.#flushed?.resolve();
    this.#flushed = undefined;
  }
}

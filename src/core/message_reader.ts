import type { Codec } from "./codec.ts";
import type { Failure } from "./failure.ts";
import type { ReceiveQueue } from "./receive_queue.ts";
import { MessageStream } from "./message_stream.ts";
import { handled } from "../base/handled.ts";
import { presentable } from "../base/reason.ts";
import { breathe, Pace, setTimer } from "../net/event_loop.ts";

/** What the owner of a stream is told of its reading side. */
export interface ReadOwner {
  /** The user wants no more: `readable.cancel(reason)`, `break`, or the iterator's `return`. Resolves when the peer is being told. */
  readCanceled(reason: unknown): Promise<void> | undefined;
  /** The codec threw `error`, and the read rejects with it. */
  decodeFailed(error: unknown): void;
  /** The last message has been read: what is left is the end. */
  readDrained(): void;
  /** The reader has come to the end. */
  readFinished(): void;
  /** Nothing came within `timeoutMs` while a read waited. */
  recvTimedOut(timeoutMs: number): void;
}

/** How long a read may wait, in milliseconds; 0 is for ever. */
export interface ReadTimeouts {
  readonly firstMessageMs: number;
  readonly recvMs: number;
}

/** Reads wait for ever. */
export const NO_TIMEOUTS: ReadTimeouts = { firstMessageMs: 0, recvMs: 0 };

/** Messages decoded in one pull at the most, and their bytes: enough to pay for the pull, few enough to stay small. */
const PULL_MESSAGES = 64;
const PULL_BYTES = 256 * 1024;

/** Messages that a reader takes in a row, none of them waited for, before it looks whether timers are due. */
const BURST_MESSAGES = 256;
/** One for all readers: there is one event loop. */
const pace = new Pace();

/**
 * The reading side of a stream: takes payloads from the receive queue, decodes them, and hands them out through a
 * ReadableStream or, faster, an iterator of its own. Codecs run here, when the user reads.
 */
export class MessageReader<T> {
  readonly #queue: ReceiveQueue;
  readonly #codec: Codec<T>;
  readonly #owner: ReadOwner;
  readonly #timeouts: ReadTimeouts;
  /** Whether a message has been taken. */
  #begun = false;
  #arrival: Promise<void> | undefined;
  /** Messages taken since the last wait. */
  #burst = 0;
  #readable: MessageStream<T> | undefined;
  #controller: ReadableStreamDefaultController<T> | undefined;
  /** Whether the ReadableStream has been read: messages may wait in its own queue. */
  #pulled = false;
  #iterating = false;
  /** How many `next()` wait, and the last of them. */
  #asking = 0;
  #asked: Promise<unknown> | undefined;
  #done = false;

  constructor(queue: ReceiveQueue, codec: Codec<T>, owner: ReadOwner, timeouts: ReadTimeouts = NO_TIMEOUTS) {
    this.#queue = queue;
    this.#codec = codec;
    this.#owner = owner;
    this.#timeouts = timeouts;
  }

  /** The messages as a ReadableStream, made when first asked for; locked while an iteration of its own is under way. */
  get readable(): ReadableStream<T> {
    if (this.#readable === undefined) {
      this.#readable = new MessageStream<T>({
        start: (controller) => this.#start(controller),
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => this.#cancel(reason),
      }, () => this.#pulled || this.#done ? undefined : this.#iterate());
      if (this.#iterating) MessageStream.lock(this.#readable);
    }
    return this.#readable;
  }

  /**
   * The messages as an iterator, without a ReadableStream in between. Leaving it early cancels the stream.
   *
   * @throws {TypeError} If they are being read already.
   */
  iterate(): AsyncIterableIterator<T> {
    return this.#readable === undefined ? this.#iterate() : this.#readable.values();
  }

  #iterate(): AsyncIterableIterator<T> {
    if (this.#iterating) throw new TypeError("the stream's messages are being read already");
    this.#queue.claim(this);
    if (this.#readable !== undefined) MessageStream.lock(this.#readable);
    this.#iterating = true;
    return new MessageIterator(this);
  }

  /** The iteration is left early. */
  async leave(reason: unknown): Promise<void> {
    const iterated = this.#iterating;
    this.#release();
    if (this.#readable === undefined) await this.#cancel(reason);
    else if (iterated) await MessageStream.cancel(this.#readable, reason);
  }

  /** The iteration is over. */
  #release(): void {
    this.#iterating = false;
    if (this.#readable !== undefined) MessageStream.unlock(this.#readable);
  }

  /** The next message. Rejects with the stream's error, once; is done after that. Who asks first goes first. */
  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#asking > 0 || this.#burst >= BURST_MESSAGES) {
      return this.#asked = handled(this.#wait(this.#asked));
    }
    try {
      if (this.#queue.ready || this.#done) return Promise.resolve(this.#take());
      this.#queue.claim(this);
      this.#asking = 1;
      return this.#asked = handled(this.#takeNext());
    } catch (error) {
      return handled(Promise.reject(error));
    }
  }

  async #wait(before: Promise<unknown> | undefined): Promise<IteratorResult<T, undefined>> {
    this.#asking++;
    try {
      this.#queue.claim(this);
      await before?.catch(() => {
        // Whoever asked for that one has been told.
      });
      for (let breath = this.#breathe(); breath !== undefined; breath = this.#breathe()) await breath;
      while (!this.#queue.ready && !this.#done) await this.#arrive();
      return this.#take();
    } finally {
      this.#asking--;
      if (this.#asking === 0) this.#asked = undefined;
    }
  }

  /** What comes next, for the only one who asks: without the frame of an async function, which costs as much as the rest. */
  #takeNext(): Promise<IteratorResult<T, undefined>> {
    return this.#arrive().then(() => {
      if (!this.#queue.ready && !this.#done) return this.#takeNext();
      this.#asking--;
      if (this.#asking === 0) this.#asked = undefined;
      return this.#take();
    });
  }

  /** What is there: a message or the end. */
  #take(): IteratorResult<T, undefined> {
    if (this.#done) return this.over();
    this.#queue.claim(this);
    const payload = this.#queue.peek();
    if (payload === undefined) {
      const { end } = this.#queue;
      this.#finish();
      if (end === undefined || !("error" in end)) {
        this.#controller?.close();
        return this.over();
      }
      this.#controller?.error(end.error);
      this.#release();
      throw end.error;
    }
    let message: T;
    try {
      message = this.#codec.decode(payload);
    } catch (thrown) {
      const error = presentable(thrown);
      this.#decodeFailed(error);
      this.#release();
      throw error;
    }
    this.#shift();
    return { done: false, value: message };
  }

  #shift(): void {
    this.#burst++;
    this.#begun = true;
    if (this.#queue.shift()) this.#owner.readDrained();
  }

  /** The end of an iteration. */
  over(): IteratorResult<T, undefined> {
    this.#release();
    return { done: true, value: undefined };
  }

  /** The reader has all it wants; what still comes is dropped, and the stream goes on. */
  discard(): void {
    if (this.#done) return;
    this.#queue.discard();
    this.#finish();
  }

  /** Ends the reading at once with `failure`'s error; what is waiting is dropped. */
  fail(failure: Failure): void {
    if (this.#done) return;
    this.#queue.break(failure);
    if (this.#controller === undefined) return;
    // An iteration comes to its end by itself: it throws the error first.
    if (!this.#iterating) this.#finish();
    this.#controller.error(failure.error);
  }

  #start(controller: ReadableStreamDefaultController<T>): void {
    this.#controller = controller;
    const { broken, end } = this.#queue;
    if (!broken || end === undefined) return;
    if (!this.#iterating) this.#finish();
    controller.error(end.error);
  }

  async #pull(controller: ReadableStreamDefaultController<T>): Promise<void> {
    this.#queue.claim(this);
    this.#pulled = true;
    const breath = this.#breathe();
    if (breath !== undefined) await breath;
    while (!this.#queue.ready && !this.#done) await this.#arrive();
    let bytes = 0;
    for (let count = 0; count < PULL_MESSAGES && bytes < PULL_BYTES && !this.#done; count++) {
      // The last message is read when somebody asks for it: until then a signal may still take it back.
      if (count > 0 && this.#queue.last) return;
      const payload = this.#queue.peek();
      if (payload === undefined) {
        // Behind messages just handed out the end must wait: an error would drop them.
        if (count === 0) this.#end(controller);
        return;
      }
      let message: T;
      try {
        message = this.#codec.decode(payload);
      } catch (thrown) {
        if (count === 0) this.#decodeFailed(presentable(thrown));
        return;
      }
      // The codec is the user's code: it may have ended the stream meanwhile.
      if (this.#done) return;
      this.#shift();
      bytes += payload.length;
      controller.enqueue(message);
    }
  }

  #end(controller: ReadableStreamDefaultController<T>): void {
    const { end } = this.#queue;
    if (end === undefined) return;
    this.#finish();
    if ("error" in end) controller.error(end.error);
    else controller.close();
  }

  #decodeFailed(error: unknown): void {
    this.#done = true;
    this.#queue.discard();
    this.#controller?.error(error);
    this.#owner.decodeFailed(error);
  }

  #cancel(reason: unknown): Promise<void> | undefined {
    if (this.#done) return undefined;
    this.#done = true;
    this.#queue.discard();
    return this.#owner.readCanceled(reason);
  }

  #finish(): void {
    this.#done = true;
    this.#owner.readFinished();
  }

  /** Thousands of messages that have come already must not keep the event loop from its timers. */
  #breathe(): Promise<void> | undefined {
    if (this.#burst < BURST_MESSAGES) return undefined;
    if (pace.due) return breathe();
    this.#burst = 0;
    return undefined;
  }

  /** Waits for the next message or the end. All who wait share one promise, and one timer. */
  #arrive(): Promise<void> {
    return this.#arrival ??= new Promise((resolve) => {
      const { firstMessageMs, recvMs } = this.#timeouts;
      const ms = this.#begun ? recvMs : firstMessageMs;
      const timer = ms === 0 ? undefined : setTimer(() => this.#owner.recvTimedOut(ms), ms);
      this.#queue.wait(() => {
        clearTimeout(timer);
        this.#arrival = undefined;
        this.#burst = 0;
        resolve();
      });
    });
  }
}

/** An iteration of its own. A class: a literal with a closure for each method took a twentieth of what a short stream costs. */
class MessageIterator<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #reader: MessageReader<T>;
  /** Who has left is told nothing more, an error that came before neither: so it is with the platform's. */
  #left = false;

  constructor(reader: MessageReader<T>) {
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#left ? Promise.resolve(this.#reader.over()) : this.#reader.next();
  }

  async return(value?: unknown): Promise<IteratorReturnResult<unknown>> {
    this.#left = true;
    await this.#reader.leave(value);
    return { done: true, value };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#left = true;
    return this.#reader.leave(undefined);
  }
}

import type { Bytes } from "../base/buffer.ts";
import type { Failure } from "./failure.ts";

/** Where the bytes that nobody has read yet are counted: one account for all streams of a connection. */
export interface UnreadAccount {
  /** Adds to what is unread: so many bytes in so many messages. Negative numbers take away. */
  charge(bytes: number, messages: number): void;
}

/** For messages that are not the connection's any more. */
const UNCOUNTED: UnreadAccount = { charge() {} };

/** What every queue begins with, and comes back to: an idle stream has no array of its own. Nothing is pushed to it. */
const EMPTY: Bytes[] = [];

/** How many read messages may lie at the front of the queue before they are swept away. */
const SWEEP_LENGTH = 1024;

/** How a stream's incoming side ended; `error` is absent where it ended well. */
export interface ReceiveEnd {
  readonly error?: unknown;
}

/**
 * The messages that have come and not been read, and how they end: after the reader has drained what is there
 * ({@linkcode finish}), or at once ({@linkcode break}).
 */
export class ReceiveQueue {
  #account: UnreadAccount;
  #queue: Bytes[] = EMPTY;
  #head = 0;
  #end: ReceiveEnd | undefined;
  /** One field for both: every live stream has a queue. */
  #state: "open" | "discarding" | "broken" = "open";
  #wake: (() => void) | undefined;
  #reader: object | undefined;

  /** @param account Where it counts; before {@linkcode attach} nothing comes. */
  constructor(account: UnreadAccount = UNCOUNTED) {
    this.#account = account;
  }

  /** The stream has its connection. */
  attach(account: UnreadAccount): void {
    this.#account = account;
  }

  /**
   * Who looks at a side of a stream has not read it yet: of several readers the first that reads has the messages.
   *
   * @throws {TypeError} If another one has them.
   */
  claim(reader: object): void {
    this.#reader ??= reader;
    if (this.#reader !== reader) throw new TypeError("the stream's messages are being read already");
  }

  /** How many messages are waiting. */
  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether a read has something to find: a message or the end. */
  get ready(): boolean {
    return this.#head < this.#queue.length || this.#end !== undefined;
  }

  /** Whether the end has come, and one message is before it. */
  get last(): boolean {
    return this.#end !== undefined && this.#head + 1 === this.#queue.length;
  }

  /** Whether the end came at once, with an error. */
  get broken(): boolean {
    return this.#state === "broken";
  }

  /** The end, once the messages before it have been taken. */
  get end(): ReceiveEnd | undefined {
    return this.#head < this.#queue.length ? undefined : this.#end;
  }

  /** Takes a message in; after the end, or where nobody wants it, it is dropped. */
  push(payload: Bytes): void {
    if (this.#end !== undefined || this.#state === "discarding") return;
    this.#account.charge(payload.length, 1);
    if (this.#queue === EMPTY) this.#queue = [payload];
    else this.#queue.push(payload);
    this.#notify();
  }

  /** The end, behind what is waiting. The first end wins. */
  finish(end: ReceiveEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#notify();
  }

  /** The end at once: what is waiting is dropped. It overrides a `finish`; of two breaks the first wins. */
  break(failure: Failure): void {
    if (this.#state === "broken") return;
    this.#state = "broken";
    this.#drop();
    this.#end = failure;
    this.#notify();
  }

  /** The reader wants no more: what is waiting and what still comes is dropped, and a read that waits is woken. */
  discard(): void {
    if (this.#state === "open") this.#state = "discarding";
    this.#drop();
    this.#notify();
  }

  /** The first waiting message, left where it is. */
  peek(): Bytes | undefined {
    return this.#queue[this.#head];
  }

  /** Removes the first waiting message. @returns Whether it was the last one: the end is behind it. */
  shift(): boolean {
    const payload = this.#queue[this.#head];
    if (payload === undefined) return false;
    this.#head++;
    if (this.#queue.length === 1) {
      // Mostly it was the only one: an array of its own for each would take five times as long.
      this.#queue.pop();
      this.#head = 0;
    } else if (this.#head === this.#queue.length || this.#head >= SWEEP_LENGTH) {
      // What has been read must not stay in memory because the queue never runs empty.
      this.#queue = this.#head === this.#queue.length ? EMPTY : this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#account.charge(-payload.length, -1);
    return this.#end !== undefined && this.#queue.length === 0;
  }

  /**
   * Copies waiting messages out of buffers that are mostly other messages': a few unread bytes must not keep a whole
   * read buffer in memory for as long as nobody reads them.
   */
  compact(): void {
    for (let i = this.#head; i < this.#queue.length; i++) {
      const payload = this.#queue[i];
      if (payload !== undefined && payload.length * 2 < payload.buffer.byteLength) {
        this.#queue[i] = payload.slice();
      }
    }
  }

  /** Takes what is waiting off the account: nobody has begun to read it, and nothing more will come. */
  writeOff(): void {
    this.compact();
    this.#account.charge(-this.#waitingBytes(), -this.size);
    this.#account = UNCOUNTED;
  }

  /** Calls `wake` once, when the next message or the end has come. There is one waiter at a time. */
  wait(wake: () => void): void {
    this.#wake = wake;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #drop(): void {
    const bytes = this.#waitingBytes();
    const messages = this.size;
    this.#queue = EMPTY;
    this.#head = 0;
    if (messages > 0) this.#account.charge(-bytes, -messages);
  }

  #waitingBytes(): number {
    let bytes = 0;
    for (let i = this.#head; i < this.#queue.length; i++) {
      bytes += this.#queue[i]?.length ?? 0;
    }
    return bytes;
  }
}

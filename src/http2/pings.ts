import { setTimer, type Timer } from "../net/event_loop.ts";
import type { Bytes } from "../base/buffer.ts";
import { uint32 } from "./frame.ts";
import { MAX_PINGS } from "./limits.ts";

/** What the pings of a connection need. */
export interface PingsOptions {
  /** After so many milliseconds without a byte from the peer it is asked; 0 for never. */
  readonly keepaliveMs: number;
  /** How long, in milliseconds, it may then say nothing. */
  readonly keepaliveTimeoutMs: number;
  /** Whether nothing is read at present. */
  paused(): boolean;
  /** Sends a PING whose payload ends with these 32 bits. */
  send(payload: number): void;
  /** The peer has not answered. */
  silent(description: string): void;
  /** A timer has been set; it is no reason to keep the process alive. */
  timerSet(timer: Timer): void;
}

/** The PINGs that are sent, and keep-alive (RFC 9113 6.7). Time is looked at when a timer fires, not for each chunk. */
export class Pings {
  readonly #options: PingsOptions;
  #sent = 0;
  #waiting: { readonly payload: number; readonly answer: PromiseWithResolvers<void> }[] = [];
  #timer: Timer;
  #heardAt = 0;
  /** When the peer was asked whether it is there, until it says anything. */
  #askedAt: number | undefined;
  #stopped = false;

  constructor(options: PingsOptions) {
    this.#options = options;
  }

  /** Begins to watch. */
  start(): void {
    if (this.#options.keepaliveMs === 0) return;
    this.#heardAt = performance.now();
    this.#set(this.#options.keepaliveMs);
  }

  /** Something has come. */
  heard(): void {
    if (this.#options.keepaliveMs === 0) return;
    this.#heardAt = performance.now();
    if (this.#askedAt === undefined || this.#stopped) return;
    this.#askedAt = undefined;
    clearTimeout(this.#timer);
    this.#set(this.#options.keepaliveMs);
  }

  /**
   * Asks the peer for an answer. Resolves when it has come; rejects with what `stop` was given, or with a RangeError
   * where too many answers are missing.
   */
  ping(): Promise<void> {
    if (this.#stopped) return Promise.reject(new Error("the connection has ended"));
    if (this.#waiting.length >= MAX_PINGS) {
      return Promise.reject(new RangeError(`${MAX_PINGS} PINGs have not been answered`));
    }
    const answer = Promise.withResolvers<void>();
    this.#sent++;
    this.#waiting.push({ payload: this.#sent >>> 0, answer });
    this.#options.send(this.#sent);
    return answer.promise;
  }

  /** An answer has come; its payload is at `start`. One to no question is nothing. */
  answered(bytes: Bytes, start: number): void {
    if (uint32(bytes, start) !== 0) return;
    const payload = uint32(bytes, start + 4);
    const at = this.#waiting.findIndex((ping) => ping.payload === payload);
    if (at < 0) return;
    // Answers come in the order of their questions: those before it will not come.
    for (const { answer } of this.#waiting.splice(0, at + 1)) answer.resolve();
  }

  /** The connection has ended: nobody answers. */
  stop(error: unknown): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const { answer } of this.#waiting.splice(0)) answer.reject(error);
  }

  #set(ms: number): void {
    this.#timer = setTimer(() => this.#look(), ms);
    if (this.#timer !== undefined) this.#options.timerSet(this.#timer);
  }

  #look(): void {
    const { keepaliveMs, keepaliveTimeoutMs } = this.#options;
    const now = performance.now();
    if (this.#options.paused()) {
      // The silence is ours: the peer's answer may lie in the socket.
      this.#heardAt = now;
      this.#askedAt = undefined;
    }
    if (this.#askedAt === undefined) {
      const left = this.#heardAt + keepaliveMs - now;
      if (left > 0) return this.#set(left);
      this.#askedAt = now;
      this.#sent++;
      this.#options.send(this.#sent);
      return this.#set(keepaliveTimeoutMs);
    }
    const left = this.#askedAt + keepaliveTimeoutMs - now;
    if (left > 0) return this.#set(left);
    this.#options.silent(`the peer has not answered a PING for ${keepaliveTimeoutMs} ms`);
  }
}

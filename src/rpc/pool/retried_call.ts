import type { Backoff } from "./backoff.ts";
import { ByteBuffer, type Bytes } from "../../base/buffer.ts";
import { ClientSide } from "../../core/client_side.ts";
import type { CallInit } from "../../core/call_init.ts";
import { callSafely } from "../../base/call_safely.ts";
import type { ClientStream } from "../client/client_stream.ts";
import { type Codec, payloadOf } from "../../core/codec.ts";
import type { ClientSink } from "../../core/transport.ts";
import type { Metadata } from "../../core/metadata.ts";
import { nextTick, setTimer, type Timer } from "../../net/event_loop.ts";

/** When to open a stream again. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly retryable: (error: unknown) => boolean;
  readonly backoff: Backoff;
}

/**
 * Bytes of messages that are taken from an attempt before their reader wants them: enough to keep both busy. What is
 * beyond them stays in the account of its connection.
 */
const AHEAD_BYTES = 64 * 1024;

/**
 * A call whose connection is another stream, and after that maybe another one: what it writes goes to the attempt under
 * way, what comes from that is handed to it. All that a user sees is the call's: time-outs, signals, codecs.
 *
 * ```
 * user <─ ClientSide <─events─ RetriedCall <─messages─ attempt (a ClientStream)
 *                    ─messages─>           ─send, cancel─>
 * ```
 */
export class RetriedCall implements ClientSink {
  /** What the user holds. */
  readonly call: ClientSide;
  readonly #open: () => ClientStream<Uint8Array, Bytes>;
  readonly #policy: RetryPolicy;
  #attempt: ClientStream<Uint8Array, Bytes> | undefined;
  #attemptEnded = false;
  #attempts = 0;
  /** Whether the stream must not be opened again: the server has begun, or got more than can be sent again. */
  #committed = false;
  #headerTaken = false;
  /** The first message, for as long as it may have to be sent again. */
  #first: Bytes | undefined;
  #messages = 0;
  #halfClosed = false;
  /** Set while the attempt takes a message, and between attempts. */
  #busy = true;
  readonly #writers: Set<() => void> = new Set();
  #unreadBytes = 0;
  /** Set while the attempt is not read, since enough of it is unread. */
  #resume: (() => void) | undefined;
  #retryTimer: Timer;
  #canceled: Promise<void> | undefined;

  /** @throws Whatever `open` throws the first time. */
  constructor(init: CallInit, open: () => ClientStream<Uint8Array, Bytes>, policy: RetryPolicy) {
    this.#open = open;
    this.#policy = policy;
    this.call = new ClientSide(init, this);
    const aborted = init.signals.find((signal) => signal.aborted);
    if (aborted !== undefined) {
      this.call.refuseFor(aborted.reason);
      return;
    }
    this.#begin(open());
    this.call.attach(this);
    this.call.watch();
    this.call.closed.then(() => this.#over(), (error) => this.#over(error));
  }

  get congested(): boolean {
    return this.#busy;
  }

  wait(wake: () => void): void {
    this.#writers.add(wake);
  }

  unwait(wake: () => void): void {
    this.#writers.delete(wake);
  }

  sendMessage<T>(codec: Codec<T>, message: T): void {
    const payload = encoded(codec, message);
    this.#messages++;
    if (this.#messages === 1 && !this.#committed) this.#first = payload;
    else this.#commit();
    this.#send(payload);
  }

  closeSend(): void {
    this.#halfClosed = true;
    if (!this.#busy) this.#closeSend();
  }

  async sent(): Promise<void> {
    await this.call.closed.catch(() => {
      // `#over` has been told before.
    });
    await this.#canceled;
  }

  charge(bytes: number): void {
    this.#unreadBytes += bytes;
    if (this.#unreadBytes <= AHEAD_BYTES) this.#resume?.();
  }

  defer(task: () => void): void {
    task();
  }

  cancel(): void {
    // The call has ended, and `#over` tells the attempt why.
  }

  release(): void {}
  linger(): void {}
  unlinger(): void {}

  #commit(): void {
    this.#committed = true;
    this.#first = undefined;
  }

  #begin(attempt: ClientStream<Uint8Array, Bytes>): void {
    this.#attempts++;
    this.#attempt = attempt;
    this.#busy = false;
    if (this.#first !== undefined) this.#send(this.#first);
    else if (this.#halfClosed) this.#closeSend();
    else this.#wakeWriters();
    const ended = () => {
      if (attempt !== this.#attempt) return;
      this.#attemptEnded = true;
      this.#resume?.();
    };
    attempt.closed.then(ended, ended);
    attempt.header.then((metadata) => this.#takeHeader(attempt, metadata), () => {
      // The attempt has failed, which its reader is told.
    });
    this.#read(attempt);
  }

  /**
   * A Header without keys says little: a server's refusal has one as well. Who waits for it has it when nothing has
   * followed at once.
   */
  async #takeHeader(attempt: ClientStream<Uint8Array, Bytes>, metadata: Metadata): Promise<void> {
    if (attempt !== this.#attempt) return;
    if (metadata.size > 0) this.#commit();
    else await nextTick();
    if (attempt === this.#attempt) this.#giveHeader(metadata);
  }

  #giveHeader(metadata: Metadata): void {
    if (this.#headerTaken) return;
    this.#headerTaken = true;
    this.call.recvHeader(metadata);
  }

  async #read(attempt: ClientStream<Uint8Array, Bytes>): Promise<void> {
    try {
      const messages = attempt[Symbol.asyncIterator]();
      for (let next = await messages.next(); !next.done; next = await messages.next()) {
        if (attempt !== this.#attempt) return;
        this.#commit();
        this.call.recvMessage(next.value);
        if (this.#unreadBytes > AHEAD_BYTES) await this.#room();
      }
      await attempt.closed;
      await this.#end(attempt, undefined);
    } catch (error) {
      if (attempt === this.#attempt) await this.#failed(attempt, error);
    }
  }

  /** Waits until there is room for more. What an attempt that has ended still holds is taken at once, with its end. */
  async #room(): Promise<void> {
    if (this.#attemptEnded) return;
    await new Promise<void>((resolve) => this.#resume = resolve);
    this.#resume = undefined;
  }

  async #failed(attempt: ClientStream<Uint8Array, Bytes>, error: unknown): Promise<void> {
    if (this.#committed || this.#attempts >= this.#policy.attempts || !this.#retryable(error)) {
      return await this.#end(attempt, error);
    }
    this.#attempt = undefined;
    this.#busy = true;
    this.#retryTimer = setTimer(() => this.#again(), this.#policy.backoff(this.#attempts));
  }

  #retryable(error: unknown): boolean {
    let verdict: unknown = false;
    callSafely("retryable", () => {
      verdict = this.#policy.retryable(error);
    });
    return verdict === true;
  }

  #again(): void {
    try {
      this.#begin(this.#open());
    } catch (error) {
      this.call.finish(this.call.errorOf(error), undefined);
    }
  }

  /** The attempt has ended, and the call with it. */
  async #end(attempt: ClientStream<Uint8Array, Bytes>, error: unknown): Promise<void> {
    const header = await attempt.header.catch(nothing);
    const trailer = await attempt.trailer.catch(nothing);
    if (header !== undefined) this.#giveHeader(header);
    this.call.finish(error, trailer);
  }

  /** The call has ended; where it was not the attempt that has ended it, that hears why. */
  #over(error?: unknown): void {
    clearTimeout(this.#retryTimer);
    this.#commit();
    this.#busy = true;
    this.#writers.clear();
    const attempt = this.#attempt;
    if (error !== undefined) this.#canceled = attempt?.cancel(error).catch(nothing);
    // What the reader has not read is with the call.
    this.#resume?.();
  }

  async #send(payload: Bytes): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === undefined) return;
    this.#busy = true;
    try {
      await attempt.send(payload);
    } catch {
      // The attempt has ended, which its reader is told.
      return;
    }
    if (attempt !== this.#attempt || !this.call.live) return;
    this.#busy = false;
    if (this.#halfClosed) this.#closeSend();
    else this.#wakeWriters();
  }

  /** Ends the attempt's sending: there is nothing left to send. */
  #closeSend(): void {
    this.#busy = true;
    this.#attempt?.sendAll([]).catch(nothing);
  }

  #wakeWriters(): void {
    for (const wake of this.#writers) {
      if (this.#busy) return;
      this.#writers.delete(wake);
      wake();
    }
  }
}

/** The attempt's own end, which its reader is told. */
function nothing(): undefined {}

/** The codec is the user's: what it gives is copied before they have it back. */
function encoded<T>(codec: Codec<T>, message: T): Bytes {
  if (codec.encodeInto === undefined) return payloadOf(codec, message).slice();
  const buffer = new ByteBuffer();
  codec.encodeInto(message, buffer);
  return buffer.toBytes();
}

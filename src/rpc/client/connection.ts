import type { Bytes } from "../../base/buffer.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { checkGraceMs, DEFAULT_GRACE_MS } from "../../base/options.ts";
import { ClientSide } from "../../core/client_side.ts";
import { rawCodec } from "../../core/codec.ts";
import type { ProtocolName } from "../../core/dialect.ts";
import type { ClientTransport } from "../../core/protocol.ts";
import type { Addr } from "../../net/address.ts";
import { LAST_WORDS_MS } from "../../net/byte_connection.ts";
import { setTimer, type Timer, withinMs } from "../../net/event_loop.ts";
import type { ByteSocket } from "../../net/socket.ts";
import { type Caller, callInit, type CallOptions, type StreamTarget } from "./call_options.ts";
import { BidirectionalStream, type ClientStream } from "./client_stream.ts";
import type { ClientConnectionInit } from "./connection_options.ts";

/** Opens streams: a {@linkcode Connection}, a pool, or a wrapping of one's own around them. */
export interface StreamOpener {
  /** What its connections speak; TTHeader Streaming where it does not say. */
  readonly protocol?: ProtocolName | undefined;
  /**
   * Opens a stream of bytes. It is synchronous: what is wrong with the connection, or a signal that has aborted
   * already, errors the stream from the start.
   *
   * @throws {TypeError} If a name is no string or empty, `signal` or `parent.signal` is no AbortSignal, `compression`
   * is none, or the metadata is not of strings or holds what the protocol cannot send, `isn` say.
   * @throws {RangeError} If a time-out is not a positive finite number, or a key, a value or the whole header is too
   * long.
   */
  openStream(target: StreamTarget, options?: CallOptions): ClientStream;
}

/**
 * A connection to one server, shared by any number of streams.
 *
 * `await using` cancels the streams that are still open (12007, in gRPC 1), then closes.
 */
export interface Connection extends StreamOpener, AsyncDisposable {
  /** Resolves after `close()`, `abort()` and the end of the scope; rejects where the connection was lost or the peer broke the protocol. */
  readonly closed: Promise<void>;
  /** The server's address, where the transport has one. */
  readonly remoteAddr?: Addr | undefined;
  /**
   * Takes no new streams, waits for the open ones, and closes: what was written gets to the server, for which the
   * socket has up to 5 seconds. A stream that nobody reads never ends, so give a grace where there may be one.
   *
   * @param options `graceMs`: after so many milliseconds what is left is cancelled (12007, in gRPC 1). Default: no
   * limit.
   * @throws (rejects) RangeError if `graceMs` is negative or not finite.
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>;
  /** Ends every stream for `reason`, as a cancel does, and cuts the connection: the streams' cancels leave if the socket takes them at once. */
  abort(reason?: unknown): void;
  /** The connection keeps the process alive, as it does to begin with. */
  ref(): void;
  /** The connection does not keep the process alive. Without effect on what is not a socket of Deno's. */
  unref(): void;
}

/** Under which openers of the library's own make the stream of a call that fails before it is opened. */
export const REFUSE: unique symbol = Symbol("refuse");

/** An opener that tells its observers of such a call, too. */
export interface RefusingOpener extends StreamOpener {
  /** A stream that ends for `reason` before it has begun. */
  [REFUSE](target: StreamTarget, options: CallOptions, reason: unknown): ClientSide;
}

/** Whether an opener can do that; one of the user's own cannot. */
export function isRefusing(opener: StreamOpener): opener is RefusingOpener {
  return REFUSE in opener;
}

/** What "at once" is after an abort, in milliseconds: a socket that takes bytes has done so long before, on a busy machine too. */
const ABORT_FRAMES_MS = 50;

/** What a pool wants to know of its connections. */
export interface ConnectionWatcher {
  /** A stream has ended. */
  released?(): void;
  /** The server takes no more streams: those that are open go on. */
  draining?(): void;
}

/** The {@linkcode Connection} over a socket. */
export class ClientConnection implements Connection, RefusingOpener {
  readonly remoteAddr?: Addr | undefined;
  readonly #transport: ClientTransport;
  readonly #caller: Caller;
  readonly #closed: LazyPromise<void> = new LazyPromise();
  #lost: Error | undefined;
  #closing = false;
  #draining = false;
  #graceTimer: Timer;
  #graceEnd = Infinity;

  constructor(socket: ByteSocket, init: ClientConnectionInit, watcher: ConnectionWatcher = {}) {
    const { protocol, serviceName, observers, report } = init;
    const { remoteAddr } = socket;
    this.remoteAddr = remoteAddr;
    this.#caller = { serviceName, dialect: protocol.dialect, observers, report, remoteAddr };
    this.#transport = protocol.client(socket, init, {
      released: () => {
        watcher.released?.();
        if (this.#closing || this.#draining) this.#closeIfDone();
      },
      drained: () => {
        this.#draining = true;
        watcher.draining?.();
        if (observers !== undefined) { for (const stream of this.#transport.streams()) stream.drain(); }
        // The server waits for it: a stream that we open now would come too late.
        this.#closeIfDone();
      },
      ended: (error) => {
        this.#closing = true;
        clearTimeout(this.#graceTimer);
        this.#lost = error;
        if (error === undefined) this.#closed.resolve();
        else this.#closed.reject(error);
      },
    });
  }

  get protocol(): ProtocolName {
    return this.#caller.dialect.name;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Whether streams may be opened on it. */
  get open(): boolean {
    return !this.#closing && !this.#draining && !this.#transport.closed;
  }

  /** How many streams are open on it. */
  get streams(): number {
    return this.#transport.size;
  }

  /** How many streams have ended on it that nobody has read up: what they hold counts against the next one. */
  get unread(): number {
    return this.#transport.lingering;
  }

  openStream(target: StreamTarget, options: CallOptions = {}): ClientStream<Uint8Array, Bytes> {
    const stream = new ClientSide(callInit(target, options, this.#caller));
    stream.start(() => this.start(stream));
    return new BidirectionalStream(stream, rawCodec, rawCodec);
  }

  [REFUSE](target: StreamTarget, options: CallOptions, reason: unknown): ClientSide {
    const stream = new ClientSide(callInit(target, options, this.#caller));
    stream.refuseFor(reason);
    return stream;
  }

  /**
   * Opens a stream that has been made, now or a while ago.
   *
   * @throws {RangeError} If a key, a value or the whole header is too long.
   */
  start(stream: ClientSide): void {
    const { signals, dialect } = stream.init;
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) return stream.refuse(stream.errorOf(aborted.reason));
    if (this.#closing || this.#transport.closed) {
      return stream.refuse(dialect.connectionGone(stream.where, this.#lost));
    }
    stream.init.observation?.connected(this.remoteAddr);
    this.#transport.open(stream);
  }

  async close({ graceMs }: { graceMs?: number | undefined } = {}): Promise<void> {
    checkGraceMs(graceMs);
    this.#closing = true;
    if (graceMs !== undefined && this.#transport.size > 0) this.#cancelAfter(graceMs);
    this.#closeIfDone();
    await this.closed.catch(() => {
      // Lost before its streams had ended: `closed` rejects with it, and closed it is.
    });
  }

  abort(reason?: unknown): void {
    this.#closing = true;
    const transport = this.#transport;
    for (const stream of transport.streams()) stream.cancel(reason);
    withinMs(ABORT_FRAMES_MS, transport.sent()).then(() => transport.end(false, ABORT_FRAMES_MS));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#cancelAll();
    await this.close();
  }

  ref(): void {
    this.#transport.ref();
  }

  unref(): void {
    this.#transport.unref();
  }

  /** The sooner of two graces counts. */
  #cancelAfter(graceMs: number): void {
    const end = performance.now() + graceMs;
    if (end >= this.#graceEnd) return;
    clearTimeout(this.#graceTimer);
    this.#graceEnd = end;
    this.#graceTimer = setTimer(() => this.#cancelAll(), graceMs);
  }

  #cancelAll(): void {
    for (const stream of this.#transport.streams()) stream.dispose();
  }

  async #closeIfDone(): Promise<void> {
    const transport = this.#transport;
    if (!(this.#closing || this.#draining) || transport.size > 0 || transport.closed) return;
    await withinMs(LAST_WORDS_MS, transport.sent());
    // What has been written is with the system, and with the server when that has read it.
    if (transport.size > 0 || transport.closed) return;
    transport.end(!this.#closing, DEFAULT_GRACE_MS);
  }
}

import type { Bytes } from "../../base/buffer.ts";
import { Call } from "../../core/client_side.ts";
import { type Caller, callInit, type CallOptions, type StreamTarget } from "./call_options.ts";
import { BidirectionalStream, type ClientStream } from "./client_stream.ts";
import { rawCodec } from "../../core/codec.ts";
import { FrameConnection, LAST_WORDS_MS } from "../../ttheader/connection.ts";
import { CLOSED_BY_PEER, TRANSPORT_CLOSING } from "../../ttheader/connection_errors.ts";
import type { ConnectionLimits } from "../../ttheader/connection_owner.ts";
import { ErrorCode, streamError, type TTStreamError } from "../../core/errors.ts";
import { FrameType } from "../../ttheader/frame.ts";
import { NO_METADATA } from "../../core/metadata.ts";
import { checkGraceMs, DEFAULT_GRACE_MS } from "../../base/options.ts";
import { Outcome } from "../../base/lazy_promise.ts";
import { errorFromReason } from "../../base/reason.ts";
import type { ByteSocket } from "../../net/socket.ts";
import { nextStreamId } from "../../ttheader/stream_id.ts";
import { setTimer, type Timer, withinMs } from "../../net/event_loop.ts";

/** Opens streams: a {@linkcode Connection}, a pool, or a wrapping of one's own around them. */
export interface StreamOpener {
  /**
   * Opens a stream of bytes. It is synchronous: what is wrong with the connection, or a signal that has aborted
   * already, errors the stream from the start.
   *
   * @throws {TypeError} If a name is no string or empty, `signal` or `parent.signal` is no AbortSignal, or the metadata
   * is not of strings or holds `isn`.
   * @throws {RangeError} If a time-out is not a positive finite number, or a key, a value or the whole header is too long.
   */
  openStream(target: StreamTarget, options?: CallOptions): ClientStream;
}

/**
 * A connection to one server, shared by any number of streams.
 *
 * `await using` cancels the streams that are still open (12007), then closes.
 */
export interface Connection extends StreamOpener, AsyncDisposable {
  /** Resolves after `close()`, `abort()` and the end of the scope; rejects where the connection was lost or the peer broke the protocol. */
  readonly closed: Promise<void>;
  /** The server's address, where the transport has one. */
  readonly remoteAddr?: Deno.Addr | undefined;
  /**
   * Takes no new streams, waits for the open ones, and closes: what was written gets to the server, for which the
   * socket has up to 5 seconds. A stream that nobody reads never ends, so give a grace where there may be one.
   *
   * @param options `graceMs`: after so many milliseconds what is left is cancelled (12007). Default: no limit.
   * @throws (rejects) RangeError if `graceMs` is negative or not finite.
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>;
  /** Ends every stream for `reason`, as a cancel does, and cuts the connection: the streams' Rst frames leave if the socket takes them at once. */
  abort(reason?: unknown): void;
  /** The connection keeps the process alive, as it does to begin with. */
  ref(): void;
  /** The connection does not keep the process alive. Without effect on what is not a socket of Deno's. */
  unref(): void;
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
export class ClientConnection implements Connection {
  readonly remoteAddr?: Deno.Addr | undefined;
  readonly #frames: FrameConnection<Call>;
  readonly #caller: Caller;
  readonly #closed: Outcome<void> = new Outcome();
  #lost: TTStreamError | undefined;
  #closing = false;
  #draining = false;
  #graceTimer: Timer;
  #graceEnd = Infinity;
  #lastId = 0;

  constructor(socket: ByteSocket, limits: ConnectionLimits, caller: Caller, watcher: ConnectionWatcher = {}) {
    this.remoteAddr = socket.remoteAddr;
    this.#caller = caller;
    this.#frames = new FrameConnection(socket, limits, {
      side: "client",
      opened: () => {
        // A client opens every stream itself: a Header for another one is a late frame.
      },
      quiet: () => this.#closeIfDone(),
      released: () => watcher.released?.(),
      drained: () => {
        this.#draining = true;
        watcher.draining?.();
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
    this.#frames.run();
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Whether streams may be opened on it. */
  get open(): boolean {
    return !this.#closing && !this.#draining && !this.#frames.closed;
  }

  /** How many streams are open on it. */
  get streams(): number {
    return this.#frames.size;
  }

  /** How many streams have ended on it that nobody has read up: what they hold counts against the next one. */
  get unread(): number {
    return this.#frames.lingering;
  }

  openStream(target: StreamTarget, options: CallOptions = {}): ClientStream<Uint8Array, Bytes> {
    const call = new Call(callInit(target, options, this.#caller));
    this.start(call);
    return new BidirectionalStream(call, rawCodec, rawCodec);
  }

  /**
   * Opens a call that has been made, now or a while ago.
   *
   * @throws {RangeError} If a key, a value or the whole header is too long.
   */
  start(call: Call): void {
    const { signals, method, metadata } = call.init;
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) return call.refuse(errorFromReason(aborted.reason, call.where));
    const frames = this.#frames;
    if (this.#closing || frames.closed) return call.refuse(this.#closedError(call));
    const streamId = nextStreamId(this.#lastId, (id) => frames.has(id));
    frames.sendFrame({ type: FrameType.Header, streamId, method, metadata });
    call.init.metadata = NO_METADATA;
    frames.register(streamId, call);
    this.#lastId = streamId;
    call.watch();
    call.attach(frames, streamId);
  }

  /** What a stream reads that comes too late: the broken frame that ended the connection was none of its own. */
  #closedError({ init: { service, method } }: Call): TTStreamError {
    const stream = { service, method, retryable: true };
    if (this.#lost?.code !== ErrorCode.TransportClosing) {
      return streamError({ ...TRANSPORT_CLOSING, ...stream, cause: this.#lost });
    }
    const { code, description, cause } = this.#lost;
    return streamError({ code, description, cause, ...stream });
  }

  async close({ graceMs }: { graceMs?: number | undefined } = {}): Promise<void> {
    checkGraceMs(graceMs);
    this.#closing = true;
    if (graceMs !== undefined && this.#frames.size > 0) this.#cancelAfter(graceMs);
    this.#closeIfDone();
    await this.closed.catch(() => {
      // Lost before its streams had ended: `closed` rejects with it, and closed it is.
    });
  }

  abort(reason?: unknown): void {
    this.#closing = true;
    for (const call of this.#frames.streams()) call.cancel(reason);
    withinMs(ABORT_FRAMES_MS, this.#frames.sent()).then(() => this.#frames.end(undefined, ABORT_FRAMES_MS));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    this.#cancelAll();
    await this.close();
  }

  ref(): void {
    this.#frames.ref();
  }

  unref(): void {
    this.#frames.unref();
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
    for (const call of this.#frames.streams()) call.dispose();
  }

  async #closeIfDone(): Promise<void> {
    const frames = this.#frames;
    if (!(this.#closing || this.#draining) || frames.size > 0 || frames.closed) return;
    await withinMs(LAST_WORDS_MS, frames.sent());
    // What has been written is with the system, and with the server when that has read it.
    if (frames.size > 0 || frames.closed) return;
    frames.end(this.#closing ? undefined : streamError(CLOSED_BY_PEER), DEFAULT_GRACE_MS);
  }
}

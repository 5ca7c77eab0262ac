import type { Addr } from "../../net/address.ts";
import { callSafely } from "../../base/call_safely.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import type { ServerTransport, ServerTransportInit, WireProtocol } from "../../core/protocol.ts";
import type { ErrorInfo } from "../../core/observer.ts";
import type { Observation, Observers } from "../../core/observation.ts";
import { HandlerReturned } from "../../core/handler_returned.ts";
import { ServerSide, type ServerSideInit } from "../../core/server_side.ts";
import { SHUTTING_DOWN, tooManyStreams } from "../../core/refusal_text.ts";
import type { RequestFault, ServerSink, StreamRequest } from "../../core/transport.ts";
import { LAST_WORDS_MS } from "../../net/byte_connection.ts";
import { setTimer, type Timer, unrefTimer, withinMs } from "../../net/event_loop.ts";
import type { ByteSocket } from "../../net/socket.ts";
import { callHandler } from "./call_handler.ts";
import type { Handler } from "./handler.ts";
import { serveProtocols } from "./protocol_choice.ts";
import { ResetBudget } from "./reset_budget.ts";
import { HandlerStream, RAW_CODECS, type ServerStream } from "./server_stream.ts";

/** What a connection at the server needs; everything has been checked. */
export interface ServedConnectionInit extends ServerTransportInit {
  readonly handler: Handler;
  readonly protocols: readonly WireProtocol[];
  /** Milliseconds; 0 is for ever, as the next one. */
  readonly idleTimeoutMs: number;
  readonly handlerTimeoutMs: number;
  readonly remoteAddr: Addr | undefined;
  readonly onError: (error: unknown, stream: ServerStream, info: ErrorInfo) => unknown;
  readonly observers?: Observers | undefined;
}

/** A client may cancel so many times `maxStreams` more streams than end well. */
const RESETS_PER_STREAM = 10;

/** How long, in milliseconds, a client that has been told to go may take until this side closes. Kitex's do not listen. */
const FAREWELL_MS = 100;

/**
 * How long, in milliseconds, a unary call over TTHeader goes on behind its client's deadline: Kitex's clients say
 * `rpc timeout` where their own clock ends it, and take the server's word for it for a failure of the server's.
 */
const DEADLINE_LATE_MS = 30;

/** How a connection has ended. */
export interface ConnectionEnd {
  /** What ended it: nothing where this side did. */
  readonly error: Error | undefined;
  /** Whether that is worth a word: the client broke the protocol, or a limit. */
  readonly peersFault: boolean;
}

/** One connection at the server: runs a handler for every stream that the client opens. */
export class ServedConnection {
  readonly #init: ServedConnectionInit;
  readonly #transport: ServerTransport;
  readonly #ended: LazyPromise<ConnectionEnd> = new LazyPromise();
  readonly #returned: LazyPromise<void> = new LazyPromise();
  readonly #resets: ResetBudget;
  /** Handlers that have not returned, those of cancelled streams included. */
  #running = 0;
  #closing = false;
  /** The frames at hand are the last: there is no farewell. */
  #cutting = false;
  #lastMs = LAST_WORDS_MS;
  #over = false;
  /** When the last handler returned, in `performance.now()`'s milliseconds. */
  #idleSince = performance.now();
  #idleTimer: Timer;
  /** One for all streams: each would keep its own in memory. */
  #sides: ServerSideInit | undefined;

  constructor(socket: ByteSocket, init: ServedConnectionInit) {
    this.#init = init;
    this.#resets = new ResetBudget(RESETS_PER_STREAM * init.maxStreams);
    this.#transport = serveProtocols(socket, init, {
      chosen: (dialect) => {
        const returned = new HandlerReturned(dialect);
        this.#sides = {
          dialect,
          remoteAddr: init.remoteAddr,
          returned,
          completed: (side) => void this.#complete(side),
          failed: (side, error) => this.#fail(side, error),
          report: this.#report,
        };
      },
      opened: (sink, request, fault) => this.#open(sink, request, fault),
      reset: () => this.#canceled(),
      ended: (error, peersFault) => {
        this.#over = true;
        clearTimeout(this.#idleTimer);
        this.#ended.resolve({ error, peersFault });
        this.#settleReturned();
      },
    });
    if (init.idleTimeoutMs > 0) this.#watchIdle(init.idleTimeoutMs);
  }

  /** Resolves when the connection has ended. */
  get ended(): Promise<ConnectionEnd> {
    return this.#ended.promise;
  }

  /** Resolves when the connection has ended and all its handlers have returned. */
  get returned(): Promise<void> {
    return this.#returned.promise;
  }

  /**
   * Takes no new streams; tells the handlers, and closes when they have returned.
   *
   * @param lastMs How long, in milliseconds, the client may then take to read what is left.
   */
  drain(lastMs: number): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#lastMs = lastMs;
    // At once, not when the last handler has returned: until the client knows, it opens streams here to be refused.
    if (!this.#transport.closed) this.#transport.sayFarewell();
    const reason = new Error(SHUTTING_DOWN);
    for (const stream of this.#transport.streams()) stream.drain(reason);
    this.#closeIfIdle();
  }

  /** Ends what is left, tells the clients why, and closes. */
  cut(text: string = SHUTTING_DOWN, limit?: string): void {
    this.#closing = true;
    for (const stream of this.#transport.streams()) stream.shutDown(text);
    this.#transport.end(limit, this.#transport.closed ? 0 : LAST_WORDS_MS);
  }

  /** The connection keeps the process alive, as it does to begin with. */
  ref(): void {
    this.#transport.ref();
  }

  /** The connection does not keep the process alive. */
  unref(): void {
    this.#transport.unref();
  }

  readonly #report = (error: unknown, side: ServerSide, info: ErrorInfo = {}) => {
    const stream = new HandlerStream(side, RAW_CODECS);
    callSafely("onError", () => this.#init.onError(error, stream, info));
  };

  #open(sink: ServerSink, request: StreamRequest, fault: RequestFault | undefined): ServerSide | undefined {
    const { maxStreams, handlerTimeoutMs, observers } = this.#init;
    if (this.#sides === undefined) throw new Error("no protocol has been chosen");
    const side = new ServerSide(this.#sides, sink, request);
    const observation = observers === undefined
      ? undefined
      : side.observe(observers, (error) => this.#report(error, side, { observer: true }));
    if (fault !== undefined) side.violated(fault.error, fault.trailer);
    else if (this.#closing) side.refuse("shutting down", SHUTTING_DOWN);
    else if (this.#running >= maxStreams) side.refuse("too many streams", tooManyStreams(maxStreams));
    if (side.ended) return undefined;
    const stream = new HandlerStream(side, RAW_CODECS);
    this.#running++;
    this.#transport.defer(() => {
      // A cancel came right behind: whoever waits for its signal would wait for ever.
      if (side.ended) return this.#handlerReturned();
      const limitMs = Math.min(handlerTimeoutMs || Infinity, request.timeoutMs ?? Infinity);
      const lateMs = request.unary === true && limitMs === request.timeoutMs ? DEADLINE_LATE_MS : 0;
      if (limitMs < Infinity) this.#leaveToSocket(side.limit(limitMs, lateMs));
      this.#run(side, stream, observation);
    });
    return side;
  }

  /** No async function: its frame would be a quarter of what a stream on which nothing happens keeps in memory. */
  #run(side: ServerSide, stream: ServerStream, observation: Observation | undefined): void {
    const returned = observation === undefined
      ? callHandler(this.#init.handler, stream)
      : observation.run(() => callHandler(this.#init.handler, stream));
    side.awaitHandler(returned);
  }

  async #complete(side: ServerSide): Promise<void> {
    try {
      if (await side.complete()) this.#resets.refund();
    } catch (error) {
      side.fail(error);
    } finally {
      this.#handlerReturned();
    }
  }

  #fail(side: ServerSide, error: unknown): void {
    try {
      side.fail(error);
    } finally {
      this.#handlerReturned();
    }
  }

  #handlerReturned(): void {
    this.#running--;
    this.#idleSince = performance.now();
    this.#settleReturned();
    this.#closeIfIdle();
  }

  #settleReturned(): void {
    if (this.#over && this.#running === 0) this.#returned.resolve();
  }

  /** The client has cancelled a stream. */
  #canceled(): void {
    if (!this.#resets.spend() || this.#closing) return;
    const limit = RESETS_PER_STREAM * this.#init.maxStreams;
    const text = `too many cancelled streams: ${limit} more than have ended well`;
    this.#closing = true;
    this.#cutting = true;
    this.#transport.defer(() => this.cut(text, text));
  }

  /**
   * What the handlers have written leaves first, for as long as the grace lasts. The client has been told to go, and a
   * stream that it has opened before it knew is refused in words: behind our own close it would be lost without one.
   */
  async #closeIfIdle(): Promise<void> {
    if (!this.#closing || this.#cutting || this.#running > 0 || this.#over || this.#transport.closed) return;
    await withinMs(this.#lastMs, this.#transport.sent());
    await withinMs(FAREWELL_MS, this.#ended.promise.then(() => {}));
    if (!this.#over) this.#transport.end(undefined, this.#lastMs);
  }

  /** One timer serves all streams: it looks at the clock when it fires. */
  #watchIdle(ms: number): void {
    this.#idleTimer = setTimer(() => {
      const { idleTimeoutMs } = this.#init;
      const idleMs = this.#running > 0 ? 0 : performance.now() - this.#idleSince;
      if (idleMs < idleTimeoutMs) this.#watchIdle(idleTimeoutMs - idleMs);
      else this.drain(LAST_WORDS_MS);
    }, ms);
    this.#leaveToSocket(this.#idleTimer);
  }

  /** A timer is no reason to keep the process alive where the socket is asked for that. */
  #leaveToSocket(timer: Timer): void {
    if (timer !== undefined && this.#transport.counts) unrefTimer(timer);
  }
}

import { callHandler } from "./call_handler.ts";
import { callSafely } from "../../base/call_safely.ts";
import { rawCodec } from "../../core/codec.ts";
import { FrameConnection, LAST_WORDS_MS } from "../../ttheader/connection.ts";
import type { ConnectionLimits } from "../../ttheader/connection_owner.ts";
import { Description, ErrorCode, streamError, type TTStreamError } from "../../core/errors.ts";
import { ExceptionType, writeException } from "../../ttheader/exception.ts";
import { type Frame, FrameType } from "../../ttheader/frame.ts";
import type { Handler } from "./handler.ts";
import { Invocation } from "../../core/server_side.ts";
import { DRAINING_KEY, NO_METADATA } from "../../core/metadata.ts";
import { tooManyStreams } from "../../ttheader/status.ts";
import { Outcome } from "../../base/lazy_promise.ts";
import { ResetBudget } from "./reset_budget.ts";
import { HandlerStream, type ServerStream } from "./server_stream.ts";
import type { ByteSocket } from "../../net/socket.ts";
import { setTimer, type Timer, withinMs } from "../../net/event_loop.ts";

/** What a connection at the server needs; everything has been checked. */
export interface ServingInit {
  readonly handler: Handler;
  readonly limits: ConnectionLimits;
  readonly maxStreams: number;
  /** Milliseconds; 0 is for ever, as the next one. */
  readonly idleTimeoutMs: number;
  readonly handlerTimeoutMs: number;
  readonly remoteAddr: Deno.Addr | undefined;
  readonly onError: (error: unknown, stream: ServerStream) => unknown;
}

/** A client may cancel so many times `maxStreams` more streams than end well. */
const RESETS_PER_STREAM = 10;

/** How long, in milliseconds, a client that has been told to go may take until this side closes. Kitex's do not listen. */
const FAREWELL_MS = 100;

const DRAINING = new Map([[DRAINING_KEY, "1"]]);

/** One connection at the server: runs a handler for every stream that the client opens. */
export class Serving {
  readonly #init: ServingInit;
  readonly #frames: FrameConnection<Invocation>;
  readonly #ended: Outcome<TTStreamError | undefined> = new Outcome();
  readonly #returned: Outcome<void> = new Outcome();
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
  readonly #report: (error: unknown, invocation: Invocation) => void;

  constructor(socket: ByteSocket, init: ServingInit) {
    this.#init = init;
    this.#report = (error, invocation) => {
      callSafely("onError", () => init.onError(error, new HandlerStream(invocation, rawCodec, rawCodec)));
    };
    this.#resets = new ResetBudget(RESETS_PER_STREAM * init.maxStreams);
    this.#frames = new FrameConnection(socket, init.limits, {
      side: "server",
      opened: (frame) => this.#open(frame),
      quiet: () => {
        // The handlers count, not the streams: a cancelled one's handler may still be at work.
      },
      reset: () => this.#canceled(),
      ended: (error) => {
        this.#over = true;
        clearTimeout(this.#idleTimer);
        this.#ended.resolve(error);
        this.#settleReturned();
      },
    });
    if (init.idleTimeoutMs > 0) this.#watchIdle(init.idleTimeoutMs);
    this.#frames.run();
  }

  /** Resolves when the connection has ended, with what ended it: nothing where this side did. */
  get ended(): Promise<TTStreamError | undefined> {
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
    const reason = new Error(Description.shuttingDown);
    for (const invocation of this.#frames.streams()) invocation.drain(reason);
    this.#closeIfIdle();
  }

  /** Ends what is left, tells the clients why, and closes. */
  cut(message: string = Description.shuttingDown, error?: TTStreamError): void {
    this.#closing = true;
    for (const invocation of this.#frames.streams()) invocation.shutDown(message);
    this.#frames.end(error, this.#frames.closed ? 0 : LAST_WORDS_MS);
  }

  /** The connection keeps the process alive, as it does to begin with. */
  ref(): void {
    this.#frames.ref();
  }

  /** The connection does not keep the process alive. */
  unref(): void {
    this.#frames.unref();
  }

  #open(frame: Frame): void {
    const { maxStreams, handlerTimeoutMs, remoteAddr } = this.#init;
    if (this.#closing) return this.#refuse(frame, Description.shuttingDown);
    if (this.#running >= maxStreams) {
      return this.#refuse(frame, tooManyStreams(maxStreams));
    }
    const frames = this.#frames;
    const invocation = new Invocation(frames, frame, remoteAddr, this.#report);
    const stream = new HandlerStream(invocation, rawCodec, rawCodec);
    frames.register(frame.streamId, invocation);
    this.#running++;
    frames.defer(() => {
      // A Rst or a second Header came right behind: whoever waits for its signal would wait for ever.
      if (invocation.ended) return this.#handlerReturned();
      if (handlerTimeoutMs > 0) this.#leaveToSocket(invocation.limit(handlerTimeoutMs));
      this.#run(invocation, stream);
    });
  }

  /** No async function: its frame would be a quarter of what a stream on which nothing happens keeps in memory. */
  #run(invocation: Invocation, stream: ServerStream): void {
    callHandler(this.#init.handler, stream).then(
      () => this.#complete(invocation),
      (error) => this.#fail(invocation, error),
    );
  }

  async #complete(invocation: Invocation): Promise<void> {
    try {
      if (await invocation.complete()) this.#resets.refund();
    } catch (error) {
      invocation.fail(error);
    } finally {
      this.#handlerReturned();
    }
  }

  #fail(invocation: Invocation, error: unknown): void {
    try {
      invocation.fail(error);
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
    const { maxStreams } = this.#init;
    const description = `too many cancelled streams: ${
      RESETS_PER_STREAM * maxStreams
    } more than have ended well`;
    const error = streamError({ code: ErrorCode.TransportClosing, description });
    this.#closing = true;
    this.#cutting = true;
    this.#frames.defer(() => this.cut(description, error));
  }

  #refuse({ streamId, method }: Frame, message: string): void {
    const type = ExceptionType.InternalError;
    this.#frames.sendFrame({ type: FrameType.Header, streamId, method, metadata: NO_METADATA });
    this.#frames.sendFrame(
      { type: FrameType.Trailer, streamId, method, metadata: NO_METADATA },
      (buffer) => writeException(buffer, method, streamId, { type, message }),
    );
  }

  /**
   * What the handlers have written leaves first, for as long as the grace lasts. Then the client is told to go, and a
   * stream that it has opened before it knew is refused in words: behind our own close it would be lost without one.
   */
  async #closeIfIdle(): Promise<void> {
    if (!this.#closing || this.#cutting || this.#running > 0 || this.#over || this.#frames.closed) return;
    this.#frames.sendFrame({ type: FrameType.Meta, streamId: 0, method: "", metadata: DRAINING });
    await withinMs(this.#lastMs, this.#frames.sent());
    await withinMs(FAREWELL_MS, this.#ended.promise.then(() => {}));
    if (!this.#over) this.#frames.end(undefined, this.#lastMs);
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
    if (timer !== undefined && this.#frames.counts) Deno.unrefTimer(timer);
  }
}

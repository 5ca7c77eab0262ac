import type { Addr } from "../../net/address.ts";
import { callSafely } from "../../base/call_safely.ts";
import { closeListener, type ConnListener, isTls, type TlsConn, tuneAccepted } from "../../net/listen.ts";
import { hadHungUp, hasBeenClosed } from "../../net/platform.ts";
import type { ConnectionInfo, ListeningInit } from "./server_options.ts";
import { checkGraceMs, DEFAULT_GRACE_MS } from "../../base/options.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { ServedConnection, type ServedConnectionInit } from "./connection.ts";
import { type Conn, connSocket } from "../../net/socket.ts";
import { breathe, pause, setTimer, type Timer, withinMs } from "../../net/event_loop.ts";
import { show } from "../../base/format.ts";
import { whenAborted } from "./when_aborted.ts";

/** A server that listens. `await using` shuts it down with the default grace. */
export interface Server<A extends Addr = Addr> extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: A;
  /** Resolves when it has shut down. */
  readonly finished: Promise<void>;
  /**
   * Takes no new connections and streams; clients that have just connected are accepted to be told so, before the
   * listener closes. The handlers' `draining` aborts, and idle connections close at once. What is left after `graceMs` milliseconds (default 5,000) gets a Trailer with exception 6 `server is shutting down`, in
   * gRPC the status 14 with that text, its `signal` aborts with 12013 (1), and its connection closes. Resolves when all
   * connections are closed, all that was written has been read at the other end, and all handlers have returned, or
   * when the grace is over, and a second more where the socket does not take the last words.
   *
   * @throws (rejects) RangeError if `graceMs` is negative or not finite.
   */
  shutdown(options?: { graceMs?: number | undefined }): Promise<void>;
  /** Listener and connections keep the process alive, as they do to begin with. */
  ref(): void;
  /** Neither listener nor connections keep the process alive. */
  unref(): void;
}

/** How long to wait, in milliseconds, after the system would not accept: it is out of file descriptors, say. */
const ACCEPT_PAUSE_MS = 50;
/** How long, in milliseconds, clients that go on connecting may keep a server from closing its listener. */
const MAX_LAST_ACCEPTS_MS = 100;
/** So long, in milliseconds, nobody must have connected before it closes: whoever is told to go mostly comes back at once. */
const QUIET_MS = 10;

/** The {@linkcode Server} on a listener. */
export class ListeningServer<A extends Addr> implements Server<A> {
  readonly addr: A;
  readonly #listener: ConnListener<A>;
  readonly #init: ServedConnectionInit;
  readonly #listening: ListeningInit<A>;
  readonly #connections: Set<ServedConnection> = new Set();
  /** Connections whose handlers are still at work, also where the connection has gone. */
  readonly #working: Set<ServedConnection> = new Set();
  readonly #handshakes: Set<TlsConn> = new Set();
  readonly #finished: LazyPromise<void> = new LazyPromise();
  readonly #stopWatching: () => void;
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #closing = false;
  #accepting = true;
  /** Whether the listener is open, as far as is known. */
  #open = true;
  /** Connections so far, refused ones included. */
  #accepted = 0;
  #graceTimer: Timer;
  #graceEnd = Infinity;
  /** Set when the grace is over: handlers that do not listen are not waited for. */
  #impatient = false;
  /** Whether the last connection was one too many, and has been told of. */
  #overLimit = false;
  #referenced = true;

  constructor(
    listener: ConnListener<A>,
    init: ServedConnectionInit,
    listening: ListeningInit<A>,
    signal: AbortSignal | undefined,
  ) {
    this.addr = listener.addr;
    this.#listener = listener;
    this.#init = init;
    this.#listening = listening;
    this.#accept();
    this.#stopWatching = whenAborted(signal, () => void this.shutdown({ graceMs: 0 }));
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async shutdown({ graceMs = DEFAULT_GRACE_MS }: { graceMs?: number | undefined } = {}): Promise<void> {
    checkGraceMs(graceMs);
    let stopping: Promise<void> | undefined;
    if (!this.#closing) {
      this.#stopped.resolve();
      this.#drain();
      stopping = this.#stopListening(graceMs === 0 ? 0 : MAX_LAST_ACCEPTS_MS);
    }
    if (graceMs === 0) this.#cut();
    // Also where there is nobody: somebody may be among the last that are accepted.
    else if (this.#open || this.#working.size > 0) this.#cutAfter(graceMs);
    await stopping;
    await this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  ref(): void {
    this.#referenced = true;
    this.#listener.ref?.();
    for (const connection of this.#connections) connection.ref();
  }

  unref(): void {
    this.#referenced = false;
    this.#listener.unref?.();
    for (const connection of this.#connections) connection.unref();
  }

  /**
   * Accepts who is connected already first: at the listener's end the system would reset it, and the client would lose
   * what it has sent without a word, where a call that is refused can be made again.
   */
  async #stopListening(ms: number): Promise<void> {
    const quietMs = this.#connections.size > 0 ? QUIET_MS : 0;
    const end = performance.now() + ms;
    for (let before = -1; this.#accepting && before !== this.#accepted && performance.now() < end;) {
      before = this.#accepted;
      if (quietMs > 0) await pause(quietMs);
      await breathe();
    }
    this.#open = false;
    closeListener(this.#listener);
    this.#finishIfDone();
  }

  #drain(): void {
    this.#closing = true;
    for (const conn of this.#handshakes) conn.close();
    // The grace ends it; until then the clients may read.
    for (const connection of this.#connections) connection.drain(Infinity);
  }

  /** The sooner of two graces counts. */
  #cutAfter(graceMs: number): void {
    const end = performance.now() + graceMs;
    if (end >= this.#graceEnd) return;
    clearTimeout(this.#graceTimer);
    this.#graceEnd = end;
    this.#graceTimer = setTimer(() => this.#cut(), graceMs);
  }

  #cut(): void {
    this.#impatient = true;
    for (const connection of this.#connections) connection.cut();
    this.#finishIfDone();
  }

  async #accept(): Promise<void> {
    for (;;) {
      try {
        const conn = await this.#listener.accept();
        this.#accepted++;
        this.#take(conn);
      } catch (error) {
        if (hadHungUp(error)) continue;
        // Whoever gave the listener may close it as well.
        if (this.#closing || hasBeenClosed(error)) break;
        this.#report(new Error("cannot accept a connection", { cause: error }));
        await withinMs(ACCEPT_PAUSE_MS, this.#stopped.promise);
      }
    }
    this.#accepting = false;
    if (!this.#closing) {
      this.#open = false;
      this.#drain();
    }
    this.#finishIfDone();
  }

  #take(conn: Conn): void {
    try {
      const info = this.#admit(conn);
      // A handshake would take longer than the listener has left, and a client takes its failure for a failed dial.
      if (info === undefined || this.#closing && isTls(conn)) conn.close();
      else if (isTls(conn)) this.#handshake(conn, info);
      else this.#serve(conn, info);
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  /** What is known of a connection that may stay. */
  #admit(conn: Conn): ConnectionInfo<A> | undefined {
    const { maxConnections, keepAlive, onConnection } = this.#listening;
    // The listener's connections have addresses of its kind.
    const info = { remoteAddr: conn.remoteAddr, connections: this.#connections.size } as ConnectionInfo<A>;
    if (info.connections + this.#handshakes.size >= maxConnections) {
      if (!this.#overLimit) {
        this.#report(new Error(`too many connections: the limit is ${maxConnections}`), info);
      }
      this.#overLimit = true;
      return undefined;
    }
    this.#overLimit = false;
    tuneAccepted(conn, keepAlive);
    try {
      const verdict: unknown = onConnection?.(info);
      if (verdict === undefined) return info;
      if (verdict === "refuse") return undefined;
      // A promise comes too late to refuse anything, and its rejection must not end the process.
      callSafely("onConnection", () => verdict);
      throw new TypeError(`onConnection must return nothing or "refuse", got ${show(verdict)}`);
    } catch (error) {
      this.#report(error, info);
      return undefined;
    }
  }

  /**
   * Deno closes the socket of a handshake that is under way only when the client moves, whatever is done with it. So
   * one that takes too long is reported and will not be served, but holds its place among the connections until it
   * ends.
   */
  async #handshake(conn: TlsConn, info: ConnectionInfo<A>): Promise<void> {
    const { frameTimeoutMs } = this.#init.limits;
    let late = false;
    const fail = (why: string, cause?: unknown) => {
      if (!this.#closing) this.#report(new Error(`the TLS handshake ${why}`, { cause }), info);
    };
    const timer = setTimer(() => {
      late = true;
      fail(`was not done after ${frameTimeoutMs} ms`);
    }, frameTimeoutMs);
    this.#handshakes.add(conn);
    try {
      await conn.handshake();
    } catch (cause) {
      if (!this.#closing) conn.close();
      if (!late) fail("failed", cause);
      return;
    } finally {
      clearTimeout(timer);
      this.#handshakes.delete(conn);
      this.#finishIfDone();
    }
    if (late || this.#closing) conn.close();
    else this.#serve(conn, info);
  }

  #serve(conn: Conn, info: ConnectionInfo<A>): void {
    const connection = new ServedConnection(connSocket(conn), { ...this.#init, remoteAddr: info.remoteAddr });
    this.#connections.add(connection);
    this.#working.add(connection);
    if (!this.#referenced) connection.unref();
    if (this.#impatient) connection.cut();
    else if (this.#closing) connection.drain(Infinity);
    connection.ended.then(({ error, peersFault }) => {
      this.#connections.delete(connection);
      if (peersFault) this.#report(error, info);
      this.#finishIfDone();
    });
    connection.returned.then(() => {
      this.#working.delete(connection);
      this.#finishIfDone();
    });
  }

  #report(error: unknown, info?: ConnectionInfo<A>): void {
    callSafely("onConnectionError", () => this.#listening.onConnectionError(error, info));
  }

  #finishIfDone(): void {
    if (this.#accepting || this.#open || this.#connections.size > 0 || this.#handshakes.size > 0) return;
    if (this.#working.size > 0 && !this.#impatient) return;
    clearTimeout(this.#graceTimer);
    this.#stopWatching();
    this.#finished.resolve();
  }
}

import type { ConnectionLimits } from "../connection/connection.ts";
import type { Handler } from "./handler.ts";
import {
  abortSignal,
  checkExactlyOne,
  checkType,
  DEFAULT_FRAME_TIMEOUT_MS,
  DEFAULT_GRACE_MS,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_MAX_STREAMS,
  nonEmptyString,
  positiveInteger,
  positiveMs,
} from "../options.ts";
import { Outcome } from "../outcome.ts";
import { reasonText } from "../reason.ts";
import type { ServerStream } from "./server_stream.ts";
import { isProtocolError, Serving, type ServingInit } from "./serving.ts";
import { type ByteDuplex, connSocket, duplexSocket } from "../connection/socket.ts";
import { setTimer, type Timer } from "../turn.ts";
import { hostAndPort, show } from "../show.ts";

/** Options of a connection at the server, and so of every server. */
export interface ServeOverOptions {
  /** The service's own name, for what the default `onError` prints. */
  serviceName?: string | undefined;
  /** Shuts down without grace when it aborts. */
  signal?: AbortSignal | undefined;
  /**
   * Takes what a handler threw, once a stream: not a `BizStatusError`, which is an answer, and not the stream's own
   * end handed on, since a cancel is nobody's fault. Default: prints it with service and method.
   */
  onError?: ((error: unknown, stream: ServerStream) => void) | undefined;
  /** The largest frame taken or sent, in bytes; a larger one that comes ends its connection. Default 16 MiB. */
  maxFrameBytes?: number | undefined;
  /** Unread bytes that a connection holds before it stops reading its socket. Default 4 MiB. */
  maxBufferedBytes?: number | undefined;
  /** Handlers that a connection may have running; one that was cancelled counts until it has returned. Default 1024. */
  maxStreams?: number | undefined;
  /** Milliseconds within which a frame that has begun must end. Default 10,000. */
  frameTimeoutMs?: number | undefined;
}

/** Options of every server that listens. */
export interface ServerOptions<A extends Deno.Addr = Deno.Addr> extends ServeOverOptions {
  /** Is told the address once the server listens. */
  onListen?: ((addr: A) => void) | undefined;
}

/** Options of a server on TCP. */
export interface ServeTcpOptions extends ServerOptions<Deno.NetAddr> {
  /** 0 takes any free port; `addr` then tells which. */
  port: number;
  /** Default `"0.0.0.0"`. */
  hostname?: string | undefined;
  /** Lets several processes listen on the port. Default false. */
  reusePort?: boolean | undefined;
  /** The certificate chain for TLS, PEM; with `key`. */
  cert?: string | undefined;
  /** The key for TLS, PEM; with `cert`. */
  key?: string | undefined;
}

/** Options of a server on a Unix socket. */
export interface ServeUnixOptions extends ServerOptions<Deno.UnixAddr> {
  /** The socket's path. */
  path: string;
}

/** What `serve` needs of a listener: any of Deno's is one. */
export interface ConnListener<A extends Deno.Addr> {
  /** Where it listens. */
  readonly addr: A;
  /** The next connection. */
  accept(): Promise<Deno.Conn>;
  /** Stops listening. */
  close(): void;
}

/** Options of a server on a listener of one's own. */
export interface ServeListenerOptions<A extends Deno.Addr> extends ServerOptions<A> {
  /** The listener; the server closes it. */
  listener: ConnListener<A>;
}

/** A server that listens. `await using` shuts it down with the default grace. */
export interface Server<A extends Deno.Addr = Deno.Addr> extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: A;
  /** Resolves when it has shut down. */
  readonly finished: Promise<void>;
  /**
   * Takes no new connections and streams; idle connections close at once. What is left after `graceMs` milliseconds
   * (default 5,000) gets a Trailer with exception 6 `server is shutting down`, its `signal` aborts with 12013, and
   * its connection closes.
   *
   * @throws (rejects) RangeError if `graceMs` is negative or not finite.
   */
  shutdown(options?: { graceMs?: number | undefined }): Promise<void>;
}

/** One connection at the server: the other end of `connectOver`. */
export interface ServerConnection {
  /** Resolves when the connection has ended; rejects with 12004 where the client broke the protocol. */
  readonly finished: Promise<void>;
  /** Ends every stream with a Trailer that says `reason`, and closes. */
  abort(reason?: unknown): void;
}

/**
 * Serves over TCP: every stream that a client opens is given to `handler`.
 *
 * @throws {TypeError} If an option is of another type, or only one of `cert` and `key` is given.
 * @throws {RangeError} If the port or a limit is out of range.
 * @throws What the system says where it cannot listen there.
 *
 * @example
 * ```ts ignore
 * const server = serve({ port: 8888 }, implement(Chat, { async *ask(question) { yield* answer(question); } }));
 * await server.finished;
 * ```
 */
export function serve(options: ServeTcpOptions, handler: Handler): Server<Deno.NetAddr>;
/** Serves on a Unix socket. */
export function serve(options: ServeUnixOptions, handler: Handler): Server<Deno.UnixAddr>;
/** Serves on a listener of one's own, a `Deno.listenTls` say. */
export function serve<A extends Deno.Addr>(options: ServeListenerOptions<A>, handler: Handler): Server<A>;
export function serve(
  options: ServeTcpOptions | ServeUnixOptions | ServeListenerOptions<Deno.Addr>,
  handler: Handler,
): Server {
  const init = servingInit(options, handler);
  checkExactlyOne(options, ["port", "path", "listener"]);
  checkType("onListen", options.onListen, "function");
  if ("listener" in options) {
    if (typeof options.listener.accept !== "function") throw new TypeError("listener has no method accept");
    return start(options.listener, init, options);
  }
  if ("path" in options) {
    const path = nonEmptyString("path", options.path);
    return start(listenOn(path, () => Deno.listen({ transport: "unix", path })), init, options);
  }
  return start(listenTcp(options), init, options);
}

/**
 * Serves one client over any pair of byte streams.
 *
 * @throws {RangeError} If a limit is out of range.
 * @throws {TypeError} If one of the streams is locked.
 */
export function serveOver(
  duplex: ByteDuplex,
  handler: Handler,
  options: ServeOverOptions = {},
): ServerConnection {
  const init = servingInit(options, handler);
  const serving = new Serving(duplexSocket(duplex), init);
  const finished = new Outcome<void>();
  const stopWatching = whenAborted(options.signal, () => serving.cut());
  serving.ended.then((error) => {
    stopWatching();
    if (isProtocolError(error)) finished.reject(error);
    else finished.resolve();
  });
  return {
    get finished() {
      return finished.promise;
    },
    abort: (reason) => serving.cut(reason === undefined ? undefined : reasonText(reason)),
  };
}

function servingInit(
  options: ServeOverOptions,
  handler: Handler,
): Omit<ServingInit, "remoteAddr"> & { remoteAddr: undefined } {
  if (typeof handler !== "function") throw new TypeError(`handler must be a function, got ${show(handler)}`);
  if (options.signal !== undefined) abortSignal("signal", options.signal);
  checkType("onError", options.onError, "function");
  const { serviceName } = options;
  const name = serviceName === undefined ? "" : `${nonEmptyString("serviceName", serviceName)}: `;
  const limits: ConnectionLimits = {
    maxFrameBytes: positiveInteger("maxFrameBytes", options.maxFrameBytes, DEFAULT_MAX_FRAME_BYTES),
    maxBufferedBytes: positiveInteger(
      "maxBufferedBytes",
      options.maxBufferedBytes,
      DEFAULT_MAX_BUFFERED_BYTES,
    ),
    frameTimeoutMs: positiveMs("frameTimeoutMs", options.frameTimeoutMs, DEFAULT_FRAME_TIMEOUT_MS),
  };
  return {
    handler,
    limits,
    maxStreams: positiveInteger("maxStreams", options.maxStreams, DEFAULT_MAX_STREAMS),
    remoteAddr: undefined,
    onError: options.onError ??
      ((error, { service, method }) =>
        console.error(`${name}the handler of ${service}/${method} failed:`, error)),
  };
}

function listenTcp(
  { port, hostname = "0.0.0.0", reusePort = false, cert, key }: ServeTcpOptions,
): Deno.Listener<Deno.Conn, Deno.NetAddr> {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`port must be an integer from 0 to 65535, got ${show(port)}`);
  }
  const address = hostAndPort(hostname, port);
  if (cert === undefined && key === undefined) {
    return listenOn(address, () => Deno.listen({ port, hostname, reusePort }));
  }
  if (cert === undefined || key === undefined) {
    throw new TypeError("cert and key go together: one of them is missing");
  }
  return listenOn(address, () => Deno.listenTls({ port, hostname, reusePort, cert, key }));
}

/** The system does not say where it could not listen. Its error keeps its class, which tells what went wrong. */
function listenOn<L>(address: string, listen: () => L): L {
  try {
    return listen();
  } catch (error) {
    if (error instanceof Error) error.message = `cannot listen on ${address}: ${error.message}`;
    throw error;
  }
}

function start<A extends Deno.Addr>(
  listener: ConnListener<A>,
  init: ServingInit,
  options: ServerOptions<A>,
): Server<A> {
  try {
    options.onListen?.(listener.addr);
  } catch (error) {
    // Nothing has been accepted yet: the address is free again at once.
    closeListener(listener);
    throw error;
  }
  return new ListeningServer(listener, init, options.signal);
}

/** Calls `task` once `signal` aborts. @returns A function that takes it back. */
function whenAborted(signal: AbortSignal | undefined, task: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    task();
    return () => {};
  }
  signal.addEventListener("abort", task, { once: true });
  return () => signal.removeEventListener("abort", task);
}

/** How long to wait, in milliseconds, after the system would not accept: it is out of file descriptors, say. */
const ACCEPT_PAUSE_MS = 50;

class ListeningServer<A extends Deno.Addr> implements Server<A> {
  readonly addr: A;
  readonly #listener: ConnListener<A>;
  readonly #init: ServingInit;
  readonly #connections: Set<Serving> = new Set();
  readonly #finished: Outcome<void> = new Outcome();
  readonly #stopWatching: () => void;
  readonly #stopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #closing = false;
  #accepting = true;
  #graceTimer: Timer;
  #graceEnd = Infinity;

  constructor(listener: ConnListener<A>, init: ServingInit, signal: AbortSignal | undefined) {
    this.addr = listener.addr;
    this.#listener = listener;
    this.#init = init;
    this.#accept();
    this.#stopWatching = whenAborted(signal, () => void this.shutdown({ graceMs: 0 }));
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async shutdown({ graceMs = DEFAULT_GRACE_MS }: { graceMs?: number | undefined } = {}): Promise<void> {
    if (typeof graceMs !== "number" || !Number.isFinite(graceMs) || graceMs < 0) {
      throw new RangeError(
        `graceMs must be a finite number of milliseconds, 0 or more, got ${show(graceMs)}`,
      );
    }
    if (!this.#closing) {
      this.#closing = true;
      this.#stopped.resolve();
      closeListener(this.#listener);
      for (const connection of this.#connections) connection.drain();
    }
    if (graceMs === 0) this.#cut();
    else if (this.#connections.size > 0) this.#cutAfter(graceMs);
    await this.finished;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
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
    for (const connection of this.#connections) connection.cut();
  }

  async #accept(): Promise<void> {
    while (!this.#closing) {
      try {
        this.#serve(await this.#listener.accept());
      } catch (error) {
        // Whoever gave the listener may close it as well.
        if (this.#closing || error instanceof Deno.errors.BadResource) break;
        console.error("ttstream: cannot accept a connection:", error);
        await this.#pause();
      }
    }
    this.#accepting = false;
    this.#closing = true;
    for (const connection of this.#connections) connection.drain();
    this.#finishIfDone();
  }

  async #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ACCEPT_PAUSE_MS);
    await Promise.race([promise, this.#stopped.promise]);
    clearTimeout(timer);
  }

  #serve(conn: Deno.Conn): void {
    try {
      // Without it Nagle holds a second small frame back for some 40 ms.
      if ("setNoDelay" in conn && typeof conn.setNoDelay === "function") conn.setNoDelay(true);
    } catch (error) {
      conn.close();
      throw error;
    }
    const { remoteAddr } = conn;
    const connection = new Serving(connSocket(conn), { ...this.#init, remoteAddr });
    this.#connections.add(connection);
    connection.ended.then((error) => {
      this.#connections.delete(connection);
      if (isProtocolError(error)) {
        console.error(`ttstream: connection from ${print(remoteAddr)}: ${error.message}`);
      }
      this.#finishIfDone();
    });
  }

  #finishIfDone(): void {
    if (this.#accepting || this.#connections.size > 0) return;
    clearTimeout(this.#graceTimer);
    this.#stopWatching();
    this.#finished.resolve();
  }
}

function print(addr: Deno.Addr): string {
  if ("hostname" in addr) return hostAndPort(addr.hostname, addr.port);
  return "path" in addr ? addr.path : addr.transport;
}

function closeListener(listener: ConnListener<Deno.Addr>): void {
  try {
    listener.close();
  } catch (error) {
    // Whoever gave it may have closed it.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

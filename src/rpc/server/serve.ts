import type { Addr, NetAddr, UnixAddr } from "../../net/address.ts";
import { callSafely } from "../../base/call_safely.ts";
import { isPeersFault } from "../../ttheader/connection_errors.ts";
import type { Handler } from "./handler.ts";
import { closeListener, ListeningServer, type Server } from "./listening_server.ts";
import { checkExactlyOne, nonEmptyString } from "../../base/options.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { reasonText } from "../../base/reason.ts";
import {
  type ConnListener,
  listeningInit,
  type ServeListenerOptions,
  type ServeOverOptions,
  type ServerOptions,
  type ServeTcpOptions,
  type ServeUnixOptions,
  servingInit,
} from "./server_options.ts";
import { Serving, type ServingInit } from "./connection.ts";
import { type ByteDuplex, duplexSocket } from "../../net/socket.ts";
import { bareHostname, hostAndPort, show } from "../../base/format.ts";
import { whenAborted } from "./when_aborted.ts";

/** One connection at the server: the other end of `connectOver`. */
export interface ServerConnection {
  /** Resolves when the connection has ended; rejects where the client broke the protocol (12004) or a limit. */
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
export function serve(options: ServeTcpOptions, handler: Handler): Server<NetAddr>;
/** Serves on a Unix socket. */
export function serve(options: ServeUnixOptions, handler: Handler): Server<UnixAddr>;
/** Serves on a listener of one's own, a `Deno.listenTls` say. */
export function serve<A extends Addr>(options: ServeListenerOptions<A>, handler: Handler): Server<A>;
export function serve(
  options: ServeTcpOptions | ServeUnixOptions | ServeListenerOptions<Addr>,
  handler: Handler,
): Server {
  const init = servingInit(options, handler);
  // Wrong options must not cost a listener.
  listeningInit<never>(options);
  checkExactlyOne(options, ["port", "path", "listener"]);
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
  const finished = new LazyPromise<void>();
  const stopWatching = whenAborted(options.signal, () => serving.cut());
  serving.ended.then((error) => {
    stopWatching();
    if (isPeersFault(error)) finished.reject(error);
    else finished.resolve();
  });
  return {
    get finished() {
      return finished.promise;
    },
    abort: (reason) => serving.cut(reason === undefined ? undefined : reasonText(reason)),
  };
}

function listenTcp(
  { port, hostname = "0.0.0.0", reusePort = false, cert, key }: ServeTcpOptions,
): Deno.Listener<Deno.Conn, NetAddr> {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`port must be an integer from 0 to 65535, got ${show(port)}`);
  }
  const address = hostAndPort(hostname, port);
  if (cert === undefined && key === undefined) {
    return listenOn(address, () => Deno.listen({ port, hostname: bareHostname(hostname), reusePort }));
  }
  if (cert === undefined || key === undefined) {
    throw new TypeError("cert and key go together: one of them is missing");
  }
  return listenOn(
    address,
    () => Deno.listenTls({ port, hostname: bareHostname(hostname), reusePort, cert, key }),
  );
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

function start<A extends Addr>(
  listener: ConnListener<A>,
  init: ServingInit,
  options: ServerOptions<A>,
): Server<A> {
  try {
    const listening = listeningInit(options);
    const told: unknown = options.onListen?.(listener.addr);
    callSafely("onListen", () => told);
    return new ListeningServer(listener, init, listening, options.signal);
  } catch (error) {
    // Nothing has been accepted yet: the address is free again at once.
    closeListener(listener);
    throw error;
  }
}

import type { WireProtocol } from "../../core/protocol.ts";
import type { Addr, NetAddr, UnixAddr } from "../../net/address.ts";
import { callSafely } from "../../base/call_safely.ts";
import type { Handler } from "./handler.ts";
import { ListeningServer, type Server } from "./listening_server.ts";
import { closeListener, type ConnListener, listenTcp, listenUnix } from "../../net/listen.ts";
import { checkExactlyOne, nonEmptyString } from "../../base/options.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { reasonText } from "../../base/reason.ts";
import {
  listeningInit,
  type ServeListenerOptions,
  type ServeOverOptions,
  type ServerOptions,
  type ServeTcpOptions,
  type ServeUnixOptions,
  servingInit,
} from "./server_options.ts";
import { ServedConnection, type ServedConnectionInit } from "./connection.ts";
import { type ByteDuplex, duplexSocket } from "../../net/socket.ts";
import { show } from "../../base/format.ts";
import { whenAborted } from "./when_aborted.ts";

/** One connection at the server: the other end of `connectOver`. */
export interface ServerConnection {
  /** Resolves when the connection has ended; rejects where the client broke the protocol or a limit. */
  readonly finished: Promise<void>;
  /** Ends every stream, with a Trailer or a status that says `reason`, and closes. */
  abort(reason?: unknown): void;
}

/**
 * Serves over TCP: every stream that a client opens is given to `handler`, in whichever of `protocols` it comes.
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
    return start(listenUnix(path), init, options);
  }
  return start(tcpListener(options, init.protocols), init, options);
}

/**
 * Serves one client over any pair of byte streams.
 *
 * @throws {RangeError} If a limit is out of range.
 * @throws {TypeError} If one of the streams is locked.
 *
 * @example On a socket of one's own
 * ```ts
 * import { serveOver } from "@ttstream/ttstream";
 *
 * using listener = Deno.listen({ port: 8888 });
 * for await (const socket of listener) {
 *   const { finished } = serveOver(socket, ({ readable, writable }) => readable.pipeTo(writable));
 *   finished.catch((error) => console.error(socket.remoteAddr, error));
 * }
 * ```
 */
export function serveOver(
  duplex: ByteDuplex,
  handler: Handler,
  options: ServeOverOptions = {},
): ServerConnection {
  const init = servingInit(options, handler);
  const serving = new ServedConnection(duplexSocket(duplex), init);
  const finished = new LazyPromise<void>();
  const stopWatching = whenAborted(options.signal, () => serving.cut());
  serving.ended.then(({ error, peersFault }) => {
    stopWatching();
    if (peersFault) finished.reject(error);
    else finished.resolve();
  });
  return {
    get finished() {
      return finished.promise;
    },
    abort: (reason) => serving.cut(reason === undefined ? undefined : reasonText(reason)),
  };
}

function tcpListener(
  { port, hostname = "0.0.0.0", reusePort = false, cert, key }: ServeTcpOptions,
  protocols: readonly WireProtocol[],
): ConnListener<NetAddr> {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`port must be an integer from 0 to 65535, got ${show(port)}`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("cert and key go together: one of them is missing");
  }
  const alpnProtocols = protocols.flatMap(({ alpn }) => alpn ?? []);
  const tls = cert === undefined || key === undefined ? undefined : { cert, key, alpnProtocols };
  return listenTcp({ port, hostname, reusePort, tls });
}

function start<A extends Addr>(
  listener: ConnListener<A>,
  init: ServedConnectionInit,
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

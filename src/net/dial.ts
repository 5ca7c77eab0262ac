import {
  abortSignal,
  checkExactlyOne,
  checkType,
  DEFAULT_CONNECT_TIMEOUT_MS,
  nonEmptyString,
  positiveMs,
} from "../base/options.ts";
import { presentable, reasonText } from "../base/reason.ts";
import { checkOnDeno } from "./platform.ts";
import { type ByteSocket, type Conn, connSocket } from "./socket.ts";
import { bareHostname, hostAndPort, show } from "../base/format.ts";
import { setTimer, type Timer } from "./event_loop.ts";

/** TLS settings of a client. */
export interface TlsOptions {
  /** Certificates to trust beside the system's, PEM. */
  caCerts?: string[] | undefined;
  /** Protocols to offer (ALPN). Default: the connection's own, `h2` for gRPC; TTHeader Streaming has none. */
  alpnProtocols?: string[] | undefined;
  /** The client's own certificate chain, PEM; with `key`. */
  cert?: string | undefined;
  /** The client's own key, PEM; with `cert`. */
  key?: string | undefined;
  /**
   * The name that the server's certificate must be for, where the address has another: one that was looked up, say.
   * It does not go with `cert` and `key`, for which Deno has no such thing. Default: the address's `hostname`.
   */
  serverName?: string | undefined;
}

/** Where a server is, over TCP. */
export interface TcpAddress {
  /** Default `"127.0.0.1"`. */
  hostname?: string | undefined;
  /** 1 to 65535. */
  port: number;
  /** TLS with the system's trust, or with settings of one's own. Default false. */
  tls?: boolean | TlsOptions | undefined;
  /** A TCP address has none. */
  path?: undefined;
}

/** Where a server is, as a Unix socket. */
export interface UnixAddress {
  /** The socket's path. */
  path: string;
  /** A Unix socket has none. */
  hostname?: undefined;
  /** A Unix socket has none. */
  port?: undefined;
  /** A Unix socket has none. */
  tls?: undefined;
}

/** Where a server is. */
export type Address = TcpAddress | UnixAddress;

/** How to reach a server. */
export type DialOptions = DialSettings & Address;

/** How to dial, wherever the server is. */
export interface DialSettings {
  /** Gives the attempt up when it aborts. */
  signal?: AbortSignal | undefined;
  /** Milliseconds that the attempt may take, a TLS handshake included. Default 5,000. */
  connectTimeoutMs?: number | undefined;
  /**
   * TCP keep-alive: notices a server that has vanished without a word, when the system says (on Linux after two hours).
   * Default true. Deno has no such setting where TLS has a certificate of the client's own (`tls.cert`).
   */
  keepAlive?: boolean | undefined;
}

const DEFAULT_HOSTNAME = "127.0.0.1";

/**
 * Opens the socket to a server.
 *
 * @param alpn What to offer in a TLS handshake where the options do not say.
 * @throws (rejects) An error that names the address, its `cause` what the system said or the signal's reason.
 */
export async function dial(options: DialOptions, alpn?: string): Promise<ByteSocket> {
  const address = addressOf(options);
  const timeoutMs = positiveMs("connectTimeoutMs", options.connectTimeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
  checkType("keepAlive", options.keepAlive, "boolean");
  if (options.signal !== undefined) abortSignal("signal", options.signal);
  const attempt = new Attempt(options.signal, timeoutMs);
  try {
    attempt.signal.throwIfAborted();
    return connSocket(await orAborted(open({ ...options, signal: attempt.signal }, alpn), attempt.signal));
  } catch (thrown) {
    const cause = presentable(thrown);
    const message = `cannot connect to ${address}: ${reasonText(cause)}`;
    // The name tells a time-out and an abort from a refusal.
    throw cause instanceof DOMException
      ? withCause(new DOMException(message, cause.name), cause)
      : new Error(message, { cause });
  } finally {
    attempt.over();
  }
}

/** What HTTP calls a server: its name and port, `localhost` for a Unix socket, and whether there is TLS. */
export function serverOf({ hostname = DEFAULT_HOSTNAME, port, tls = false }: Address): {
  authority: string;
  secure: boolean;
} {
  const name = typeof tls === "object" && tls.serverName !== undefined ? tls.serverName : hostname;
  return { authority: port === undefined ? "localhost" : hostAndPort(name, port), secure: tls !== false };
}

/** A signal that aborts with the user's, or when the time is over. */
class Attempt {
  readonly #controller = new AbortController();
  readonly #given: AbortSignal | undefined;
  readonly #timer: Timer;

  constructor(given: AbortSignal | undefined, timeoutMs: number) {
    this.#given = given;
    this.#timer = setTimer(() => {
      this.#controller.abort(new DOMException(`not connected after ${timeoutMs} ms`, "TimeoutError"));
    }, timeoutMs);
    if (given?.aborted) this.#abort();
    else given?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  over(): void {
    clearTimeout(this.#timer);
    this.#given?.removeEventListener("abort", this.#abort);
  }

  readonly #abort = () => this.#controller.abort(this.#given?.reason);
}

function withCause(error: Error, cause: unknown): Error {
  error.cause = cause;
  return error;
}

/**
 * An address as messages name it.
 *
 * @throws {RangeError | TypeError} If it cannot be right, whoever listens there.
 */
export function addressOf(options: Address): string {
  checkExactlyOne(options, ["port", "path"]);
  if (options.path !== undefined) return nonEmptyString("path", options.path);
  const { port, tls = false } = options;
  const hostname = nonEmptyString("hostname", options.hostname ?? DEFAULT_HOSTNAME);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`port must be an integer from 1 to 65535, got ${show(port)}`);
  }
  const { cert, key, serverName } = typeof tls === "object" ? tls : {};
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("tls: cert and key go together");
  if (serverName !== undefined && nonEmptyString("tls.serverName", serverName) && cert !== undefined) {
    throw new TypeError("tls: serverName does not go with cert and key");
  }
  return hostAndPort(hostname, port);
}

async function open(options: DialOptions, alpn: string | undefined): Promise<Conn> {
  checkOnDeno("connecting", "connectOver with a socket of your own");
  if (options.path !== undefined) return await Deno.connect({ transport: "unix", path: options.path });
  const { port, tls = false, keepAlive = true, signal } = options;
  const hostname = bareHostname(options.hostname ?? DEFAULT_HOSTNAME);
  const offered = alpn === undefined ? undefined : [alpn];
  const { caCerts, alpnProtocols = offered, cert, key, serverName = hostname } = typeof tls === "object"
    ? tls
    : {};
  const settings = {
    hostname,
    ...(caCerts === undefined ? {} : { caCerts }),
    ...(alpnProtocols === undefined ? {} : { alpnProtocols }),
  };
  if (cert !== undefined && key !== undefined) {
    return await handshaken(
      await Deno.connectTls({ ...settings, port, cert, key, keyFormat: "pem" }),
      signal,
    );
  }
  const conn = await Deno.connect({ hostname, port, ...(signal === undefined ? {} : { signal }) });
  // Without it Nagle holds a second small frame back for some 40 ms.
  conn.setNoDelay(true);
  conn.setKeepAlive(keepAlive);
  return tls === false
    ? conn
    : await handshaken(await Deno.startTls(conn, { ...settings, hostname: serverName }), signal);
}

/**
 * A certificate that is not trusted must fail the connect, not the first read. A handshake that is given up must
 * not hold the socket until the server moves.
 */
async function handshaken(conn: Deno.TlsConn, signal: AbortSignal | undefined): Promise<Deno.TlsConn> {
  const close = () => conn.close();
  if (signal?.aborted) close();
  else signal?.addEventListener("abort", close, { once: true });
  try {
    await conn.handshake();
    signal?.throwIfAborted();
    return conn;
  } catch (error) {
    if (!signal?.aborted) close();
    throw error;
  } finally {
    signal?.removeEventListener("abort", close);
  }
}

/** Not every way to connect takes a signal: whichever loses the race is cleaned up. */
async function orAborted(opening: Promise<Conn>, signal: AbortSignal): Promise<Conn> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then((conn) => conn.close(), () => {
      // It failed as well, and nobody waits for it any more.
    });
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

import { abortSignal, checkExactlyOne, nonEmptyString } from "../options.ts";
import { reasonText } from "../reason.ts";
import { type ByteSocket, type Conn, connSocket } from "./socket.ts";
import { hostAndPort, show } from "../show.ts";

/** TLS settings of a client. */
export interface TlsOptions {
  /** Certificates to trust beside the system's, PEM. */
  caCerts?: string[] | undefined;
  /** Protocols to offer (ALPN). */
  alpnProtocols?: string[] | undefined;
  /** The client's own certificate chain, PEM; with `key`. */
  cert?: string | undefined;
  /** The client's own key, PEM; with `cert`. */
  key?: string | undefined;
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

/** How to reach a server. */
export type DialOptions = { signal?: AbortSignal | undefined } & (TcpAddress | UnixAddress);

const DEFAULT_HOSTNAME = "127.0.0.1";

/**
 * Opens the socket to a server.
 *
 * @throws (rejects) An error that names the address, its `cause` what the system said or the signal's reason.
 */
export async function dial(options: DialOptions): Promise<ByteSocket> {
  const address = addressOf(options);
  const { signal } = options;
  if (signal !== undefined) abortSignal("signal", signal);
  try {
    signal?.throwIfAborted();
    const opening = open(options);
    return connSocket(await (signal === undefined ? opening : orAborted(opening, signal)));
  } catch (cause) {
    const message = `cannot connect to ${address}: ${reasonText(cause)}`;
    // The name tells a time-out and an abort from a refusal.
    throw cause instanceof DOMException
      ? withCause(new DOMException(message, cause.name), cause)
      : new Error(message, { cause });
  }
}

function withCause(error: Error, cause: unknown): Error {
  error.cause = cause;
  return error;
}

/** @throws {RangeError | TypeError} If the options cannot be right, whoever listens there. */
function addressOf(options: DialOptions): string {
  checkExactlyOne(options, ["port", "path"]);
  if (options.path !== undefined) return nonEmptyString("path", options.path);
  const { port, tls = false } = options;
  const hostname = nonEmptyString("hostname", options.hostname ?? DEFAULT_HOSTNAME);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`port must be an integer from 1 to 65535, got ${show(port)}`);
  }
  const { cert, key } = typeof tls === "object" ? tls : {};
  if ((cert === undefined) !== (key === undefined)) throw new TypeError("tls: cert and key go together");
  return hostAndPort(hostname, port);
}

async function open(options: DialOptions): Promise<Conn> {
  if (options.path !== undefined) return await Deno.connect({ transport: "unix", path: options.path });
  const { hostname = DEFAULT_HOSTNAME, port, tls = false, signal } = options;
  const { caCerts, alpnProtocols, cert, key } = typeof tls === "object" ? tls : {};
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
  return tls === false ? conn : await handshaken(await Deno.startTls(conn, settings), signal);
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

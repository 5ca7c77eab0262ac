import { bareHostname, hostAndPort } from "../base/format.ts";
import type { Addr, NetAddr, UnixAddr } from "./address.ts";
import { checkOnDeno, hasBeenClosed } from "./platform.ts";
import type { Conn } from "./socket.ts";

/** What `serve` needs of a listener: any of Deno's is one. */
export interface ConnListener<A extends Addr> {
  /** Where it listens. */
  readonly addr: A;
  /** The next connection. */
  accept(): Promise<Conn>;
  /** Stops listening. */
  close(): void;
  /** Keeps the process alive, as it does to begin with. */
  ref?(): void;
  /** Does not keep the process alive. */
  unref?(): void;
}

/** A connection whose TLS handshake is to be waited for. */
export interface TlsConn extends Conn {
  handshake(): Promise<unknown>;
}

/** Where to listen on TCP, and with which certificate. */
export interface TcpListenOptions {
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: boolean;
  /** Absent where there is no TLS. */
  readonly tls: { readonly cert: string; readonly key: string; readonly alpnProtocols: string[] } | undefined;
}

/**
 * So many clients may connect at once, where the system lets them (`net.core.somaxconn`): of a whole fleet that comes
 * back after a restart, whoever finds the queue full tries again a second later.
 */
const BACKLOG = 4096;

/**
 * Listens on TCP.
 *
 * @throws What the system says where it cannot listen there.
 */
export function listenTcp({ hostname, port, reusePort, tls }: TcpListenOptions): ConnListener<NetAddr> {
  const options = { port, hostname: bareHostname(hostname), reusePort, tcpBacklog: BACKLOG };
  return listenOn(hostAndPort(hostname, port), () => {
    if (tls === undefined) return Deno.listen(options);
    const { cert, key, alpnProtocols } = tls;
    return Deno.listenTls({
      ...options,
      cert,
      key,
      ...(alpnProtocols.length === 0 ? {} : { alpnProtocols }),
    });
  });
}

/**
 * Listens on a Unix socket.
 *
 * @throws What the system says where it cannot listen there.
 */
export function listenUnix(path: string): ConnListener<UnixAddr> {
  return listenOn(path, () => Deno.listen({ transport: "unix", path }));
}

/** The system does not say where it could not listen. Its error keeps its class, which tells what went wrong. */
function listenOn<L>(address: string, listen: () => L): L {
  checkOnDeno("listening", "serveOver, or a listener of your own");
  try {
    return listen();
  } catch (error) {
    if (error instanceof Error) error.message = `cannot listen on ${address}: ${error.message}`;
    throw error;
  }
}

/** Closes a listener that may be closed already. */
export function closeListener(listener: ConnListener<Addr>): void {
  try {
    listener.close();
  } catch (error) {
    // Whoever gave it may have closed it.
    if (!hasBeenClosed(error)) throw error;
  }
}

export function isTls(conn: Conn): conn is TlsConn {
  return "handshake" in conn;
}

/** Sets what TCP connections have to set. */
export function tuneAccepted(conn: Conn, keepAlive: boolean): void {
  if (!isTcp(conn)) return;
  // Without it Nagle holds a second small frame back for some 40 ms.
  conn.setNoDelay(true);
  conn.setKeepAlive(keepAlive);
}

function isTcp(conn: Conn): conn is Conn & Pick<Deno.TcpConn, "setNoDelay" | "setKeepAlive"> {
  return "setNoDelay" in conn && "setKeepAlive" in conn;
}

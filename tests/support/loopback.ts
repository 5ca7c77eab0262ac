import {
  connect,
  type Connection,
  type ConnectionOptions,
  type Handler,
  serve,
  type Server,
  type ServerOptions,
} from "../../mod.ts";

const hostname = "127.0.0.1";

/** A server on loopback, on any free port. */
export function serveLocally(
  handler: Handler,
  options: ServerOptions<Deno.NetAddr> = {},
): Server<Deno.NetAddr> {
  return serve({ ...options, hostname, port: 0 }, handler);
}

/** A connection to a server on loopback. */
export function connectTo(
  { addr: { port } }: Server<Deno.NetAddr>,
  options: ConnectionOptions = {},
): Promise<Connection> {
  return connect({ ...options, hostname, port });
}

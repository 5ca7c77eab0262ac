import net from "node:net";
import type { Bytes } from "../base/buffer.ts";
import { bareHostname, hostAndPort } from "../base/format.ts";
import { ownBytes } from "./socket.ts";

/** The two ends of a connection that goes through a relay. */
export type RelayEnd = "client" | "server";

/** What somebody who looks on is told of one connection. Nothing of it may throw: the bytes go on whatever happens. */
export interface RelayWatcher {
  /** Bytes have come from `end`, and have been handed to the other one. They are not written again. */
  bytes(end: RelayEnd, chunk: Bytes): void;
  /** `end` sends no more: it has closed its direction, or reset the connection. */
  ended(end: RelayEnd, how: "closed" | "reset"): void;
  /** The server could not be reached. The client has been reset. */
  unreachable(error: Error): void;
  /** Both sockets are closed: nothing more is told. */
  over(): void;
}

/** Where a relay goes to. */
export type RelayTarget =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/** How a relay is made. */
export interface RelayOptions {
  /** Where to listen. */
  readonly hostname: string;
  /** The port; 0 is any. */
  readonly port: number;
  /** Where to go to. */
  readonly to: RelayTarget;
  /** A client has connected, from `address`. */
  watch(address: string): RelayWatcher;
}

/** A relay that listens. */
export interface Relay {
  /** Where it listens, the port that it has got included. */
  readonly hostname: string;
  readonly port: number;
  /** Stops listening and resets what is open. Resolves when all sockets are closed. */
  close(): Promise<void>;
}

/**
 * Passes bytes on between clients and a server, at once and unchanged, each direction only as fast as its other end takes
 * it. A half close goes on as one, and a reset as a reset: Deno's own sockets cannot reset, which is why these are Node's.
 *
 * @throws (rejects) What the system says where it cannot listen there.
 */
export async function relay(options: RelayOptions): Promise<Relay> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const address = hostAndPort(client.remoteAddress ?? "", client.remotePort ?? 0);
    connectThrough(client, options.to, options.watch(address), sockets);
  });
  await listening(server, options);
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new TypeError("the relay has no TCP address");
  return {
    hostname: address.address,
    port: address.port,
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.resetAndDestroy();
      return promise;
    },
  };
}

function listening(server: net.Server, { hostname, port }: RelayOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => {
    reject(new Error(`cannot listen on ${hostAndPort(hostname, port)}: ${error.message}`, { cause: error }));
  });
  server.listen(port, bareHostname(hostname), resolve);
  return promise;
}

function connectThrough(
  client: net.Socket,
  to: RelayTarget,
  watcher: RelayWatcher,
  sockets: Set<net.Socket>,
): void {
  const target = "path" in to ? to : { host: bareHostname(to.hostname), port: to.port };
  const server = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
  let connected = false;
  let open = 2;
  const closed = (socket: net.Socket) => {
    sockets.delete(socket);
    if (--open === 0) watcher.over();
  };
  for (const socket of [client, server]) {
    sockets.add(socket);
    socket.once("close", () => closed(socket));
  }
  server.once("connect", () => connected = true);
  server.on("error", (error) => {
    if (connected) return;
    watcher.unreachable(error);
    client.resetAndDestroy();
  });
  passOn("client", client, server, watcher, () => true);
  passOn("server", server, client, watcher, () => connected);
}

/** One direction: from `source`, which is the end called `end`, to `target`. */
function passOn(
  end: RelayEnd,
  source: net.Socket,
  target: net.Socket,
  watcher: RelayWatcher,
  isConnected: () => boolean,
): void {
  source.on("data", (chunk) => {
    if (typeof chunk === "string") throw new TypeError("a socket without an encoding gives bytes");
    const taken = target.write(chunk);
    watcher.bytes(end, ownBytes(chunk));
    if (!taken) source.pause();
  });
  target.on("drain", () => source.resume());
  source.once("end", () => {
    watcher.ended(end, "closed");
    target.end();
  });
  source.on("error", () => {
    if (!isConnected()) return;
    watcher.ended(end, "reset");
    target.resetAndDestroy();
  });
}

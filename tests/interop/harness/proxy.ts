import { NO_FRAME, Reader, type Seen } from "./frames.ts";

/** A frame on its way, and when it came by. */
export interface Passed {
  readonly way: "c2s" | "s2c";
  readonly connection: number;
  readonly atMs: number;
  readonly frame: Seen;
}

/** A wire between a client and a server that is watched, and that can be cut. */
export interface Proxy {
  readonly address: string;
  readonly passed: readonly Passed[];
  /** When the last byte went by. */
  readonly lastMs: () => number;
  /** How many connections there were, and how many of them an end has closed. */
  readonly connections: () => { readonly opened: number; readonly closed: number };
  /** Sends the server a frame that is not one. */
  spoil(): Promise<void>;
  /** Takes every open connection away. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a port of its own and passes everything on to `target`. */
export function startProxy(
  target: string,
  makeReader: (found: (frame: Seen) => void, way: Passed["way"]) => Pick<Reader, "push"> = (found) =>
    new Reader(found),
): Proxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const passed: Passed[] = [];
  const running: Promise<unknown>[] = [];
  const servers = new Set<Deno.Conn>();
  let connections = 0;
  let last = performance.now();
  const [hostname = "", port = ""] = target.split(":");

  const shut = (conn: Deno.Conn) => {
    if (open.delete(conn)) conn.close();
  };
  const pump = async (from: Deno.Conn, to: Deno.Conn, way: Passed["way"], connection: number) => {
    const reader = makeReader(
      (frame) => passed.push({ way, connection, frame, atMs: performance.now() }),
      way,
    );
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        last = performance.now();
        const chunk = buffer.subarray(0, n);
        reader.push(chunk);
        for (let sent = 0; sent < n;) sent += await to.write(chunk.subarray(sent));
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      shut(from);
      shut(to);
    }
  };
  const accept = async () => {
    for await (const near of listener) {
      const connection = ++connections;
      open.add(near);
      const far = await Deno.connect({ hostname, port: Number(port) }).catch(() => undefined);
      if (far === undefined) {
        shut(near);
        continue;
      }
      open.add(far);
      servers.add(far);
      near.setNoDelay(true);
      far.setNoDelay(true);
      running.push(pump(near, far, "c2s", connection), pump(far, near, "s2c", connection));
    }
  };
  running.push(accept());

  const cut = () => [...open].forEach(shut);
  return {
    address: `127.0.0.1:${listener.addr.port}`,
    passed,
    lastMs: () => last,
    connections: () => ({
      opened: connections,
      closed: connections - [...servers].filter((server) => open.has(server)).length,
    }),
    spoil: async () => {
      await Promise.all(
        [...servers].filter((server) => open.has(server)).map((server) => server.write(NO_FRAME)),
      );
    },
    cut,
    close: async () => {
      listener.close();
      cut();
      await Promise.all(running);
    },
  };
}

/** Whether an error of a socket says that an end of it is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionAborted;
}

import { MissingGo } from "../../interop/harness/build.ts";
import { buildGrpcGoEcho, grpcGoVersion, startServer } from "../../interop/grpc/programs.ts";
import { leftovers, seconds, wait } from "../harness/measure.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import type { Loaded } from "../programs/pool_load.ts";

const SERVERS = 3;
/** Calls at a time. */
const WORKERS = 24;
/** So many calls are answered without a server, and with a new one, before the next goes. */
const CALLS = 200;
const PATIENCE_MS = 30_000;

/** A server that can be shut down. */
interface Restartable {
  readonly port: number;
  /** Shuts it down gracefully. @returns Its exit code. */
  shutDown(): Promise<number>;
}

/** Starts a server, on any port or on this one. */
type Start = (port?: number) => Promise<Restartable>;

/** Each of three servers is restarted in turn while a pool with retries is under load. */
export const rollingRestart: Row = {
  name: "rolling restart",
  async *run(lab) {
    yield await restarts(lab, "servers of ours", "all kinds of stream", false, ownServers(lab));
  },
};

/** The same over gRPC, whose word for it is GOAWAY. */
export const grpcRollingRestart: Row = {
  name: "gRPC rolling restart",
  protocol: "grpc",
  async *run(lab) {
    const kinds = "all four kinds of method";
    yield await restarts(lab, "servers of ours", kinds, true, ownServers(lab));
    try {
      const program = await buildGrpcGoEcho((text) => lab.progress(text));
      await using servers = new AsyncDisposableStack();
      yield await restarts(
        lab,
        `servers of grpc-go ${await grpcGoVersion()}`,
        kinds,
        true,
        async (port = 0) => {
          const server = await startServer({ command: program, args: [String(port)] });
          servers.defer(async () => void await server.stop("SIGKILL"));
          return { port: server.port, shutDown: () => server.stop("SIGTERM") };
        },
      );
    } catch (error) {
      if (!(error instanceof MissingGo)) throw error; // without Go it is the library's own that are restarted
    }
  },
};

function ownServers(lab: Lab): Start {
  return async (port) => {
    const server = await lab.server(port === undefined ? {} : { port });
    return {
      port: server.port,
      shutDown() {
        server.child.signal("SIGTERM");
        return server.child.ended;
      },
    };
  };
}

async function restarts(lab: Lab, whose: string, kinds: string, unary: boolean, start: Start): Promise<Line> {
  const rounds = lab.size(5, 1);
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => start()));
  const client = await lab.client();
  const before = await client.stats();
  const faults: string[] = [];
  const began = performance.now();
  await client.ask("load", { ports: servers.map(({ port }) => port), workers: WORKERS, unary });
  const loaded = () => client.ask<Loaded>("loaded");
  const until = async (what: string, reached: (now: Loaded) => boolean) => {
    const end = performance.now() + PATIENCE_MS;
    while (!reached(await loaded())) {
      if (performance.now() > end) return void faults.push(`${what} within ${seconds(PATIENCE_MS)}`);
      await wait(20);
    }
  };
  await until(
    "not all servers have a connection",
    ({ addresses }) => addresses.every(({ open }) => open > 0),
  );
  for (let restart = 0; restart < rounds * SERVERS && faults.length === 0; restart++) {
    const at = restart % SERVERS;
    const old = servers[at];
    if (old === undefined) break;
    lab.progress(`rolling restart, ${whose}: ${restart} of ${rounds * SERVERS}`);
    const { answered } = await loaded();
    const code = await old.shutDown();
    if (code !== 0) faults.push(`a server ended with code ${code}`);
    await until("calls do not go on with two servers", (now) => now.answered > answered + CALLS);
    servers[at] = await start(old.port);
    await until("a server that is back has no connection", ({ addresses }) => (addresses[at]?.open ?? 0) > 0);
  }
  const last = await client.ask<Loaded>("unload");
  if (last.failed > 0) faults.push(`${last.failed} calls failed: ${last.reason}`);
  if (last.streams + last.waiting > 0) {
    faults.push(`${last.streams} streams and ${last.waiting} calls are left`);
  }
  faults.push(...await leftovers(client, before));
  const dials = last.addresses.reduce((sum, address) => sum + address.dials, 0);
  return {
    name: `a rolling restart of ${whose}`,
    done: `${SERVERS} servers are shut down and started again, one after the other, ${
      rounds === 1 ? "once" : `${rounds} times`
    }; a pool with retries makes ${WORKERS} calls at a time, of ${kinds}`,
    promise:
      "no call fails: those that no server has begun are made again; every server ends by itself, and gets its connection back; nothing is left at the client",
    figure:
      `${last.answered} calls answered, ${last.retried} of them made again, ${last.failed} failed; ${dials} dials, in ${
        seconds(performance.now() - began)
      }`,
    faults,
  };
}

import { CASES } from "./cases.ts";
import type { Outcome, PartOptions } from "./part.ts";
import {
  buildJudges,
  grpcGoServer,
  judge,
  ownPeer,
  type Program,
  runProgram,
  type ServerProgram,
  startServer,
} from "./programs.ts";

/**
 * gRPC's own interoperability cases: grpc-go's client against grpc-go's server, then this library in either place. The
 * four about compression are not in grpc-go's programs: there `go/compression` takes their place.
 */

const COMPRESSION = /_compressed_/;

/** What grpc-go cannot play as a server: one message of a stream compressed, the next not. */
const NOT_IN_GO = "server_compressed_streaming";

type Client = (name: string, server: ServerProgram) => Program;

const goClient: Client = (name, { hostname, port }) =>
  COMPRESSION.test(name)
    ? judge("compression", "client", `${hostname}:${port}`, name)
    : judge("grpc-client", "-server_host", hostname, "-server_port", String(port), "-test_case", name);
const ownClient: Client = (name, { hostname, port }) =>
  ownPeer("client", String(port), name, "--host", hostname);

export async function runGrpcGo({ only, control }: PartOptions): Promise<Outcome[]> {
  await buildJudges(console.log);
  const clients: readonly (readonly [string, Client])[] = control === true
    ? [["grpc-go", goClient]]
    : [["grpc-go", goClient], ["ttstream", ownClient]];
  const outcomes: Outcome[] = [];
  const servers = {
    "grpc-go": await startServer(grpcGoServer()),
    compression: await startServer(judge("compression", "server")),
    ...(control === true ? {} : { ttstream: await startServer(ownPeer("server", "0")) }),
  };
  try {
    for (const name of Object.keys(CASES)) {
      const goServer = COMPRESSION.test(name) ? servers.compression : servers["grpc-go"];
      for (const [to, server] of [["grpc-go", goServer], ["ttstream", servers.ttstream]] as const) {
        if (server === undefined || (to === "grpc-go" && name === NOT_IN_GO)) continue;
        for (const [from, client] of clients) {
          const title = `${name}: ${from} -> ${to}`;
          if (!title.includes(only ?? "")) continue;
          const { error } = await runProgram(client(name, server));
          outcomes.push({ name: title, error });
          console.log(
            `  ${title.padEnd(72)} ${error === undefined ? "passed" : `FAILED ${error.slice(0, 1_000)}`}`,
          );
        }
      }
    }
    for (const [name, server] of Object.entries(servers)) {
      if (server !== undefined && !server.alive()) {
        outcomes.push({ name: `${name}'s server lives`, error: `it died:\n${server.log()}` });
      }
    }
    return outcomes;
  } finally {
    await Promise.all(Object.values(servers).map((server) => server?.stop()));
  }
}

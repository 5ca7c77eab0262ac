import { buildGoaway } from "../harness/build.ts";
import { installNode, NODE_LIBRARIES, nodePeer } from "./node.ts";
import type { Outcome, PartOptions } from "./part.ts";
import { ownPeer, type Program, runProgram, type ServerProgram, startServer } from "./programs.ts";

/**
 * GOAWAY behind some thousands of calls, which is what ends a process that leaves HTTP/2 to `node:http2` on Deno. A server
 * shuts down gracefully while a client has a stream open, or a client closes; nobody may die, and whoever waits for a
 * stream has to read its end.
 */

const CALLS = 3_000;
const TIMEOUT_MS = 60_000;

interface Player {
  readonly name: string;
  readonly server: Program;
  client(server: ServerProgram, close: boolean): Program;
}

async function players(): Promise<{ readonly own: Player; readonly others: readonly Player[] }> {
  const kitex = await buildGoaway(console.log);
  const folder = await installNode(console.log);
  const how = (close: boolean) => close ? ["close"] : [];
  return {
    own: {
      name: "ttstream",
      server: ownPeer("server", "0"),
      client: ({ port }, close) => ownPeer("calls", String(port), String(CALLS), ...how(close)),
    },
    others: [
      {
        name: "Kitex",
        server: { command: kitex, args: ["server"] },
        client: ({ hostname, port }, close) => ({
          command: kitex,
          args: ["client", `${hostname}:${port}`, String(CALLS), ...how(close)],
        }),
      },
      ...NODE_LIBRARIES.map((library): Player => ({
        name: library,
        server: nodePeer(folder, library, "server", "0"),
        client: ({ hostname, port }, close) =>
          nodePeer(folder, library, "calls", `${hostname}:${port}`, String(CALLS), ...how(close)),
      })),
    ],
  };
}

export async function runGoaway({ only, control }: PartOptions): Promise<Outcome[]> {
  const { own, others } = await players();
  const pairs: (readonly [Player, Player])[] = control === true
    ? others.flatMap((client) => others.map((server) => [client, server] as const))
    : [...others.flatMap((one) => [[one, own], [own, one]] as const), [own, own]];
  const outcomes: Outcome[] = [];
  for (const [client, server] of pairs) {
    for (const [what, play] of [["server", serverLeaves], ["client", clientLeaves]] as const) {
      const title = `the ${what} leaves after ${CALLS} calls: ${client.name} -> ${server.name}`;
      if (!title.includes(only ?? "")) continue;
      const error = await play(client, server);
      outcomes.push({ name: title, error });
      console.log(
        `  ${title.padEnd(72)} ${error === undefined ? "passed" : `FAILED ${error.slice(0, 1_000)}`}`,
      );
    }
  }
  return outcomes;
}

async function serverLeaves(client: Player, server: Player): Promise<string | undefined> {
  const running = await startServer(server.server);
  const calling = Promise.withResolvers<void>();
  const program = client.client(running, false);
  const ended = runProgram(program, TIMEOUT_MS, (output) => {
    if (output.includes("called")) calling.resolve();
  });
  await Promise.race([calling.promise, ended]);
  const code = await running.stop();
  const { error, output } = await ended;
  if (error !== undefined) return `the client: ${error}`;
  if (!output.includes("the stream ended")) return `the client has read no end: ${output}`;
  return code === 0 ? undefined : `the server ended with code ${code}: ${running.log()}`;
}

async function clientLeaves(client: Player, server: Player): Promise<string | undefined> {
  const running = await startServer(server.server);
  try {
    for (let turn = 0; turn < 2; turn++) { // the second shows that the server still serves
      const { error } = await runProgram(client.client(running, true), TIMEOUT_MS);
      if (error !== undefined) return `client ${turn + 1}: ${error}`;
    }
    return running.alive() ? undefined : `the server died: ${running.log()}`;
  } finally {
    await running.stop();
  }
}

import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CASES } from "./cases.ts";
import { file_test } from "./gen/test_pb.ts";
import { MORE_CASES, SEEN_BY_THE_SERVER } from "./more_cases.ts";
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

/** `@grpc/grpc-js` and `@connectrpc/connect-node` in Node, as clients and as servers. */

const SOURCE = new URL("./node/", import.meta.url);
const SEEN_MS = 3_000;
const PAUSE_MS = 20;

export type NodeLibrary = "grpc-js" | "connect";
export const NODE_LIBRARIES: readonly NodeLibrary[] = ["grpc-js", "connect"];

/**
 * Installs the two libraries beside the programs, in a folder of the machine's, and gives that folder. What is there
 * from an earlier run with the same versions is used.
 */
export async function installNode(log: (line: string) => void): Promise<string> {
  const manifest = await Deno.readTextFile(new URL("package.json", SOURCE));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(manifest));
  const folder = join(tmpdir(), `ttstream-interop-node-${new Uint8Array(digest).toHex().slice(0, 12)}`);
  await Deno.mkdir(folder, { recursive: true });
  for await (const { name } of Deno.readDir(SOURCE)) {
    await Deno.copyFile(new URL(name, SOURCE), join(folder, name));
  }
  const descriptor = toBinary(FileDescriptorProtoSchema, file_test.proto).toBase64();
  await Deno.writeTextFile(join(folder, "descriptor.txt"), descriptor);
  const done = join(folder, "installed");
  if (await Deno.stat(done).then(() => true, () => false)) return folder;
  log("installing @grpc/grpc-js and @connectrpc/connect-node");
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", "--ignore-scripts"],
    cwd: folder,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`npm install failed:\n${new TextDecoder().decode(stderr)}`);
  await Deno.writeTextFile(done, "");
  return folder;
}

export function nodePeer(folder: string, library: NodeLibrary, ...args: readonly string[]): Program {
  return { command: "node", args: [join(folder, "peer.mjs"), library, ...args] };
}

interface Player {
  readonly name: string;
  /** What it plays. */
  readonly cases: ReadonlySet<string>;
  client(name: string, server: ServerProgram, id: string): Program;
  readonly server: Program;
}

/** All players; of grpc-go those cases that its programs have. */
async function players(): Promise<Record<NodeLibrary | "ttstream" | "grpc-go", Player>> {
  const folder = await installNode(console.log);
  const standard = Object.keys(CASES).filter((name) => !name.includes("_compressed_"));
  const all = new Set([...standard, ...Object.keys(MORE_CASES)]);
  const node = (library: NodeLibrary): Player => ({
    name: library,
    cases: all,
    client: (name, { hostname, port }, id) =>
      nodePeer(folder, library, "client", `${hostname}:${port}`, name, id),
    server: nodePeer(folder, library, "server", "0"),
  });
  return {
    "grpc-js": node("grpc-js"),
    connect: node("connect"),
    ttstream: {
      name: "ttstream",
      cases: all,
      client: (name, { hostname, port }, id) =>
        ownPeer("client", String(port), name, "--host", hostname, "--id", id),
      server: ownPeer("server", "0"),
    },
    "grpc-go": {
      name: "grpc-go",
      cases: new Set(standard),
      client: (name, { hostname, port }) =>
        judge("grpc-client", "-server_host", hostname, "-server_port", String(port), "-test_case", name),
      server: grpcGoServer(),
    },
  };
}

export async function runNode({ only, control }: PartOptions): Promise<Outcome[]> {
  if (control === true) await buildJudges(console.log);
  const { ttstream, "grpc-go": go, "grpc-js": js, connect } = await players();
  // The control is Node's libraries among themselves and with grpc-go; else this library is one of the two.
  const pairs: (readonly [Player, Player])[] = control === true
    ? [js, connect].flatMap((one) => [[one, js], [one, connect], [one, go], [go, one]] as const)
    : [js, connect].flatMap((one) => [[one, ttstream], [ttstream, one]] as const);
  const outcomes: Outcome[] = [];
  for (const server of new Set(pairs.map(([, server]) => server))) {
    const running = await startServer(server.server);
    try {
      for (const [client] of pairs.filter(([, to]) => to === server)) {
        for (const name of client.cases) {
          const title = `${name}: ${client.name} -> ${server.name}`;
          if (!server.cases.has(name) || !title.includes(only ?? "")) continue;
          const error = await play(name, client, running);
          outcomes.push({ name: title, error });
          console.log(
            `  ${title.padEnd(72)} ${error === undefined ? "passed" : `FAILED ${error.slice(0, 1_000)}`}`,
          );
        }
      }
      if (!running.alive()) {
        outcomes.push({ name: `${server.name} lives`, error: `it died:\n${running.log()}` });
      }
    } finally {
      await running.stop();
    }
  }
  return outcomes;
}

async function play(
  name: string,
  client: Player,
  running: ServerProgram,
): Promise<string | undefined> {
  const id = crypto.randomUUID();
  const { error } = await runProgram(client.client(name, running, id));
  if (error !== undefined || !SEEN_BY_THE_SERVER.test(name)) return error;
  for (let waited = 0; waited < SEEN_MS; waited += PAUSE_MS) {
    if (running.log().includes(`canceled ${id}`)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return `the server has not seen it within ${SEEN_MS} ms`;
}

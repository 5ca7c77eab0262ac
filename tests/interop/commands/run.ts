/**
 * The commands and Kitex: `call` calls a Kitex server through `tap`, over TTHeader and gRPC, and so does a Kitex client;
 * what the tap shows is compared with what went through it. `call` without an IDL calls a server of grpc-go's.
 */
import { runCommand, RunningCommand } from "../../support/command.ts";
import { GenericPeer, type Transport } from "../dynamic/peer.ts";
import { buildReflection } from "../grpc/programs.ts";
import { buildGeneric } from "../harness/build.ts";
import { runPart } from "../harness/part.ts";

const IDL = new URL("shell.thrift", import.meta.url).pathname;

/** A call: its requests, and what comes of it. */
interface Call {
  readonly method: string;
  readonly kind: "unary" | "server" | "client" | "bidirectional";
  readonly requests: readonly string[];
  readonly responses: readonly string[];
  /** What stderr has of it where it fails. */
  readonly fails?: RegExp;
}

const LEAF = '{"name":"a","weight":1}';
const OTHER = '{"name":"b"}';

const CALLS: readonly Call[] = [
  { method: "Echo", kind: "unary", requests: [LEAF], responses: [LEAF] },
  {
    method: "Twice",
    kind: "unary",
    requests: ['"4611686018427387903"'],
    responses: ['"9223372036854775806"'],
  },
  { method: "Nothing", kind: "unary", requests: ['"text"'], responses: [] },
  { method: "Forget", kind: "unary", requests: ['"text"'], responses: [] },
  { method: "Refuse", kind: "unary", requests: [LEAF], responses: [], fails: /refused/ },
  { method: "Repeat", kind: "server", requests: [LEAF], responses: [LEAF, LEAF, LEAF] },
  { method: "Last", kind: "client", requests: [LEAF, OTHER], responses: [OTHER] },
  { method: "Talk", kind: "bidirectional", requests: [LEAF, OTHER], responses: [LEAF, OTHER] },
];

/** What the tap has shown of a call: its messages in each direction, and how it ended. */
interface Shown {
  readonly method: string;
  readonly requests: readonly string[];
  readonly responses: readonly string[];
  readonly end: string;
}

/** Runs `use` with the address of a tap before a server. @returns What the tap has shown, in the order of the calls. */
async function tapped(port: number, use: (address: string) => Promise<void>): Promise<Shown[]> {
  const to = ["--to", `127.0.0.1:${port}`];
  await using tap = new RunningCommand("tap", ["--listen", "0", ...to, "--idl", IDL, "--json"]);
  const said = await tap.stderr.until(/listening on \S+:\d+, .*\n/);
  await use(`127.0.0.1:${/:(\d+),/.exec(said)?.[1]}`);
  tap.interrupt();
  const { stdout } = await tap.end();
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const lives = events.filter(({ kind }) => kind === "stream");
  return lives.map(({ connection, stream, method, end }) => {
    const messages = (from: string) =>
      events
        .filter((event) => event.connection === connection && event.stream === stream && event.from === from)
        .flatMap(({ message }) => message === undefined || message === null ? [] : [JSON.stringify(message)]);
    return {
      method: String(method).replace(/^.*\//, ""),
      requests: messages("client"),
      responses: messages("server"),
      end: end?.how ?? "open",
    };
  });
}

/** What is wrong with what a tap has shown of calls; `undefined` where nothing is. */
function wrongWith(shown: readonly Shown[], calls: readonly Call[]): string | undefined {
  const expected = calls.map(({ method, requests, responses, fails }) =>
    JSON.stringify({ method, requests, responses, end: fails === undefined ? "well" : "error" })
  );
  const actual = shown.map((one) => JSON.stringify(one));
  const same = expected.length === actual.length && expected.every((one, i) => one === actual[i]);
  return same ? undefined : `expected\n${expected.join("\n")}\nthe tap has shown\n${actual.join("\n")}`;
}

interface Case {
  readonly name: string;
  readonly error: string | undefined;
}

/** Each call by `call`, through one tap. */
async function callCases(
  port: number,
  protocol: "ttheader" | "grpc",
  calls: readonly Call[],
): Promise<Case[]> {
  const cases: Case[] = [];
  const shown = await tapped(port, async (address) => {
    for (const { method, requests, responses, fails } of calls) {
      const data = requests.flatMap((request) => ["-d", request]);
      const args = ["--idl", IDL, "--protocol", protocol, address, `Shell/${method}`, ...data];
      const { code, stdout, stderr } = await runCommand("call", args);
      const wanted = responses.map((line) => `${line}\n`).join("");
      const right = stdout === wanted &&
        (fails === undefined ? code === 0 && stderr === "" : code === 1 && fails.test(stderr));
      const error = right ? undefined : `exit code ${code}\n${stdout}${stderr}`;
      cases.push({ name: `call ${method} over ${protocol}`, error });
    }
  });
  return [...cases, { name: `tap of call over ${protocol}`, error: wrongWith(shown, calls) }];
}

/** What Kitex's own client and server say to each other, through a tap. */
async function kitexCase(peer: GenericPeer, transport: Transport, calls: readonly Call[]): Promise<Case> {
  const shown = await tapped(peer.port, async (address) => {
    for (const { method, kind, requests } of calls) {
      // Kitex's generic client reads and writes i64 as a number.
      const plain = requests.map((request) => method === "Twice" ? request.replaceAll('"', "") : request);
      await peer.call({ address, transport, kind, method, requests: plain });
    }
  });
  return { name: `tap between Kitex and Kitex over ${transport}`, error: wrongWith(shown, calls) };
}

/** `call` without an IDL, at a server of grpc-go's. */
async function reflectionCases(program: string): Promise<Case[]> {
  const server = new Deno.Command(program, { stdin: "piped", stdout: "piped" }).spawn();
  const reader = server.stdout.getReader();
  const { value } = await reader.read();
  const address = new TextDecoder().decode(value).trim();
  const health = `grpc.health.v1.Health
  rpc Check(grpc.health.v1.HealthCheckRequest) returns (grpc.health.v1.HealthCheckResponse)
  rpc Watch(grpc.health.v1.HealthCheckRequest) returns (stream grpc.health.v1.HealthCheckResponse)
`;
  const calls: readonly (readonly [string, readonly string[], number, RegExp])[] = [
    ["its services", ["--list"], 0, new RegExp(RegExp.escape(health))],
    ["a unary method", ["grpc.health.v1.Health/Check"], 0, /^\{"status":"SERVING"\}\n$/],
    [
      "a status",
      ["grpc.health.v1.Health/Check", "-d", '{"service":"x"}'],
      1,
      /code = 5 desc = unknown service/,
    ],
    ["a stream", ["grpc.health.v1.Health/Watch", "--timeout", "2s"], 4, /^\{"status":"SERVING"\}\n/],
  ];
  const cases: Case[] = [];
  for (const [what, args, wanted, says] of calls) {
    const { code, stdout, stderr } = await runCommand("call", [address, ...args]);
    const right = code === wanted && says.test(stdout + stderr);
    const error = right ? undefined : `exit code ${code}\n${stdout}${stderr}`;
    cases.push({ name: `call without an IDL at grpc-go: ${what}`, error });
  }
  await server.stdin.close();
  await reader.cancel();
  await server.status;
  return cases;
}

async function main(): Promise<number> {
  const program = await buildGeneric(console.log);
  await using peer = await GenericPeer.start(program, IDL, "plain");
  const unary = CALLS.filter(({ kind, method }) => kind === "unary" && method !== "Forget");
  const streaming = CALLS.filter(({ kind }) => kind !== "unary");
  const cases = [
    ...await callCases(peer.port, "ttheader", CALLS),
    // Kitex's generic server has no unary methods over gRPC: its own client reads the same panic.
    ...await callCases(peer.port, "grpc", streaming),
    ...await reflectionCases(await buildReflection(console.log)),
  ];
  for (const transport of ["ttheader", "ttheader-framed", "framed", "buffered"] as const) {
    cases.push(await kitexCase(peer, transport, unary));
  }
  for (const transport of ["streaming", "grpc-streaming"] as const) {
    cases.push(await kitexCase(peer, transport, streaming));
  }
  for (const { name, error } of cases) {
    console.log(error === undefined ? `ok      ${name}` : `FAILED  ${name}\n${error}`);
  }
  const failed = cases.filter(({ error }) => error !== undefined).length;
  console.log(`\ncommands: ${cases.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) await runPart(main);

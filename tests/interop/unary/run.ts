import { connect, createClient } from "@ttstream/ttstream";
import { grpc } from "@ttstream/ttstream/grpc";
import { readFlags } from "../../../tools/flags.ts";
import { buildUnary } from "../harness/build.ts";
import { runPart } from "../harness/part.ts";
import type { Outcome } from "../grpc/part.ts";
import { type Program, runProgram, type ServerProgram, startServer } from "../grpc/programs.ts";
import { Words } from "./gen/unary.ts";
import { meantOf } from "./meant.ts";
import { ownCases } from "./own_client.ts";
import { writeReport } from "./report.ts";

/**
 * Unary Thrift calls between this library and Kitex: this library's client against Kitex's servers and its own, and
 * Kitex's client, in each of its framings, against this library's server, compared line by line with what it prints
 * against Kitex's.
 */

const HELP = `usage: run.ts [--only unary] [--case TEXT] [--show] [--help]
  --only unary  the whole of it; no report is written
  --case TEXT   the cases whose name has TEXT in it; no report is written
  --show        print what Kitex's client has printed`;

/** The framings of Kitex's clients, and which of its servers shows what they print. */
const FRAMINGS = ["ttheader", "ttheader-framed", "framed", "buffered", "mux", "grpc"] as const;
const CASE_MS = 30_000;

if (import.meta.main) await runPart(main);

async function main(): Promise<number> {
  const flags = readFlags(HELP, {
    only: { type: "string" },
    case: { type: "string" },
    show: { type: "boolean" },
  });
  const kitex = await buildUnary(console.log);
  const servers = {
    kitex: await startServer({ command: kitex, args: ["server"] }),
    mux: await startServer({ command: kitex, args: ["server", "mux"] }),
    own: await startServer(ownServer()),
  };
  try {
    const outcomes = [
      ...await playOwnClient("Kitex's server", servers.kitex),
      ...await playOwnClient("Kitex's server with a mux transport", servers.mux, { mux: true }),
      ...await playOwnClient("Kitex's server, over gRPC", servers.kitex, { grpc: true }),
      ...await playOwnClient("this library's server", servers.own),
      ...await playOwnClient("this library's server, over gRPC", servers.own, { grpc: true }),
    ];
    for (const framing of FRAMINGS) {
      const control = framing === "mux" ? servers.mux : servers.kitex;
      outcomes.push(...await playKitex(kitex, framing, control, servers.own, flags.show === true));
    }
    const chosen = outcomes.filter(({ name }) => name.includes(flags.case ?? ""));
    for (const { name, error } of chosen) {
      console.log(
        `  ${name.padEnd(88)} ${error === undefined ? "passed" : `FAILED ${error.slice(0, 1_000)}`}`,
      );
    }
    if (flags.only === undefined && flags.case === undefined) await writeReport(outcomes);
    const failed = chosen.filter(({ error }) => error !== undefined).length;
    console.log(`\nunary: ${chosen.length - failed} passed, ${failed} failed`);
    return failed > 0 || chosen.length === 0 ? 1 : 0;
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}

function ownServer(): Program {
  const path = new URL("./server.ts", import.meta.url).pathname;
  return { command: Deno.execPath(), args: ["run", "-A", "--no-check", path] };
}

async function playOwnClient(
  what: string,
  { hostname, port }: ServerProgram,
  how: { readonly mux?: boolean; readonly grpc?: boolean } = {},
): Promise<Outcome[]> {
  const protocol = how.grpc === true ? grpc() : undefined;
  await using connection = await connect({ hostname, port, protocol, unary: { mux: how.mux } });
  const stage = { connection, words: createClient(Words, connection), grpc: how.grpc === true };
  const outcomes: Outcome[] = [];
  for (const { name, play, ttheaderAlone, notAt } of ownCases) {
    if (stage.grpc && ttheaderAlone) continue;
    const full = `this library's client, ${what}: ${name}`;
    if (notAt?.server === what) {
      outcomes.push({ name: full, note: `not played: ${notAt.why}` });
      continue;
    }
    let error: string | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) =>
      timer = setTimeout(() => reject(new Error(`no end after ${CASE_MS} ms`)), CASE_MS)
    );
    try {
      await Promise.race([play(stage), late]);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown);
    } finally {
      clearTimeout(timer);
    }
    outcomes.push({ name: full, error });
  }
  return outcomes;
}

/** What Kitex's client prints of each case, by its name. */
async function printed(kitex: string, framing: string, { hostname, port }: ServerProgram) {
  const program = { command: kitex, args: ["client", `${hostname}:${port}`, framing] };
  const { error, output } = await runProgram(program, 60_000);
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  const cases = new Map(lines.map((line) => [String(JSON.parse(line).case), line]));
  return { cases, error };
}

async function playKitex(
  kitex: string,
  framing: string,
  control: ServerProgram,
  own: ServerProgram,
  show: boolean,
): Promise<Outcome[]> {
  const expected = await printed(kitex, framing, control);
  const seen = await printed(kitex, framing, own);
  if (show) {
    for (const [name, line] of expected.cases) {
      console.log(`${framing}: ${line}\n    ${seen.cases.get(name)}`);
    }
  }
  const outcomes: Outcome[] = [];
  for (const [name, line] of expected.cases) {
    const meant = meantOf(framing, name);
    const wanted = meant?.line ?? line;
    const got = seen.cases.get(name) ?? `nothing, for ${seen.error}`;
    const error = got === wanted ? undefined : `${got}, and not ${wanted}`;
    const full = `Kitex's client over ${framing}, this library's server: ${name}`;
    outcomes.push({
      name: full,
      error,
      note: meant === undefined ? undefined : `passed; meant: ${meant.why}`,
    });
  }
  if (expected.cases.size === 0) {
    outcomes.push({ name: `Kitex's client over ${framing}`, error: `printed nothing: ${expected.error}` });
  }
  return outcomes;
}

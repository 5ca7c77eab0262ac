/** `deno task resilience`: what is too long for `deno task test`. */
import { parseArgs } from "node:util";
import { RowLab } from "./harness/lab.ts";
import { seconds } from "./harness/measure.ts";
import { markdown, print, type Timed } from "./harness/report.ts";
import { overGrpc, type Row } from "./harness/row.ts";
import { foreignServer } from "./malformed/suite.ts";
import {
  grpcConnections,
  grpcHalfFrames,
  halfFrames,
  manyConnections,
  resetConnections,
} from "./rows/connections.ts";
import { cutConversations, grpcCutConversations } from "./rows/cut_conversations.ts";
import { addressOf, grpcInputs, grpcMalformed, malformedRow, ttheaderInputs } from "./rows/malformed.ts";
import { grpcFewStreams } from "./rows/grpc/few_streams.ts";
import { grpcFloods } from "./rows/grpc/floods.ts";
import { grpcHostileServers } from "./rows/grpc/hostile_servers.ts";
import { grpcKeepAlive } from "./rows/grpc/keep_alive.ts";
import { grpcMemory } from "./rows/grpc/memory.ts";
import { grpcWindows } from "./rows/grpc/windows.ts";
import { grpcRapidReset } from "./rows/grpc/rapid_reset.ts";
import { rapidReset } from "./rows/rapid_reset.ts";
import { grpcRollingRestart, rollingRestart } from "./rows/rolling_restart.ts";
import { slowReaders } from "./rows/slow_readers.ts";
import { grpcSoak, soak } from "./rows/soak.ts";
import { stoppedPeers } from "./rows/stopped_peers.ts";
import { collidingIds, manyStreams } from "./rows/streams.ts";
import { unreadAnswers } from "./rows/unread_answers.ts";

const HELP =
  `usage: deno task resilience [--only NAME] [--quick] [--malformed HOST:PORT] [--malformed-grpc HOST:PORT]
  --only NAME             the rows whose name has NAME in it; no report is written
  --quick                 smaller numbers, under a minute; no report is written
  --malformed HOST:PORT   what the server there does with each malformed input, beside what is expected of ours;
                          it should serve tests/interop/go/interop.thrift
  --malformed-grpc HOST:PORT   the same for a server of gRPC; its /Test/Echo should be a bidirectional echo
  --help`;

const ROWS: readonly Row[] = [
  malformedRow,
  cutConversations,
  manyStreams,
  rapidReset,
  collidingIds,
  manyConnections,
  resetConnections,
  slowReaders,
  halfFrames,
  unreadAnswers,
  stoppedPeers,
  rollingRestart,
  soak,
  grpcMalformed,
  grpcCutConversations,
  overGrpc(manyStreams),
  grpcRapidReset,
  grpcFloods,
  grpcMemory,
  grpcWindows,
  grpcConnections,
  grpcHalfFrames,
  grpcFewStreams,
  grpcHostileServers,
  grpcKeepAlive,
  overGrpc(stoppedPeers),
  grpcRollingRestart,
  grpcSoak,
];
/** A row that takes longer hangs. */
const ROW_MS = 600_000;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const values = flagsOf(args);
  if (values === undefined) return 2;
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  for (
    const [address, suite] of [
      [values.malformed, ttheaderInputs],
      [values["malformed-grpc"], grpcInputs],
    ] as const
  ) {
    if (address !== undefined) return await foreignServer(suite, addressOf(address));
  }
  const rows = ROWS.filter(({ name }) => name.includes(values.only));
  const began = performance.now();
  const lines: Timed[] = [];
  const appendices: string[] = [];
  for (const row of rows) {
    await using lab = new RowLab(row, values.quick, progress);
    await runRow(row, lab, lines);
    appendices.push(...lab.appendices);
  }
  const tookMs = performance.now() - began;
  if (values.only === "" && !values.quick) {
    await writeReport(markdown(lines, { quick: values.quick, tookMs, appendices }));
  }
  const failed = lines.filter(({ faults }) => faults.length > 0).length;
  console.log(`${lines.length} lines in ${seconds(tookMs)}`);
  console.log(`resilience: ${lines.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** The flags; nothing where there is one that is not known, which has been said. */
function flagsOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        only: { type: "string", default: "" },
        quick: { type: "boolean", default: false },
        malformed: { type: "string" },
        "malformed-grpc": { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${HELP}`);
    return undefined;
  }
}

/** Runs one row; that it fails altogether, or hangs, is a line of its own. */
async function runRow(row: Row, lab: RowLab, lines: Timed[]): Promise<void> {
  let began = performance.now();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`hangs for ${seconds(ROW_MS)}`)), ROW_MS);
  const iterator = row.run(lab)[Symbol.asyncIterator]();
  const add = (line: Omit<Timed, "row" | "tookMs">) => {
    const name = row.protocol === "grpc" ? `gRPC: ${line.name}` : line.name;
    const timed = { ...line, name, row: row.name, tookMs: performance.now() - began };
    began = performance.now();
    progress("");
    print(timed);
    lines.push(timed);
  };
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), late.promise]);
      if (next.done === true) return;
      add(next.value);
    }
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    add({
      name: row.name,
      done: "the row itself",
      promise: "it comes to its end",
      figure: "–",
      faults: [fault],
    });
  } finally {
    clearTimeout(timer);
  }
}

async function writeReport(text: string): Promise<void> {
  const path = new URL("./REPORT.md", import.meta.url).pathname;
  await Deno.writeTextFile(path, text);
  const formatting = await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path] }).output();
  if (!formatting.success) throw new Error(`deno fmt fails on ${path}`);
}

/** How far a row has come, on one line of a terminal that the next one overwrites. */
function progress(text: string): void {
  if (Deno.stdout.isTerminal()) Deno.stdout.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

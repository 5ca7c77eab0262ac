import { MissingGo } from "../../interop/harness/build.ts";
import { growthDuring, leftovers, mib } from "../harness/measure.ts";
import { escape } from "../harness/report.ts";
import type { Lab, Line } from "../harness/row.ts";
import { probeAll } from "./all.ts";
import type { Malformed } from "./case.ts";
import { type Address, faults, type Observed, type probe } from "./probe.ts";

const FRAME_TIMEOUT_MS = 300;
const OURS = { answerMs: 10_000, cutMs: 10_000, quietMs: 5 };
/** Others may answer late or never: what has not come by then will not. */
const OTHERS = { answerMs: 1_000, cutMs: 1_000, quietMs: 50 };

/** The malformed inputs of one protocol, and who gets them beside the server under test. */
export interface Suite {
  /** The headings of the report begin with it. */
  readonly heading: string;
  /** What the words in the report's table mean. */
  readonly legend: string;
  /** What the inputs are, for the line of the table. */
  readonly inputs: string;
  readonly cases: readonly Malformed[];
  readonly send: typeof probe;
  /** What a server serves whose answers are looked at. */
  readonly service: "Test" | "Interop";
  readonly maxGrowthBytes: number;
  readonly others: readonly Other[];
}

/** Somebody else's server, for its answers beside ours. */
export interface Other {
  /** With its version. */
  readonly name: string;
  /** Builds and starts it. Throws {@linkcode MissingGo} where there is no Go. */
  start(log: (line: string) => void): Promise<{ readonly address: Address; stop(): Promise<unknown> }>;
}

/** The line of a suite; and below the table, in a full run, every answer. */
export async function runSuite(lab: Lab, suite: Suite): Promise<Line> {
  const { cases, heading } = suite;
  const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS }, suite.service);
  const before = await child.stats();
  let observed: Observed[] = [];
  const progress = (who: string) => (done: number) =>
    lab.progress(`${heading}, ${who}: ${done} of ${cases.length}`);
  const growth = await growthDuring(child, async () => {
    observed = await probeAll({ hostname: "127.0.0.1", port }, cases, OURS, progress("here"), suite.send);
  });
  const wrong = cases.flatMap((one, i) => {
    const seen = observed[i];
    if (seen === undefined) return [];
    return faults(one.expected, seen).map((fault) => `${one.group}: ${one.name}: ${fault}`);
  });
  const left = await leftovers(child, before);
  // The table is of a report, and a quick run writes none.
  if (!lab.quick) {
    const columns = [observed];
    for (const other of suite.others) columns.push(await answersOf(other, suite, lab, progress(other.name)));
    lab.appendix(table(suite, columns));
  }
  return {
    name: "malformed input",
    done: `${cases.length} ${suite.inputs}, each behind a stream that goes on, or first on its connection`,
    promise:
      "each ends what it belongs to: a stream, or its connection. Streams beside it and new connections are served",
    figure: `${cases.length} inputs, ${wrong.length} not as expected; grew by ${mib(growth.liveBytes)} (RSS ${
      mib(growth.rssBytes)
    })`,
    faults: [
      ...wrong,
      ...growth.liveBytes > suite.maxGrowthBytes ? [`it grew by ${mib(growth.liveBytes)}`] : [],
      ...left,
    ],
  };
}

/** What another server does; nothing where there is no Go. */
async function answersOf(
  other: Other,
  { cases, send }: Suite,
  lab: Lab,
  progress: (done: number) => void,
): Promise<Observed[]> {
  try {
    const server = await other.start((line) => lab.progress(line));
    try {
      return await probeAll(server.address, cases, OTHERS, progress, send);
    } finally {
      await server.stop();
    }
  } catch (error) {
    if (error instanceof MissingGo) return [];
    throw error;
  }
}

/** Any server by its address, beside what is expected of ours. @returns The exit code. */
export async function foreignServer({ cases, send }: Suite, address: Address): Promise<number> {
  const observed = await probeAll(address, cases, OTHERS, () => {}, send);
  let failed = 0;
  for (const [i, one] of cases.entries()) {
    const seen = observed[i];
    if (seen === undefined) continue;
    const wrong = faults(one.expected, seen);
    if (wrong.length > 0) failed++;
    console.log(
      `${wrong.length === 0 ? "as expected" : "OTHERWISE  "}  ${one.group}: ${one.name}: ${shown(seen)}`,
    );
    for (const fault of wrong) console.log(`               ${fault}`);
  }
  console.log(`resilience: ${cases.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function shown({ end, answer, harm }: Observed): string {
  const ends = {
    closed: "closed",
    cut: "cut after a time-out",
    kept: "**kept for ever**",
    stuck: "**the connection is stuck**",
    alive: "",
  };
  const parts = [
    ends[end] || (answer === "nothing" ? "ignored" : answer),
    ...harm.map((text) => `**${text}**`),
  ];
  return parts.join("; ");
}

function table({ heading, legend, cases, others }: Suite, columns: readonly (readonly Observed[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(" | ")} |`;
  const head = ["input", "here", ...others.map(({ name }) => name)];
  const row = ({ name }: Malformed, i: number) =>
    line([name, ...columns.map((column) => column[i] === undefined ? "not run" : shown(column[i]))]);
  const groups = Map.groupBy(cases.entries(), ([, { group }]) => group);
  const tables = [...groups].map(([group, members]) => {
    const rows = members.map(([i, one]) => row(one, i));
    return `### ${heading}: ${group}\n\n${line(head)}\n|${"---|".repeat(head.length)}\n${rows.join("\n")}`;
  });
  return `## ${heading}, one by one\n\n${legend}\n\n${tables.join("\n\n")}`;
}

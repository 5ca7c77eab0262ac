import { buildGoPeer, kitexVersion, MissingGo } from "../../interop/harness/build.ts";
import { startPeer } from "../../interop/harness/peer.ts";
import { growthDuring, leftovers, MIB, mib, wait } from "../harness/measure.ts";
import { forEachId, header, range, Raw } from "../harness/raw.ts";
import { escape } from "../harness/report.ts";
import type { Lab, Line, Row } from "../harness/row.ts";
import { probeAll } from "../malformed/all.ts";
import { frame } from "../malformed/bytes.ts";
import { type Malformed, malformed } from "../malformed/mod.ts";
import { type Address, faults, type Observed } from "../malformed/probe.ts";

const FRAME_TIMEOUT_MS = 300;
const OURS = { answerMs: 10_000, cutMs: 10_000, quietMs: 5 };
/** Others may answer late or never: what has not come by then will not. */
const OTHERS = { answerMs: 1_000, cutMs: 1_000, quietMs: 50 };
/** What the largest of the inputs takes while it is read, and its echo while it is sent. */
const MAX_GROWTH_BYTES = 64 * MIB;
/** Frames that have been announced as the largest there may be, and have only begun. */
const ANNOUNCED = 200;
const MAX_ANNOUNCED_BYTES = 8 * MIB;

export const malformedRow: Row = {
  name: "malformed",
  async *run(lab) {
    const { line, observed } = await ours(lab);
    yield line;
    yield await announced(lab);
    // The table is of a report, and a quick run writes none.
    if (lab.quick) return;
    lab.progress("malformed: building Kitex");
    const kitex = await kitexObserved(lab);
    lab.appendix(table(observed, kitex));
  },
};

async function ours(lab: Lab): Promise<{ line: Line; observed: Observed[] }> {
  const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS }, "Interop");
  const before = await child.stats();
  let observed: Observed[] = [];
  const growth = await growthDuring(child, async () => {
    observed = await probeAll({ hostname: "127.0.0.1", port }, malformed, OURS, (done) => {
      lab.progress(`malformed: ${done} of ${malformed.length}`);
    });
  });
  const wrong = malformed.flatMap((one, i) => {
    const seen = observed[i];
    return seen === undefined
      ? []
      : faults(one.expected, seen).map((fault) => `${one.group}: ${one.name}: ${fault}`);
  });
  if (growth.liveBytes > MAX_GROWTH_BYTES) wrong.push(`it grew by ${mib(growth.liveBytes)}`);
  const line = {
    name: "malformed input",
    done:
      `${malformed.length} inputs (the list is below), each behind a stream that goes on, or first on its connection`,
    promise:
      "each ends what it belongs to: a stream, or its connection. Streams beside it and new connections are served",
    figure: `${malformed.length} inputs, ${wrong.length} not as expected; grew by ${
      mib(growth.liveBytes)
    } (RSS ${mib(growth.rssBytes)})`,
    faults: [...wrong, ...await leftovers(child, before)],
  };
  return { line, observed };
}

async function announced(lab: Lab): Promise<Line> {
  const { child, port } = await lab.server({ frameTimeoutMs: 10_000 });
  const before = await child.stats();
  const raws: Raw[] = [];
  for (const _ of range(0, ANNOUNCED)) {
    const raw = await Raw.open(port);
    raws.push(raw);
    await raw.send(forEachId([1], header(1)));
  }
  while ((await child.stats()).counts.handlers !== ANNOUNCED) await wait(20);
  const begun = frame({ length: 16 * MIB });
  const growth = await growthDuring(child, async () => {
    for (const raw of raws) await raw.send(begun);
    await wait(200);
  });
  for (const raw of raws) raw.close();
  const kept = await leftovers(child, before);
  return {
    name: "frames announced",
    done:
      `${ANNOUNCED} connections that have a stream open each announce a frame of 16 MiB, and send 40 bytes of it`,
    promise: `nothing is allocated for what has not come: less than ${mib(MAX_ANNOUNCED_BYTES)}`,
    figure: `grew by ${mib(growth.liveBytes)} (RSS ${mib(growth.rssBytes)})`,
    faults: growth.liveBytes < MAX_ANNOUNCED_BYTES ? kept : [...kept, "it allocates what is announced"],
  };
}

/** What a real Kitex does; `undefined` where there is no Go. */
async function kitexObserved(lab: Lab): Promise<Observed[] | undefined> {
  try {
    const program = await buildGoPeer((line) => lab.progress(`malformed: ${line}`));
    const peer = await startPeer("Kitex", program);
    try {
      return await probeAll(addressOf(peer.address), malformed, OTHERS, (done) => {
        lab.progress(`malformed, Kitex: ${done} of ${malformed.length}`);
      });
    } finally {
      await peer.close();
    }
  } catch (error) {
    if (error instanceof MissingGo) return undefined;
    throw error;
  }
}

export function addressOf(text: string): Address {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  if (at <= 0 || !Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`expected HOST:PORT, got ${text}`);
  }
  return { hostname: text.slice(0, at), port };
}

/** `--malformed`: any server by its address, beside what is expected of ours. @returns The exit code. */
export async function foreignServer(address: string): Promise<number> {
  const observed = await probeAll(addressOf(address), malformed, OTHERS);
  let failed = 0;
  for (const [i, one] of malformed.entries()) {
    const seen = observed[i];
    if (seen === undefined) continue;
    const wrong = faults(one.expected, seen);
    if (wrong.length > 0) failed++;
    console.log(
      `${wrong.length === 0 ? "as expected" : "OTHERWISE  "}  ${one.group}: ${one.name}: ${shown(seen)}`,
    );
    for (const fault of wrong) console.log(`               ${fault}`);
  }
  console.log(`resilience: ${malformed.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

export function shown({ end, answer, harm }: Observed): string {
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

function table(observed: readonly Observed[], kitex: readonly Observed[] | undefined): string {
  const row = (one: Malformed, i: number) => {
    const [ours, theirs] = [observed[i], kitex?.[i]];
    const cells = [
      one.name,
      ours === undefined ? "–" : shown(ours),
      theirs === undefined ? "not run" : shown(theirs),
    ];
    return `| ${cells.map(escape).join(" | ")} |`;
  };
  const groups = Map.groupBy(malformed.entries(), ([, { group }]) => group);
  const tables = [...groups].map(([name, members]) =>
    `### ${name}\n\n| input | here | Kitex ${kitexName} |\n|---|---|---|\n${
      members.map(([i, one]) => row(one, i)).join("\n")
    }`
  );
  return `## Malformed input, one by one

What came back for the streams concerned: \`Trailer 6\` is one with an exception of type 6, *closed* is the connection.
*Kept for ever* is longer than a second, and so is *stuck*: the other streams of the connection are not served.

${tables.join("\n\n")}`;
}

const kitexName = await kitexVersion();

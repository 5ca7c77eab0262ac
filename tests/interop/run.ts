import { readFlags } from "../../tools/flags.ts";
import type { Case } from "./cases/case.ts";
import { chainCases } from "./cases/chains.ts";
import { grpcCases } from "./cases/grpc.ts";
import { kitexCases } from "./cases/kitex.ts";
import { loadCases } from "./cases/load.ts";
import { neighbourCases } from "./cases/neighbours.ts";
import { rawCases } from "./cases/raw.ts";
import { untypedCases } from "./cases/untyped.ts";
import { buildGoPeer, buildOldGoPeer, kitexVersion } from "./harness/build.ts";
import { runPart } from "./harness/part.ts";
import { compareGolden, goldenOf, writeGolden } from "./harness/golden.ts";
import { type Mode, runMatrix, type Troupe } from "./harness/matrix.ts";
import { print } from "./harness/observe.ts";
import { type Peer, startPeer } from "./harness/peer.ts";
import { markdown, printRstTimes, printTable, printThrift, summaryOf, THRIFT } from "./harness/report.ts";
import { thriftCases } from "./thrift/mod.ts";

const HELP =
  `usage: deno task interop [--only TEXT] [--control | --old-server] [--write-golden] [--show] [--help]
  --only TEXT      the cases whose group or name has TEXT in it; no report is written
  --control        Kitex against itself alone
  --old-server     a server of Kitex v0.14.1, a new Kitex client as the control
  --write-golden   write golden/texts.json anew from what Kitex prints
  --show           print what was seen of each case`;
const CASES: readonly Case[] = [
  ...grpcCases,
  ...kitexCases,
  ...neighbourCases,
  ...untypedCases,
  ...chainCases,
  ...loadCases,
  ...rawCases,
];

if (import.meta.main) await runPart(main);

async function main(): Promise<number> {
  const flags = readFlags(HELP, {
    only: { type: "string" },
    control: { type: "boolean" },
    "old-server": { type: "boolean" },
    "write-golden": { type: "boolean" },
    show: { type: "boolean" },
  });
  const { only } = flags;
  const cases = CASES.filter(({ group, name }) => `${group}: ${name}`.includes(only ?? ""));
  const kitex = await kitexVersion();
  const go = await buildGoPeer(console.log);
  const started = performance.now();
  const peers: Peer[] = [];
  const start = async (name: string, command: string, parts: readonly string[]) => {
    const peer = await startPeer(name, command, parts);
    peers.push(peer);
    return peer;
  };
  const pairOf = async (name: string, command: string, parts: readonly string[] = []) =>
    [await start(`${name} 1`, command, parts), await start(`${name} 2`, command, parts)] as const;
  try {
    const G = await pairOf("Kitex", go);
    const deno = ["run", "-A", new URL("./deno/peer.ts", import.meta.url).pathname];
    const mode: Mode = flags.control ? "control" : flags["old-server"] ? "old server" : "all";
    const troupe: Troupe = {
      G,
      ...(mode === "control" ? {} : { D: await pairOf("Deno", Deno.execPath(), deno) }),
      ...(mode === "control" ? {} : { O: await pairOf("old Kitex", await buildOldGoPeer(console.log)) }),
    };
    const rows = await runMatrix(cases, troupe, mode, progress);
    const seen = rows.filter(({ one }) => one.golden === true)
      .map(({ one, control }) => [`${one.group}: ${one.name}`, control] as const);
    const golden = goldenOf(kitex, seen);
    if (flags["write-golden"]) await writeGolden(golden);
    const stale = only === undefined && mode !== "old server" ? await compareGolden(golden) : [];

    if (flags.show) {
      for (const { one, control } of rows) {
        console.log(`\n${one.group}: ${one.name}`);
        for (const [at, facts] of control) for (const fact of facts) console.log(`  ${at}: ${print(fact)}`);
      }
    }
    printTable(rows);
    for (const line of stale) console.log(`golden: ${line}`);
    const codecs = mode === "all" && THRIFT.includes(only ?? "") ? await thriftCases() : [];
    printThrift(codecs);
    const summary = summaryOf(rows, stale, codecs);
    if (only === undefined && mode === "all") {
      const faults = await Deno.readTextFile(new URL("./KITEX.md", import.meta.url));
      const oldKitex = await kitexVersion("kitex_v0.14.mod");
      await writeReport(markdown(rows, summary, { kitex, oldKitex, golden: stale, codecs, faults }));
    }
    console.log();
    printRstTimes(rows);
    console.log(`${cases.length} cases in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    console.log(`interop: ${summary.passed} passed, ${summary.failed} failed`);
    return summary.failed > 0 ? 1 : 0;
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}

async function writeReport(text: string): Promise<void> {
  const path = new URL("./REPORT.md", import.meta.url).pathname;
  await Deno.writeTextFile(path, text);
  const formatting = await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path] }).output();
  if (!formatting.success) throw new Error(`deno fmt fails on ${path}`);
}

function progress(done: number, all: number): void {
  if (Deno.stdout.isTerminal()) Deno.stdout.writeSync(new TextEncoder().encode(`\r${done} of ${all}`));
}

/**
 * `deno task bench`: the library, Kitex, grpc-js and bare sockets side by side, client and server of each in
 * processes of their own, in turns. Prints tables; a full run also writes RESULTS.md and results.svg.
 */
import { readFlags } from "../tools/flags.ts";
import { CASES } from "./cases/mod.ts";
import { GROWTHS } from "./growth.ts";
import { buildKitex, type KitexPeer } from "./harness/build.ts";
import { chart } from "./harness/chart.ts";
import { contenders, type ProtocolName } from "./harness/contenders.ts";
import {
  type CaseResult,
  type Find,
  type GrowthResult,
  measure,
  measureGrowth,
  type Settings,
} from "./harness/measure.ts";
import { absences, figureTables, growthRows, markdown, plain, targetRows } from "./harness/report.ts";

const HELP = `usage: deno task bench [--quick] [--only TEXT] [--no-growth] [--help]
  --quick      no growth, nothing written: about a minute, too short for V8 to be at its best
  --only TEXT  the cases with TEXT in their name, nothing written
  --no-growth  leaves out how cost grows, nothing written`;

/** Long enough for the compiler to come to rest. */
const FULL: Settings = { rounds: 3, roundMs: 1_000, warmUpMs: 2_000 };
const QUICK: Settings = { rounds: 3, roundMs: 150, warmUpMs: 500 };
const GROWTH: Settings = { rounds: 3, roundMs: 300, warmUpMs: 200 };

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { quick = false, only, "no-growth": noGrowth = false } = readFlags(HELP, {
    quick: { type: "boolean" },
    only: { type: "string" },
    "no-growth": { type: "boolean" },
  });
  const whole = !quick && only === undefined && !noGrowth;
  const started = performance.now();

  progress("building the Kitex peer");
  const kitex = await buildKitex();
  const finder = (protocol: ProtocolName): Find => {
    const available = contenders(kitex, protocol);
    return (name) =>
      available.get(name) ??
        { missing: name.startsWith("Kitex") && "missing" in kitex ? kitex.missing : "not there yet" };
  };

  const cases: CaseResult[] = [];
  for (const one of CASES) {
    if (!one.name.includes(only ?? "") || (quick && one.slow === true)) continue;
    cases.push(await measure(one, finder(one.protocol ?? "ttheader"), quick ? QUICK : FULL, progress));
  }
  const growths: GrowthResult[] = [];
  if (whole) {
    for (const growth of GROWTHS) {
      growths.push(await measureGrowth(growth, finder("ttheader"), GROWTH, progress));
    }
  }
  progress("");

  const tables = [
    ...figureTables(cases).map(({ rows }) => rows),
    ...growths.map(growthRows),
    targetRows(cases),
  ];
  console.log(tables.map(plain).join("\n\n"));
  for (const gap of absences(cases)) console.log(`\nnot measured: ${gap}`);
  console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
  if (whole) {
    const results = { environment: environmentOf(kitex), cases, growths };
    await Deno.writeTextFile(new URL("RESULTS.md", import.meta.url), markdown(results));
    await Deno.writeTextFile(new URL("results.svg", import.meta.url), chart(results));
  }
  // Kitex may be absent; the library, and what needs nothing else, may not.
  return cases.some(({ absent }) => absent.has("ttstream")) ? 1 : 0;
}

function environmentOf(kitex: KitexPeer): string {
  const day = new Date().toISOString().slice(0, 10);
  const other = "versions" in kitex ? kitex.versions : "no Kitex";
  return `${day}, ${navigator.hardwareConcurrency} cores, Deno ${Deno.version.deno}, ${other}.`;
}

/** One line that is written over; a line each where there is no terminal. */
function progress(what: string): void {
  if (!Deno.stderr.isTerminal()) {
    if (what.includes("round 1") || !what.includes("·")) console.error(what);
    return;
  }
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${what}`));
}

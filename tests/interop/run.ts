import { chainCases } from "./cases/chains.ts";
import type { Case } from "./cases/case.ts";
import { grpcCases } from "./cases/grpc.ts";
import { kitexCases } from "./cases/kitex.ts";
import { loadCases } from "./cases/load.ts";
import { rawCases } from "./cases/raw.ts";
import { buildGoPeer, MissingGo } from "./harness/build.ts";
import { execute } from "./harness/execute.ts";
import { differences, print } from "./harness/observe.ts";
import { startPeer } from "./harness/peer.ts";

const cases: Case[] = [...grpcCases, ...kitexCases, ...chainCases, ...loadCases, ...rawCases];
const only = Deno.args[0] ?? "";
const verbose = Deno.args.includes("-v");
try {
  const peer = await buildGoPeer(console.log);
  const [g1, g2] = [await startPeer("go 1", peer), await startPeer("go 2", peer)];
  const cast = { A: g1, B: g2, C: g1, D: g2 };
  const chosen = cases.filter((c) => `${c.group}: ${c.name}`.includes(only));
  let bad = 0;
  const t0 = performance.now();
  const runOne = async (c: Case, i: number) => {
    const t = performance.now();
    const a = await execute(c, `${i}.a`, cast);
    const b = await execute(c, `${i}.b`, cast);
    const d = differences(a, b);
    if (verbose) { for (const [k, facts] of a) for (const f of facts) console.log(`  ${k}: ${print(f)}`); }
    const stuck = [...a.values()].flat().filter((f) =>
      f.stuck || f.ev === "stuck" || String(f.ev).includes("waited")
    );
    if (d.length || stuck.length) bad++;
    console.log(
      `${d.length || stuck.length ? "DIFF" : "same"} ${c.group}: ${c.name} ${
        Math.round(performance.now() - t)
      } ms`,
    );
    for (const x of [...d, ...stuck.map(print)]) console.log("   ", x.slice(0, 1500));
  };
  const queue = chosen.map((c, i) => [c, i] as const).filter(([c]) => !(c.kind === "scripted" && c.heavy));
  const heavy = chosen.map((c, i) => [c, i] as const).filter(([c]) => c.kind === "scripted" && c.heavy);
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await runOne(...next);
  }));
  for (const h of heavy) await runOne(...h);
  console.log(`${bad} bad of ${chosen.length}, ${Math.round(performance.now() - t0)} ms`);
  await Promise.all([g1.close(), g2.close()]);
  if (verbose) console.log(g1.log(), g2.log());
} catch (error) {
  if (!(error instanceof MissingGo)) throw error;
  console.error(error.message);
  Deno.exit(1);
}

import { buildGoPeer } from "../harness/build.ts";
import { type Mode, runMatrix, type Troupe } from "../harness/matrix.ts";
import { print } from "../harness/observe.ts";
import { type Peer, startPeer } from "../harness/peer.ts";
import { printTable } from "../harness/report.ts";
import { GRPC_MEANT } from "./meant.ts";
import { kitexGrpcCases } from "./kitex_cases.ts";
import type { Outcome, PartOptions } from "./part.ts";

/** Kitex over gRPC, each pairing and chain against what Kitex alone shows in the same run. */
export async function runKitex({ only, control, show }: PartOptions): Promise<Outcome[]> {
  const cases = kitexGrpcCases.filter(({ group, name }) => `${group}: ${name}`.includes(only ?? ""));
  const go = await buildGoPeer(console.log);
  const peers: Peer[] = [];
  const pairOf = async (name: string, command: string, parts: readonly string[] = []) => {
    const pair = [
      await startPeer(`${name} 1`, command, parts),
      await startPeer(`${name} 2`, command, parts),
    ] as const;
    peers.push(...pair);
    return pair;
  };
  try {
    const mode: Mode = control === true ? "control" : "all";
    const deno = ["run", "-A", new URL("../deno/peer.ts", import.meta.url).pathname];
    const troupe: Troupe = {
      G: await pairOf("Kitex", go),
      ...(mode === "control" ? {} : { D: await pairOf("Deno", Deno.execPath(), deno) }),
    };
    const rows = await runMatrix(cases, troupe, mode, () => undefined, GRPC_MEANT);
    if (show === true) {
      for (const { one, control } of rows) {
        console.log(`\n${one.group}: ${one.name}`);
        for (const [at, facts] of control) for (const fact of facts) console.log(`  ${at}: ${print(fact)}`);
      }
    }
    printTable(rows);
    return rows.flatMap(({ one, results }) =>
      results.map(({ casting, outcome, failures, meant }) => ({
        name: `${one.group}: ${one.name}, ${casting}`,
        error: outcome === "failed" ? failures.join("\n") : undefined,
        note: [outcome, ...meant].join(": "),
      }))
    );
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}

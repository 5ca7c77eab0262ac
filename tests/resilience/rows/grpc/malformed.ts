import { growthDuring, leftovers, MIB, mib } from "../../harness/measure.ts";
import { escape } from "../../harness/report.ts";
import type { Row } from "../../harness/row.ts";
import { probeAll } from "../../malformed/all.ts";
import { malformedGrpc } from "../../malformed/grpc/mod.ts";
import { probeGrpc } from "../../malformed/grpc/probe.ts";
import { type Address, faults, type Observed } from "../../malformed/probe.ts";
import { shown } from "../malformed.ts";

const FRAME_TIMEOUT_MS = 300;
const OURS = { answerMs: 10_000, cutMs: 10_000, quietMs: 5 };
/** Others may answer late or never: what has not come by then will not. */
const OTHERS = { answerMs: 1_000, cutMs: 1_000, quietMs: 50 };
const MAX_GROWTH_BYTES = 32 * MIB;

export const grpcMalformed: Row = {
  name: "gRPC malformed",
  protocol: "grpc",
  async *run(lab) {
    const { child, port } = await lab.server({ frameTimeoutMs: FRAME_TIMEOUT_MS });
    const before = await child.stats();
    let observed: Observed[] = [];
    const progress = (done: number) => lab.progress(`gRPC malformed: ${done} of ${malformedGrpc.length}`);
    const growth = await growthDuring(child, async () => {
      observed = await probeAll({ hostname: "127.0.0.1", port }, malformedGrpc, OURS, progress, probeGrpc);
    });
    const wrong = malformedGrpc.flatMap((one, i) => {
      const seen = observed[i];
      return seen === undefined
        ? []
        : faults(one.expected, seen).map((fault) => `${one.group}: ${one.name}: ${fault}`);
    });
    if (growth.liveBytes > MAX_GROWTH_BYTES) wrong.push(`it grew by ${mib(growth.liveBytes)}`);
    yield {
      name: "malformed input",
      done:
        `${malformedGrpc.length} inputs of HTTP/2, HPACK and gRPC (the list is below), each behind a stream that goes on, or first on its connection`,
      promise:
        "each ends what it belongs to: a stream, or its connection. Streams beside it and new connections are served",
      figure: `${malformedGrpc.length} inputs, ${wrong.length} not as expected; grew by ${
        mib(growth.liveBytes)
      } (RSS ${mib(growth.rssBytes)})`,
      faults: [...wrong, ...await leftovers(child, before)],
    };
    // The table is of a report, and a quick run writes none.
    if (!lab.quick) lab.appendix(table(observed));
  },
};

/** `--malformed-grpc`: any server by its address, beside what is expected of ours. @returns The exit code. */
export async function foreignGrpcServer(address: Address): Promise<number> {
  const observed = await probeAll(address, malformedGrpc, OTHERS, () => {}, probeGrpc);
  let failed = 0;
  for (const [i, one] of malformedGrpc.entries()) {
    const seen = observed[i];
    if (seen === undefined) continue;
    const wrong = faults(one.expected, seen);
    if (wrong.length > 0) failed++;
    console.log(
      `${wrong.length === 0 ? "as expected" : "OTHERWISE  "}  ${one.group}: ${one.name}: ${shown(seen)}`,
    );
    for (const fault of wrong) console.log(`               ${fault}`);
  }
  console.log(`resilience: ${malformedGrpc.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function table(observed: readonly Observed[]): string {
  const groups = Map.groupBy(malformedGrpc.entries(), ([, { group }]) => group);
  const tables = [...groups].map(([name, members]) => {
    const rows = members.map(([i, one]) => {
      const seen = observed[i];
      return `| ${[one.name, seen === undefined ? "–" : shown(seen)].map(escape).join(" | ")} |`;
    });
    return `### gRPC: ${name}\n\n| input | here |\n|---|---|\n${rows.join("\n")}`;
  });
  return `## Malformed gRPC, one by one

What came back for the stream concerned: \`status 13\` is its \`grpc-status\`, \`RST\` a reset with its code, \`HTTP 415\` an
answer to a request that is none of gRPC's.

${tables.join("\n\n")}`;
}

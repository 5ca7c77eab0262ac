import { readFlags } from "../../../tools/flags.ts";
import { runPart } from "../harness/part.ts";
import { runGoaway } from "./goaway.ts";
import { runGrpcGo } from "./grpc_go.ts";
import { runH2spec } from "./h2spec.ts";
import { runKitex } from "./kitex.ts";
import { runNode } from "./node.ts";
import type { Outcome, PartOptions } from "./part.ts";
import { writeReport } from "./report.ts";

const HELP = `usage: run.ts [--only PART] [--case TEXT] [--control] [--show] [--help]
  --only PART   one of h2spec, grpc-go, kitex-grpc, node, goaway; no report is written
  --case TEXT   the cases whose name has TEXT in it; no report is written
  --control     the reference programs against themselves alone; no report is written
  --show        print what was seen of each case (kitex-grpc)`;

/** A part of the judges, what it is called in the report, and what it says there. */
export interface Part {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly run: (options: PartOptions) => Promise<Outcome[]>;
}

const PARTS: readonly Part[] = [
  {
    name: "h2spec",
    title: "HTTP/2 and HPACK: h2spec",
    about: "h2spec v2.2.1 against a server of this library's, its strict cases, too.",
    run: runH2spec,
  },
  {
    name: "grpc-go",
    title: "gRPC's interoperability cases: grpc-go",
    about:
      "The client and server programs of grpc-go v1.68.0. Those about compression, which they lack, are played with a program of our own on grpc-go.",
    run: runGrpcGo,
  },
  {
    name: "kitex-grpc",
    title: "Kitex over gRPC",
    about:
      "The scripts of the matrix over gRPC with protobuf and with Thrift, and chains in which the one protocol is in front of the other. G is Kitex, D this library; compared with Kitex alone in the same run.",
    run: runKitex,
  },
  {
    name: "node",
    title: "grpc-js and connect-node in Node",
    about: "`@grpc/grpc-js` 1.14.7 and `@connectrpc/connect-node` 2.1.2, as clients and as servers.",
    run: runNode,
  },
  {
    name: "goaway",
    title: "GOAWAY behind 3,000 calls",
    about: "A server that shuts down gracefully while a client has a stream open, and a client that closes.",
    run: runGoaway,
  },
];

if (import.meta.main) await runPart(main);

async function main(): Promise<number> {
  const flags = readFlags(HELP, {
    only: { type: "string" },
    case: { type: "string" },
    control: { type: "boolean" },
    show: { type: "boolean" },
  });
  const parts = PARTS.filter(({ name }) => flags.only === undefined || name === flags.only);
  if (parts.length === 0) {
    console.error(`no part "${flags.only}"; there are ${PARTS.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const results: (readonly [Part, readonly Outcome[]])[] = [];
  for (const part of parts) {
    console.log(`\n${part.title}`);
    const started = performance.now();
    const outcomes = await part.run({ only: flags.case, control: flags.control, show: flags.show });
    results.push([part, outcomes]);
    console.log(`${part.name}: ${count(outcomes)} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  const whole = flags.only === undefined && flags.case === undefined && flags.control !== true;
  if (whole) await writeReport(results);
  const all = results.flatMap(([, outcomes]) => outcomes);
  console.log(`\ngRPC: ${count(all)}`);
  return all.some(({ error }) => error !== undefined) || all.length === 0 ? 1 : 0;
}

function count(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter(({ error }) => error !== undefined).length;
  return `${outcomes.length - failed} passed, ${failed} failed`;
}

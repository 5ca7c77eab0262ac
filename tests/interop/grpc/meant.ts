import type { Fact, Observation } from "../harness/observe.ts";
import type { Meant, Run } from "../meant.ts";

/**
 * Where a run over gRPC may differ from Kitex's own, exactly how, and why. The first of a casting is the client of the
 * first call, and so on.
 */

function ours({ casting }: Run, node: string): boolean {
  return casting["ABCDE".indexOf(node.slice(0, 1))] === "D";
}

/** Goes through what the ends of one role say that this library plays, or that talk to it. */
function change(
  expected: Observation,
  run: Run,
  role: "client" | "server",
  rewrite: (fact: Fact) => Fact,
): void {
  for (const [key, facts] of expected) {
    const [node = "", what] = key.split(" ");
    if (what === role && ours(run, node)) expected.set(key, facts.map(rewrite));
  }
}

const textOf = ({ error }: Fact): string => typeof error === "string" ? error : "";

export const GRPC_MEANT: readonly Meant[] = [
  {
    why:
      "Better: a lost connection is code 14 (UNAVAILABLE), as everywhere else in gRPC. Kitex's client has an error without a code.",
    rewrite(expected, run) {
      change(
        expected,
        run,
        "client",
        (fact) =>
          /^connection error: desc = /.test(textOf(fact))
            ? { ...fact, code: 14, error: `rpc error: code = 14 desc = ${textOf(fact)}` }
            : fact,
      );
    },
  },
  {
    why:
      "Better: an unknown service or method is code 12 (UNIMPLEMENTED), as of every other gRPC server. Kitex has numbers of its own, 20 and 1.",
    rewrite(expected, run) {
      const [, to = ""] = run.casting;
      for (const [key, facts] of to === "D" ? expected : []) {
        expected.set(
          key,
          facts.map((fact) => {
            const [, text] = /^rpc error: code = (?:20|1) desc = (unknown (?:service|method) .*)$/s
              .exec(textOf(fact)) ?? [];
            return text === undefined
              ? fact
              : { ...fact, code: 12, error: `rpc error: code = 12 desc = ${text}` };
          }),
        );
      }
    },
  },
  {
    why:
      "What a unary call of Kitex's says besides gRPC's text (`remote or network error: `) is its client framework's, and no text of the protocol's.",
    rewrite(expected, run) {
      change(
        expected,
        run,
        "client",
        (fact) =>
          textOf(fact).startsWith("remote or network error: ")
            ? { ...fact, error: textOf(fact).slice("remote or network error: ".length) }
            : fact,
      );
    },
  },
  {
    why:
      "A unary call that is cancelled or out of time says so as every other call. Kitex's client framework says `rpc timeout: …` for both.",
    rewrite(expected, run) {
      change(expected, run, "client", (fact) => {
        const text = textOf(fact);
        if (!text.startsWith("rpc timeout: ")) return fact;
        return text.includes("canceled by business")
          ? { ...fact, code: 1, error: "rpc error: code = 1 desc = context canceled" }
          : { ...fact, code: 4, error: "rpc error: code = 4 desc = context deadline exceeded" };
      });
    },
  },
];

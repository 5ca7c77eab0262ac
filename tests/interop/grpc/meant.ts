import { type Fact, type Observation, print } from "../harness/observe.ts";
import { MEANT, type Meant, type Run } from "../meant.ts";

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

const TAG = " [biz error]";
const tags = (text: string): number => text.split(TAG).length - 1;
const untagged = (text: string): string => text.replaceAll(TAG, "");

/** What ends a stream at its deadline: this end's clock, or the far end's, whose cancel comes first. */
const DEADLINE =
  /^(?:\[ttstream error, code=\d+\] )?(?:\[\w+-side stream\] )?(?:\[canceled path: [^\]]*\] )?(?:context deadline exceeded|stream timeout, .*|rpc error: code = (?:4 desc = context deadline exceeded|1 desc = transport: RSTStream Frame received with error code: CANCEL \[triggered by \w*\]))$/;

/** What an error, or the exception in a frame, says. */
function saysOf(fact: Fact): string {
  const { exception } = fact;
  if (typeof exception !== "object" || exception === null || !("message" in exception)) return textOf(fact);
  return String(exception.message);
}

/** Takes from what was seen each fact that `allowed` says may stand in the place of the one that was expected. */
function accept(
  expected: Observation,
  { seen }: Run,
  allowed: (expected: Fact, seen: Fact, key: string) => boolean,
): void {
  for (const [key, facts] of expected) {
    const others = seen.get(key) ?? [];
    expected.set(
      key,
      facts.map((fact, i) => {
        const other = others[i];
        return other !== undefined && other.ev === fact.ev && other.frame === fact.frame &&
            allowed(fact, other, key)
          ? other
          : fact;
      }),
    );
  }
}

/** Those of TTHeader Streaming that hold for its part of a mixed chain, and for both. */
const SHARED = [
  "`close()` of a writable that has failed",
  "After it has received a Rst the server sends nothing more",
  "A lost connection is 12006 at the client",
];

export const GRPC_MEANT: readonly Meant[] = [
  ...MEANT.filter(({ why }) => SHARED.some((start) => why.startsWith(start))),
  {
    why:
      "By chance, in Kitex as here: at a deadline both ends' clocks run, and a stream ends by the one that is first, or by the RST_STREAM of the other.",
    rewrite(expected, run) {
      accept(expected, run, (fact, other) => DEADLINE.test(saysOf(fact)) && DEADLINE.test(saysOf(other)));
    },
  },
  {
    why:
      "A status that a handler throws, or hands on, is sent as it is: gRPC's own cases ask for it. Kitex adds ` [biz error]` at every service.",
    rewrite(expected, run) {
      accept(expected, run, (fact, other) => {
        const [a, b] = [saysOf(fact), saysOf(other)];
        // A plain error has it once.
        const plain = a.includes("code = 13 ");
        return tags(b) < tags(a) && untagged(print(fact)) === untagged(print(other)) &&
          (tags(b) >= 1 || !plain);
      });
    },
  },
  {
    why: "Better: the cancel path survives a wrapped signal (`AbortSignal.any`).",
    rewrite(expected, run) {
      if (run.one.name !== "B wraps what it got from A before it calls C, A cancels" || !ours(run, "B")) {
        return;
      }
      const canceled =
        /code(?:=| = )(?:1|12007|12011)\b|^user code invoking stream RPC|^rpc error: code = 1 /;
      accept(
        expected,
        run,
        (fact, other, key) =>
          !key.startsWith("A ") && canceled.test(saysOf(fact)) && canceled.test(saysOf(other)),
      );
    },
  },
  {
    why:
      "A service of protobuf's has its full name, and another package's is another one; Kitex ignores the package.",
    rewrite(expected, run) {
      accept(
        expected,
        run,
        (fact, other) =>
          /^rpc error: code = (?:1|12) desc = unknown method missing$/.test(textOf(fact)) &&
          textOf(other) === "rpc error: code = 12 desc = unknown service pbabsent.PbInterop",
      );
    },
  },
  {
    why: "JavaScript has no panics: what a handler throws is its error.",
    rewrite(expected, run) {
      if (run.one.name !== "handler panics" || !ours(run, "B")) return;
      accept(expected, run, (fact, other) => {
        const [, text = ""] = /please check the panic at the server side\] (.*)$/s.exec(textOf(fact)) ?? [];
        return text !== "" && textOf(other) === `rpc error: code = 13 desc = ${text}${TAG}`;
      });
    },
  },
  {
    why:
      "The trailer of a business error shows its keys, as over TTHeader Streaming; Kitex hides them over gRPC.",
    rewrite(expected, run) {
      accept(expected, run, (fact, other, key) => {
        if (fact.ev !== "trailer" || !ours(run, key) || typeof other.kv !== "object" || other.kv === null) {
          return false;
        }
        const kv = Object.fromEntries(Object.entries(other.kv).filter(([name]) => !name.startsWith("biz-")));
        return print({ ...other, kv }) === print(fact);
      });
    },
  },
  {
    why:
      "Better: a cancel that came by TTHeader Streaming is code 1 (CANCELED) further down over gRPC. Kitex has code 13, `Unexpected error from context packet`.",
    rewrite(expected, run) {
      const better = (fact: Fact) =>
        print(fact).replace("code = 13 desc = Unexpected error from context packet: ", "code = 1 desc = ")
          .replace('"code":13', '"code":1');
      accept(
        expected,
        run,
        (fact, other) =>
          saysOf(fact).includes("Unexpected error from context packet: ") && better(fact) === print(other),
      );
    },
  },
  {
    why:
      "Better: a lost connection is code 14 (UNAVAILABLE) with Kitex's text, as everywhere else in gRPC. Kitex's client has an error without a code.",
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
  {
    why:
      "After a business error sending fails with that error; Kitex's Send over gRPC makes a code 13 of its message.",
    rewrite(expected, run) {
      accept(expected, run, (fact, { biz }, key) => {
        if (fact.ev !== "send" || !ours(run, key) || typeof biz !== "object" || biz === null) return false;
        return "message" in biz && textOf(fact) === `rpc error: code = 13 desc = ${biz.message}`;
      });
    },
  },
  {
    why: "Client streaming without an answer is an error (13); Kitex's client reads a plain end.",
    rewrite(expected, run) {
      if (run.one.name !== "handler of client streaming returns without an answer") return;
      change(expected, run, "client", (fact) => {
        const error = "rpc error: code = 13 desc = stream ended without a response";
        return fact.end === true ? { ev: fact.ev, code: 13, error } : fact;
      });
    },
  },
  {
    why: "`write()` after one's own `close()` rejects with the platform's TypeError; Kitex says code 13.",
    rewrite(expected, run) {
      if (run.one.name !== "send after half close") return;
      change(expected, run, "client", (fact) => {
        const { code: _, ...rest } = fact;
        return textOf(fact) === "rpc error: code = 13 desc = the stream is done"
          ? { ...rest, error: "The stream is closing or is closed." }
          : fact;
      });
    },
  },
  {
    why: "A cancel before the call is a cancel (1), told by the stream; Kitex says `rpc timeout`.",
    rewrite(expected, run) {
      if (run.one.name !== "before the call" || !ours(run, "A")) return;
      const error = "rpc error: code = 1 desc = context canceled";
      expected.set("A client", [{ ev: "recv", code: 1, error }, { ev: "send", n: 0, code: 1, error }]);
    },
  },
];

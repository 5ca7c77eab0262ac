import type { Case, ScriptedCase } from "../cases/case.ts";
import { cancel, close, done, drain, echo, kv, one, recv, send, settled, within } from "../cases/case.ts";
import { chainCases } from "../cases/chains.ts";
import { grpcCases } from "../cases/grpc.ts";
import { kitexCases } from "../cases/kitex.ts";
import { loadCases } from "../cases/load.ts";
import { neighbourCases } from "../cases/neighbours.ts";
import type { Call, CallProtocol, Op } from "../script.ts";

/**
 * The scripts of TTHeader Streaming once more, over gRPC: with protobuf messages, with Thrift's, and in chains where the
 * one protocol is in front of the other. And some that only gRPC has.
 */

/** What has no meaning over gRPC: frames of TTHeader, its pools, the types of Thrift, calls without a codec. */
const TTHEADER_ALONE =
  /"(do":"spoil|pool|disableCancelRemote|untyped|cancelFrame|cancelReason)"|"method":"types"|"service":"Absent"/;

/** Their keys and values cannot be in a header of HTTP/2. */
const NO_HTTP = ["header and trailer of odd text", "odd keys and values", "ACL token"];

const PROTOCOLS: Readonly<Record<string, readonly CallProtocol[]>> = {
  "gRPC, protobuf": ["grpc"],
  "gRPC, Thrift": ["grpc-thrift"],
  "gRPC in front of TTHeader": ["grpc", "ttheader"],
  "TTHeader in front of gRPC": ["ttheader", "grpc"],
};

const scripted = [...grpcCases, ...kitexCases, ...neighbourCases, ...loadCases, ...chainCases]
  .filter((one): one is ScriptedCase => one.kind === "scripted" && one.oldServer !== true)
  .filter((one) => !TTHEADER_ALONE.test(JSON.stringify(one)) && !NO_HTTP.includes(one.name));

const own = "gRPC's own";
const only: readonly ScriptedCase[] = [
  one(own, "unary", {
    method: "unary",
    request: { text: "hi", number: 7, size: 1000 },
    client: [recv()],
    server: [{ do: "send", text: "hello", number: 8, size: 2000 }],
  }),
  one(own, "unary: handler's error", {
    method: "unary",
    client: [recv()],
    server: [{ do: "fail", text: "out of words" }],
  }, { golden: true }),
  one(own, "unary: business error", {
    method: "unary",
    client: [recv()],
    server: [{ do: "biz", code: 503, text: "busy", extra: { retry: "1s" } }],
  }, { golden: true }),
  one(own, "unary: the client cancels", {
    method: "unary",
    client: [{ do: "sleep", ms: 100 }, cancel, recv()],
    server: [done],
  }, { golden: true }),
  one(own, "unary: deadline", {
    method: "unary",
    options: within(500),
    client: [recv()],
    server: [done],
  }, { golden: true, frames: false }),
  one(own, "the client cancels and does not say who it is", {
    options: { anonymous: true },
    client: [send("hi"), recv(), cancel, recv()],
    server: [recv(), send("here"), recv(), done, settled, send("late")],
  }, { golden: true }),
  one(own, "keys of the caller's own, text and bytes", {
    options: { metadata: { "x-text": "a b", "x-bytes-bin": "AAEC/w==" } },
    client: [send("hi"), recv(), { do: "header" }, close, drain, { do: "trailer" }],
    server: [
      { do: "metadata" },
      kv("setHeader", { "x-head": "h" }),
      kv("setTrailer", { "x-trail": "t" }),
      recv(),
      send("hi"),
      drain,
    ],
  }),
  one(own, "metainfo whose keys have both cases, _ and -", {
    options: {
      persistent: { P_MIXED_CASE: "for ever" },
      transient: { TRANS_KEY: "one hop" },
    },
    client: [close, drain],
    server: [{ do: "metainfo" }, drain],
  }),
  one(own, "a message of 3 MiB each way", {
    client: [{ do: "send", size: 3 << 20 }, recv(), close, drain],
    server: [echo],
  }, { heavy: true }),
];

export const kitexGrpcCases: readonly Case[] = [
  ...only.map((one) => over(one, "gRPC, protobuf")),
  ...only.filter(({ name }) => name.startsWith("unary")).map((one) => over(one, "gRPC, Thrift")),
  ...scripted.flatMap((one) =>
    depthOf(one) > 1
      ? ["gRPC, protobuf", "gRPC in front of TTHeader", "TTHeader in front of gRPC"].map((name) =>
        over(one, name)
      )
      : ["gRPC, protobuf", "gRPC, Thrift"].map((name) => over(one, name))
  ),
];

/** The same case, its calls over other protocols: the first of a chain over the first. */
function over(one: ScriptedCase, name: string): ScriptedCase {
  const protocols = PROTOCOLS[name] ?? [];
  const speaking = (call: Call, depth: number): Call => {
    const protocol = protocols[Math.min(depth, protocols.length - 1)];
    return {
      ...call,
      options: { ...call.options, ...(protocol === undefined ? {} : { protocol }) },
      server: (call.server ?? []).map((op) => inside(op, depth)),
    };
  };
  const inside = (op: Op, depth: number): Op => {
    if (op.do === "lanes") return { ...op, lanes: op.lanes.map((ops) => ops.map((op) => inside(op, depth))) };
    return op.do === "call" ? { ...op, call: speaking(op.call, depth + 1) } : op;
  };
  return {
    ...one,
    group: `${name}: ${one.group}`,
    calls: one.calls.map((calls) =>
      "to" in calls ? speaking(calls, 0) : calls.map((call) => speaking(call, 0))
    ),
  };
}

/** How many calls follow each other in a chain. */
function depthOf({ calls }: ScriptedCase): number {
  const deepest = (call: Call): number => 1 + Math.max(0, ...(call.server ?? []).map(below));
  const below = (op: Op): number =>
    op.do === "call" ? deepest(op.call) : op.do === "lanes" ? Math.max(0, ...op.lanes.flat().map(below)) : 0;
  return Math.max(...calls.flat().map(deepest));
}

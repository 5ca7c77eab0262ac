import { type Case, p99Below, rate, timesAtLeast } from "../../harness/case.ts";

/** Unary calls, 64 of them at a time. */
export const grpcUnary64: Case = {
  name: "gRPC: unary, 64 at a time",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(2, "perSecond", "ttstream", "Kitex"),
    p99Below("Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "unary", ms, size: 1024, streams: 64 }),
};

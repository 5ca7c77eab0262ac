import { type Case, p99Below, rate, timesAtLeast } from "../../harness/case.ts";

/** A stream for each message, 64 of them at a time. */
export const grpcOpenClose64: Case = {
  name: "gRPC: open, 1 message each way, close; 64 at a time",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(1.2, "perSecond", "ttstream", "Kitex"),
    p99Below("Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "openClose", ms, size: 1024, streams: 64 }),
};

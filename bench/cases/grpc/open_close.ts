import { type Case, rate, timesAtLeast } from "../../harness/case.ts";

/** A stream for each message: open, one message each way, close, end. */
export const grpcOpenClose: Case = {
  name: "gRPC: open, 1 message each way, close; 1 at a time",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex", "raw TCP"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(1.1, "perSecond", "ttstream", "Kitex"),
  ],
  slow: true,
  run: (pair, ms) => rate(pair, { do: "openClose", ms, size: 1024, streams: 1 }),
};

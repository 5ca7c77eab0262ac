import { type Case, rate, timesAtLeast } from "../../harness/case.ts";

/** A message there and back, then the next. */
export const grpcPingPong: Case = {
  name: "gRPC: ping-pong, 1 stream",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex", "raw TCP"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(0.95, "perSecond", "ttstream", "Kitex"),
  ],
  slow: true,
  run: (pair, ms) => rate(pair, { do: "pingPong", ms, size: 1024, streams: 1 }),
};

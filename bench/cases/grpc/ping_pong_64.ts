import { type Case, p99Below, rate, timesAtLeast } from "../../harness/case.ts";

/** 64 streams of one connection, a message there and back on each of them. Kitex uses as many connections as it likes. */
export const grpcPingPong64: Case = {
  name: "gRPC: ping-pong, 64 streams",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(3, "perSecond", "ttstream", "Kitex"),
    p99Below("Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "pingPong", ms, size: 1024, streams: 64 }),
};

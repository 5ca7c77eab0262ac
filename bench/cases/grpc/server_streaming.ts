import { type Case, rate, timesAtLeast } from "../../harness/case.ts";

/** One server streaming call: the server sends as fast as it can, the client reads. */
export const grpcServerStreaming: Case = {
  name: "gRPC: server streaming, 1 stream",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex", "grpc-js"],
  shows: ["perSecond"],
  targets: [
    timesAtLeast(3, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(8, "perSecond", "ttstream", "grpc-js"),
  ],
  run: (pair, ms) => rate(pair, { do: "stream", ms, size: 1024 }),
};

import { type Case, rate, timesAtLeast } from "../../harness/case.ts";

/** The same with messages of 64 KiB. */
export const grpcServerStreaming64k: Case = {
  name: "gRPC: server streaming, 64 KiB",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex", "grpc-js"],
  shows: ["mbPerSecond"],
  targets: [
    timesAtLeast(2, "mbPerSecond", "ttstream", "Kitex"),
  ],
  slow: true,
  run: (pair, ms) => rate(pair, { do: "stream", ms, size: 64 * 1024 }),
};

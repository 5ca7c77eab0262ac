import { type Case, rate } from "../../harness/case.ts";

/** One client streaming call: the client sends as fast as it can, the server counts and answers. */
export const grpcClientStreaming: Case = {
  name: "gRPC: client streaming, 1 stream",
  protocol: "grpc",
  contenders: ["ttstream", "ttstream, protobuf", "Kitex"],
  shows: ["perSecond"],
  targets: [],
  slow: true,
  run: (pair, ms) => rate(pair, { do: "collect", ms, size: 1024 }),
};

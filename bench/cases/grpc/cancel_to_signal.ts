import { cancelAmong } from "../cancel_to_signal.ts";
import { type Case, under } from "../../harness/case.ts";

/** As over TTHeader Streaming; RST_STREAM stands behind the bytes of its neighbours in the same way. */
export const grpcCancelToSignal: Case = {
  name: "gRPC: cancel: abort to the peer's signal, 1,000 live streams, 1 neighbour sending and 1 receiving",
  protocol: "grpc",
  contenders: ["ttstream"],
  shows: ["p50Ms", "p99Ms"],
  targets: [under(5, "ms", "p99Ms", "p99, ttstream")],
  roundMs: 1000,
  run: (pair, ms) => cancelAmong(pair, ms, 1, 1),
};

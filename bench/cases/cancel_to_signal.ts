import { type Case, delaysOf, under, untilLive } from "../harness/case.ts";
import type { ProtocolName } from "../harness/contenders.ts";

const STREAMS = 1000;

/**
 * From the abort at the client to the handler's `signal`, of a thousand streams one after the other, beside so many of
 * the same connection that receive (`down`) and send (`up`) at full speed.
 */
function cancelAmong(name: string, down: number, up: number, protocol: ProtocolName = "ttheader"): Case {
  return {
    name,
    protocol,
    contenders: ["ttstream"],
    shows: ["p50Ms", "p99Ms"],
    targets: [under(5, "ms", "p99Ms", "p99, ttstream")],
    roundMs: 1000,
    async run(pair, ms) {
      await pair.client.ask({ do: "hold", streams: STREAMS, cancellable: true });
      await untilLive(pair, STREAMS);
      const { at = [] } = await pair.client.ask({ do: "cancel", ms, neighbours: { down, up, size: 1024 } });
      await untilLive(pair, 0);
      const { seen = [] } = await pair.server.ask({ do: "aborted" });
      return delaysOf(at, seen);
    },
  };
}

export const cancelToSignal: Case = cancelAmong(
  "cancel: abort to the peer's signal, 1,000 live streams, 2 neighbours receiving at full speed",
  2,
  0,
);

/** The Rst frame stands behind the bytes of streams that the client sends on, in the same socket. */
export const cancelBehindSenders: Case = cancelAmong(
  "cancel: the same, 1 neighbour sending and 1 receiving at full speed",
  1,
  1,
);

/** RST_STREAM stands behind the bytes of its neighbours in the same way. */
export const grpcCancelToSignal: Case = cancelAmong(
  "gRPC: cancel: abort to the peer's signal, 1,000 live streams, 1 neighbour sending and 1 receiving",
  1,
  1,
  "grpc",
);

import { type Case, delaysOf, type Figures, under, untilLive } from "../harness/case.ts";
import type { Pair } from "../harness/contenders.ts";

const STREAMS = 1000;

/** From the abort at the client to the handler's `signal`, among streams of the same connection that the server sends on. */
export const cancelToSignal: Case = {
  name: "cancel: abort to the peer's signal, 1,000 live streams, 2 neighbours receiving at full speed",
  contenders: ["ttstream"],
  shows: ["p50Ms", "p99Ms"],
  targets: [under(5, "ms", "p99Ms", "p99, ttstream")],
  roundMs: 1000,
  run: (pair, ms) => cancelAmong(pair, ms, 2, 0),
};

/** The same among streams that the client sends on: the Rst frame stands behind their bytes in the same socket. */
export const cancelBehindSenders: Case = {
  name: "cancel: the same, 1 neighbour sending and 1 receiving at full speed",
  contenders: ["ttstream"],
  shows: ["p50Ms", "p99Ms"],
  targets: [under(5, "ms", "p99Ms", "p99, ttstream")],
  roundMs: 1000,
  run: (pair, ms) => cancelAmong(pair, ms, 1, 1),
};

/** Cancels a thousand streams, one after the other, beside so many that receive and send. */
export async function cancelAmong(pair: Pair, ms: number, down: number, up: number): Promise<Figures> {
  await pair.client.ask({ do: "hold", streams: STREAMS, cancellable: true });
  await untilLive(pair, STREAMS);
  const { at = [] } = await pair.client.ask({ do: "cancel", ms, neighbours: { down, up, size: 1024 } });
  await untilLive(pair, 0);
  const { seen = [] } = await pair.server.ask({ do: "aborted" });
  return delaysOf(at, seen);
}

import { type Case, delaysOf, under, untilLive } from "../harness/case.ts";
import { watched } from "../harness/contenders.ts";

const STREAMS = 200;

/**
 * From the abort of a stream that nobody reads to its Rst frame at the far end of the socket, so a little more than
 * to the moment it is written. Kitex looks at idle streams every 5 s: hence the one long round.
 */
export const cancelToRst: Case = {
  name: "cancel: abort to Rst, nobody reading",
  contenders: ["ttstream", "Kitex"],
  shows: ["p50Ms", "p99Ms"],
  targets: [under(1, "ms", "p99Ms", "p99, ttstream")],
  rounds: 1,
  roundMs: 1000,
  start: watched,
  async run(pair, ms) {
    await pair.client.ask({ do: "hold", streams: STREAMS, cancellable: true, connections: 1 });
    await untilLive(pair, STREAMS);
    const { at = [] } = await pair.client.ask({ do: "cancel", ms });
    const seen: (readonly [number, number])[] = [];
    for (let tries = 0; seen.length < STREAMS && tries < 120; tries++) {
      seen.push(...(await pair.server.ask({ do: "resets" })).seen ?? []);
      if (seen.length < STREAMS) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return delaysOf(at, seen);
  },
};

import { type Case, delaysOf, under, untilLive } from "../harness/case.ts";
import { watched } from "../harness/contenders.ts";

/** So many that ten of them lie beyond the p99. */
const STREAMS = 1000;
/** Cancelled before them: code that runs for the first time is compiled first, at both ends of the socket. */
const WARM_UP = 500;

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
  roundMs: 2000,
  start: watched,
  async run(pair, ms) {
    const all = WARM_UP + STREAMS;
    await pair.client.ask({ do: "hold", streams: all, cancellable: true, connections: 1 });
    await untilLive(pair, all);
    const { at = [] } = await pair.client.ask({ do: "cancel", ms });
    const seen: (readonly [number, number])[] = [];
    for (let tries = 0; seen.length < all && tries < 120; tries++) {
      seen.push(...(await pair.server.ask({ do: "resets" })).seen ?? []);
      if (seen.length < all) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const warm = seen.flatMap(([stream, when]) =>
      stream > WARM_UP ? [[stream - WARM_UP, when] as const] : []
    );
    return delaysOf(at.slice(WARM_UP), warm);
  },
};

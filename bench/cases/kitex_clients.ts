import { type Case, rate, timesAtLeast } from "../harness/case.ts";

/**
 * Kitex's own client at this library's server, as github.com/cloudwego/kitex-benchmark runs it (`streaming/kitex_tts_mux`
 * and `kitex_tts_lconn`): an echo of 1 KiB in a string, on streams that stay open.
 */
function echo(streams: number, pool: "mux" | "long", reach: number): Case {
  // Its mux pool has four connections.
  const connections = pool === "mux" ? 4 : streams;
  return {
    name: `Kitex's client, ${pool === "mux" ? "mux" : "long connection"} pool, ${streams} ${
      streams === 1 ? "stream" : "streams"
    }`,
    contenders: ["Kitex at ttstream", "Kitex"],
    shows: ["perSecond", "p99Ms"],
    targets: [timesAtLeast(reach, "perSecond", "Kitex at ttstream", "Kitex", "ttstream's server / Kitex's")],
    run: (pair, ms) =>
      rate(pair, { do: "pingPong", ms, size: 1024, streams, connections, pool, inText: true }),
  };
}

export const kitexClients: readonly Case[] = [
  echo(1, "mux", 0.9),
  echo(10, "mux", 1.4),
  echo(100, "mux", 2),
  echo(1, "long", 0.9),
  echo(100, "long", 1.2),
];

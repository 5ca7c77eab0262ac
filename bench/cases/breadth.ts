import { type Case, rate, timesAtLeast } from "../harness/case.ts";

/** A message there and back on each of many streams, or on the streams of many connections. */
function echoes(name: string, streams: number, connections: number): Case {
  return {
    name: `ping-pong, ${name}`,
    contenders: ["ttstream", "Kitex"],
    shows: ["perSecond", "p99Ms"],
    targets: [timesAtLeast(1.2, "perSecond", "ttstream", "Kitex")],
    run: (pair, ms) => rate(pair, { do: "pingPong", ms, size: 1024, streams, connections }),
  };
}

export const pingPong10000: Case = echoes("10,000 streams of one connection", 10_000, 1);
export const pingPong64Connections: Case = echoes("64 connections with a stream each", 64, 64);

import { type Case, percentAtLeast, rate, timesAtLeast } from "../harness/case.ts";

/** A message there and back, then the next. */
export const pingPong: Case = {
  name: "ping-pong, 1 stream",
  contenders: ["ttstream", "ttstream, thrift", "Kitex", "raw TCP"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(1, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(0.8, "perSecond", "ttstream, thrift", "Kitex"),
    percentAtLeast(90, "perSecond", "ttstream", "raw TCP"),
  ],
  run: (pair, ms) => rate(pair, { do: "pingPong", ms, size: 1024, streams: 1 }),
};

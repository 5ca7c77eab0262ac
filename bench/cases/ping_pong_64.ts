import { type Case, p99Below, rate, timesAtLeast } from "../harness/case.ts";

/** 64 streams of one connection, a message there and back on each of them. Kitex uses as many connections as it likes. */
export const pingPong64: Case = {
  name: "ping-pong, 64 streams",
  contenders: ["ttstream", "ttstream, thrift", "Kitex"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(4, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(3.2, "perSecond", "ttstream, thrift", "Kitex"),
    p99Below("Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "pingPong", ms, size: 1024, streams: 64 }),
};

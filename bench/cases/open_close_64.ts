import { type Case, p99Below, rate, timesAtLeast } from "../harness/case.ts";

/** A stream for each message, 64 of them at a time. */
export const openClose64: Case = {
  name: "open, 1 message each way, close; 64 at a time",
  contenders: ["ttstream", "ttstream, thrift", "Kitex"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(2, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(1.6, "perSecond", "ttstream, thrift", "Kitex"),
    p99Below("Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "openClose", ms, size: 1024, streams: 64 }),
};

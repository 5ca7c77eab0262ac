import { type Case, rate, timesAtLeast } from "../harness/case.ts";

/** A stream for each message: open, one message each way, close, end. */
export const openClose: Case = {
  name: "open, 1 message each way, close; 1 at a time",
  contenders: ["ttstream", "ttstream, thrift", "Kitex", "raw TCP"],
  shows: ["perSecond", "p99Ms"],
  targets: [
    timesAtLeast(1.1, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(0.88, "perSecond", "ttstream, thrift", "Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "openClose", ms, size: 1024, streams: 1 }),
};

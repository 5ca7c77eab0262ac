import { type Case, percentAtLeast, rate, timesAtLeast } from "../harness/case.ts";

/** The same with messages of 64 KiB, beside blocks of 64 KiB on a bare socket: the ceiling. */
export const serverStreaming64k: Case = {
  name: "server streaming, 64 KiB",
  contenders: ["ttstream", "ttstream, thrift", "Kitex", "raw TCP"],
  shows: ["mbPerSecond"],
  targets: [
    timesAtLeast(2, "mbPerSecond", "ttstream", "Kitex"),
    timesAtLeast(1.6, "mbPerSecond", "ttstream, thrift", "Kitex"),
    percentAtLeast(80, "mbPerSecond", "ttstream", "raw TCP"),
  ],
  run: (pair, ms) => rate(pair, { do: "stream", ms, size: 64 * 1024 }),
};

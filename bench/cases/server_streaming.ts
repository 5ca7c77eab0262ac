import { type Case, rate, timesAtLeast } from "../harness/case.ts";

/** One server streaming call: the server sends as fast as it can, the client reads. */
export const serverStreaming: Case = {
  name: "server streaming, 1 stream",
  contenders: ["ttstream", "ttstream, thrift", "Kitex", "grpc-js"],
  shows: ["perSecond"],
  targets: [
    timesAtLeast(5, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(4, "perSecond", "ttstream, thrift", "Kitex"),
    timesAtLeast(10, "perSecond", "ttstream", "grpc-js"),
  ],
  run: (pair, ms) => rate(pair, { do: "stream", ms, size: 1024 }),
};

import { type Case, rate, timesAtLeast } from "../harness/case.ts";

/** One client streaming call: the client sends as fast as it can, the server counts and answers. */
export const clientStreaming: Case = {
  name: "client streaming, 1 stream",
  contenders: ["ttstream", "ttstream, thrift", "Kitex"],
  shows: ["perSecond"],
  targets: [
    timesAtLeast(4.5, "perSecond", "ttstream", "Kitex"),
    timesAtLeast(4, "perSecond", "ttstream, thrift", "Kitex"),
  ],
  run: (pair, ms) => rate(pair, { do: "collect", ms, size: 1024 }),
};

/** The same without a `WritableStream`. */
function clientStreamingBy(by: "send" | "sendAll"): Case {
  return {
    name: `client streaming, 1 stream, by ${by}()`,
    contenders: ["ttstream", "Kitex"],
    shows: ["perSecond"],
    targets: [timesAtLeast(5, "perSecond", "ttstream", "Kitex")],
    run: (pair, ms) => rate(pair, { do: "collect", ms, size: 1024, by }),
  };
}

export const clientStreamingBySend: Case = clientStreamingBy("send");
export const clientStreamingBySendAll: Case = clientStreamingBy("sendAll");

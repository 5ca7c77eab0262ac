import { type Case, percentAtLeast, rate } from "../harness/case.ts";

/** What one observer costs that hears every message: the library beside itself without one. */
export const observedServerStreaming: Case = {
  name: "observed: server streaming, 1 stream",
  contenders: ["ttstream", "ttstream, observed"],
  shows: ["perSecond"],
  targets: [percentAtLeast(90, "perSecond", "ttstream, observed", "ttstream")],
  run: (pair, ms) => rate(pair, { do: "stream", ms, size: 1024 }),
};

/** The same over gRPC. */
export const observedGrpcServerStreaming: Case = {
  ...observedServerStreaming,
  name: "observed: gRPC, server streaming, 1 stream",
  protocol: "grpc",
};

/** What it costs a stream of one message each way. */
export const observedOpenClose: Case = {
  name: "observed: open, 1 message each way, close; 64 at a time",
  contenders: ["ttstream", "ttstream, observed"],
  shows: ["perSecond", "p99Ms"],
  targets: [percentAtLeast(85, "perSecond", "ttstream, observed", "ttstream")],
  run: (pair, ms) => rate(pair, { do: "openClose", ms, size: 1024, streams: 64 }),
};

/** What a span at each end of such a stream costs: OpenTelemetry's SDK makes it, and nothing is exported. */
export const tracedOpenClose: Case = {
  ...observedOpenClose,
  name: "traced: open, 1 message each way, close; 64 at a time",
  contenders: ["ttstream", "ttstream, traced"],
  targets: [percentAtLeast(85, "perSecond", "ttstream, traced", "ttstream")],
};

/** One stream after the other: what whoever waits for an answer sees of it. */
export const tracedOneByOne: Case = {
  ...tracedOpenClose,
  name: "traced: open, 1 message each way, close; 1 at a time",
  run: (pair, ms) => rate(pair, { do: "openClose", ms, size: 1024, streams: 1 }),
};

/** The same over gRPC. */
export const tracedGrpcOneByOne: Case = {
  ...tracedOneByOne,
  name: "traced: gRPC, open, 1 message each way, close; 1 at a time",
  protocol: "grpc",
};

/** The same over gRPC. */
export const tracedGrpcOpenClose: Case = {
  ...tracedOpenClose,
  name: "traced: gRPC, open, 1 message each way, close; 64 at a time",
  protocol: "grpc",
};

/** What remains of it where the sampler takes no stream, as it does with most in production; and where Deno makes the spans. */
export const unsampledOpenClose: Case = {
  ...observedOpenClose,
  name: "traced, unsampled and by Deno: open, 1 message each way, close; 64 at a time",
  contenders: ["ttstream", "ttstream, unsampled", "ttstream, traced by Deno"],
  targets: [percentAtLeast(85, "perSecond", "ttstream, unsampled", "ttstream")],
};

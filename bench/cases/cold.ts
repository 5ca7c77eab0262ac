import { type Case, sooner } from "../harness/case.ts";

/** From the start of the client's process to its first message there and back, and the 1,000 streams after it. */
export const cold: Case = {
  name: "cold: a new process's first stream, and its next 1,000",
  contenders: ["ttstream", "ttstream, thrift", "Kitex", "grpc-js"],
  shows: ["firstMs", "nextMs"],
  targets: [
    sooner("firstMs", "ttstream, thrift", "grpc-js", "first message, ttstream, thrift / grpc-js"),
    sooner("nextMs", "ttstream, thrift", "grpc-js", "the next 1,000, ttstream, thrift / grpc-js"),
  ],
  rounds: 5,
  fresh: true,
  async run({ client, startedAt }) {
    await client.ask({ do: "calls", count: 1, size: 1024 });
    const first = performance.now();
    await client.ask({ do: "calls", count: 1_000, size: 1024 });
    return { firstMs: first - startedAt, nextMs: performance.now() - first };
  },
};

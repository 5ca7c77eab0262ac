import { figuresOf } from "./harness/case.ts";
import type { ContenderName, Pair } from "./harness/contenders.ts";

/** How cost grows with one number. */
export interface Growth {
  readonly name: string;
  /** What the number counts. */
  readonly axis: string;
  readonly unit: string;
  readonly contenders: readonly ContenderName[];
  readonly values: readonly number[];
  run(pair: Pair, value: number, ms: number): Promise<number>;
}

/** The curve of one contender: a value for each of the growth's. */
export type Curve = readonly number[];

export const GROWTHS: readonly Growth[] = [
  {
    name: "ping-pong by streams",
    axis: "streams at a time, 1 KiB",
    unit: "round trips/s",
    contenders: ["ttstream", "Kitex"],
    values: [1, 10, 100, 1_000, 10_000],
    run: async (pair, streams, ms) =>
      figuresOf(await pair.client.ask({ do: "pingPong", ms, size: 1024, streams }), 1024).perSecond ?? NaN,
  },
  {
    name: "server streaming by size",
    axis: "bytes of a message",
    unit: "MB/s",
    contenders: ["ttstream", "Kitex"],
    values: [16, 256, 4_096, 65_536, 1_048_576, 8_388_608],
    run: async (pair, size, ms) =>
      figuresOf(await pair.client.ask({ do: "stream", ms, size }), size).mbPerSecond ?? NaN,
  },
  {
    name: "ping-pong by connections",
    axis: "connections, 64 streams, 1 KiB",
    unit: "round trips/s",
    contenders: ["ttstream", "Kitex"],
    values: [1, 4, 16, 64],
    run: async (pair, connections, ms) =>
      figuresOf(await pair.client.ask({ do: "pingPong", ms, size: 1024, streams: 64, connections }), 1024)
        .perSecond ?? NaN,
  },
];

import { type Command, payloadBytes, type Reply } from "../peers/commands.ts";
import type { Contender, ContenderName, Pair, ProtocolName } from "./contenders.ts";

/** What one run of a case has measured. */
export type Figures = Readonly<Partial<Record<Figure, number>>>;
export type Figure =
  | "perSecond"
  | "mbPerSecond"
  | "p50Ms"
  | "p99Ms"
  | "clientBytes"
  | "serverBytes"
  | "percent"
  | "firstMs"
  | "nextMs";

/** A contender's figures: of each, the median of the rounds. */
export type Medians = ReadonlyMap<ContenderName, Figures>;

/** One case: who takes part, what is measured, what is to be reached. A case is one small file. */
export interface Case {
  readonly name: string;
  /** Default TTHeader Streaming. */
  readonly protocol?: ProtocolName;
  readonly contenders: readonly ContenderName[];
  /** What the tables show of it. */
  readonly shows: readonly Figure[];
  readonly targets: readonly Target[];
  /** How many rounds; default as many as the run has. */
  readonly rounds?: number;
  /** Milliseconds that a round takes instead of what the run says. */
  readonly roundMs?: number;
  /** New processes for each round: they are what is measured. */
  readonly fresh?: boolean;
  /** Left out of a quick run. */
  readonly slow?: boolean;
  /** What to start for a contender, where it is not its own pair. */
  readonly start?: (contender: Contender) => Contender;
  /** One round, of about `ms` milliseconds. */
  run(pair: Pair, ms: number): Promise<Figures>;
}

/** Something to be reached. */
export interface Target {
  readonly what: string;
  /** Nothing where a contender it needs was not there. */
  readonly value: (medians: Medians) => number | undefined;
  readonly reach: number;
  readonly sense: "at least" | "under";
  readonly unit: "times" | "%" | "ms" | "bytes";
}

/** That `one` has at least `reach` times as much of `figure` as `other`. */
export function timesAtLeast(
  reach: number,
  figure: Figure,
  one: ContenderName,
  other: ContenderName,
  what = `${one} / ${other}`,
): Target {
  return {
    what,
    value: (medians) => ratio(medians, figure, one, other),
    reach,
    sense: "at least",
    unit: "times",
  };
}

/** The same in per cent. */
export function percentAtLeast(
  reach: number,
  figure: Figure,
  one: ContenderName,
  other: ContenderName,
): Target {
  return {
    what: `${one} in % of ${other}`,
    value: (medians) => {
      const times = ratio(medians, figure, one, other);
      return times === undefined ? undefined : times * 100;
    },
    reach,
    sense: "at least",
    unit: "%",
  };
}

/** That the library's p99 is under `other`'s. */
export function p99Below(other: ContenderName): Target {
  return {
    what: `p99, ttstream / ${other}`,
    value: (medians) => ratio(medians, "p99Ms", "ttstream", other),
    reach: 1,
    sense: "under",
    unit: "times",
  };
}

/** That `one` takes less time than `other`. */
export function sooner(figure: Figure, one: ContenderName, other: ContenderName, what: string): Target {
  return {
    what,
    value: (medians) => ratio(medians, figure, one, other),
    reach: 1,
    sense: "under",
    unit: "times",
  };
}

/** That a figure of the library is at least `reach` per cent. */
export function percent(reach: number, what: string): Target {
  return { what, value: (medians) => medians.get("ttstream")?.percent, reach, sense: "at least", unit: "%" };
}

/** That a figure of the library is under `reach`. */
export function under(reach: number, unit: "ms" | "bytes", figure: Figure, what: string): Target {
  return { what, value: (medians) => medians.get("ttstream")?.[figure], reach, sense: "under", unit };
}

function ratio(
  medians: Medians,
  figure: Figure,
  one: ContenderName,
  other: ContenderName,
): number | undefined {
  const [a, b] = [medians.get(one)?.[figure], medians.get(other)?.[figure]];
  return a === undefined || b === undefined ? undefined : a / b;
}

/** Runs one command at the client and makes figures of its reply. */
export async function rate(pair: Pair, command: Command & { readonly size: number }): Promise<Figures> {
  return figuresOf(await pair.client.ask(command), command.size);
}

export function figuresOf({ count = 0, seconds = 1, p50Ms, p99Ms }: Reply, size: number): Figures {
  const perSecond = count / seconds;
  return {
    perSecond,
    mbPerSecond: perSecond * payloadBytes(size) / 1e6,
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p99Ms === undefined ? {} : { p99Ms }),
  };
}

/** How long after `at` the other end has seen it. */
export function delaysOf(at: readonly number[], seen: readonly (readonly [number, number])[]): Figures {
  const delays = seen.map(([stream, seenAt]) => seenAt - (at[stream - 1] ?? NaN)).sort((a, b) => a - b);
  if (delays.length !== at.length) throw new Error(`${at.length} cancels, and ${delays.length} were seen`);
  const quantile = (q: number) => delays[Math.floor(delays.length * q)] ?? NaN;
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

/** Asks again until the server has so many streams. */
export async function untilLive(pair: Pair, streams: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { live } = await pair.server.ask({ do: "live" });
    if (live === streams) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the server does not get to ${streams} streams`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

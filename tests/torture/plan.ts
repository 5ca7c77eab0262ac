import type { Random } from "../support/random.ts";
import type { Message } from "./messages.ts";

/** What one end of a stream does. */
export interface SidePlan {
  /** The messages it writes, one after the other. */
  readonly writes: readonly Message[];
  /** Turns of the event loop between two of them, and between two reads. */
  readonly writeTurns: number;
  readonly readTurns: number;
  /** After so many messages it stops to read. */
  readonly reads: number;
}

/** How a client leaves a stream, after so many turns of the event loop. */
export type ClientAct = "none" | "signal" | "plain signal" | "cancel" | "abort" | "dispose";
/** How a handler ends. */
export type HandlerAct = "return" | "throw" | "biz error" | "abort" | "hang" | "leave writes";

export interface StreamPlan {
  readonly index: number;
  readonly method: "chat" | "fastChat" | "list" | "join";
  readonly client: SidePlan & {
    readonly act: ClientAct;
    readonly actTurns: number;
    readonly timeoutMs: number | undefined;
    readonly recvTimeoutMs: number | undefined;
    /** Whether it half closes after its writes. */
    readonly closes: boolean;
  };
  readonly server: SidePlan & { readonly act: HandlerAct };
}

/** What happens to a connection as a whole. */
export type Disaster =
  | "none"
  | "cut"
  | "client abort"
  | "client close"
  | "client dispose"
  | "shutdown"
  | "shutdown now";

const SIZES = [0, 1, 10, 100, 100, 1000, 20_000, 300_000];

function messages(random: Random, count: number): Message[] {
  return Array.from({ length: count }, (_, seq) => {
    const fault = random.below(60) === 0 ? random.pick(["encode", "decode"] as const) : undefined;
    return { seq, size: random.pick(SIZES), fault };
  });
}

function side(random: Random): SidePlan {
  return {
    writes: messages(random, random.below(random.pick([2, 5, 40]))),
    writeTurns: random.pick([0, 0, 0, 1, 3]),
    readTurns: random.pick([0, 0, 0, 1, 5]),
    reads: random.pick([Infinity, Infinity, Infinity, random.below(10)]),
  };
}

/** What happens on one stream: the same for the same random numbers. */
export function streamPlan(random: Random, index: number): StreamPlan {
  const method = random.pick(["chat", "chat", "fastChat", "fastChat", "list", "join"] as const);
  const act = random.pick(
    ["none", "none", "none", "signal", "plain signal", "cancel", "abort", "dispose"] as const,
  );
  const server = { ...side(random), act: random.pick(HANDLER_ACTS) };
  const client = {
    ...side(random),
    act,
    actTurns: random.below(random.pick([1, 5, 50])),
    timeoutMs: random.below(12) === 0 ? 1 + random.below(40) : undefined,
    recvTimeoutMs: random.below(12) === 0 ? 1 + random.below(20) : undefined,
    closes: random.below(4) > 0,
  };
  // Somebody must end it.
  const endless = server.act === "hang" && client.act === "none" && client.timeoutMs === undefined;
  return { index, method, client, server: endless ? { ...server, act: "return" } : server };
}

const HANDLER_ACTS: readonly HandlerAct[] = [
  "return",
  "return",
  "return",
  "throw",
  "biz error",
  "abort",
  "hang",
  "leave writes",
];

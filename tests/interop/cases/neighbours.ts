import { cancel, type Case, close, echo, many, recv, type ScriptedCase, send, sleep, swarm } from "./case.ts";
import type { Call, Op, Options } from "../script.ts";

/** Cancels among neighbours, on one connection: to a new server by a Rst, to one before v0.15.0 by a Trailer. */

const POOL: Options = { pool: "mux1" };
const OLD: Options = { ...POOL, cancelFrame: "trailer" };

/** A handler that tells how its reading ended and returns. */
const reads: readonly Op[] = [recv(), send("here"), recv()];
/** What comes after all the rest, on the same connection. */
const next = (options: Options): Call => ({
  to: "B",
  method: "bidi",
  tag: "next",
  options,
  client: [send("hello"), recv(), close, recv()],
  server: [echo],
});

function amongNeighbours(options: Options): readonly (Call | readonly Call[])[] {
  const neighbour = (tag: string): Call => ({
    to: "B",
    method: "bidi",
    tag,
    options,
    client: [send("one"), recv(), sleep(300), send("two"), recv(), send("three"), recv(), close, recv()],
    server: [echo],
  });
  const leaving: Call = {
    to: "B",
    method: "bidi",
    tag: "2",
    options,
    client: [send("one"), recv(), sleep(50), cancel, recv(), send("late")],
    server: reads,
  };
  return [[neighbour("1"), leaving, neighbour("3")], next(options)];
}

function alone(name: string, options: Options, call: Partial<Call>): ScriptedCase {
  return {
    kind: "scripted",
    group: OLD_GROUP,
    name,
    oldServer: true,
    connections: true,
    calls: [{ to: "B", method: "bidi", options, server: reads, ...call }, next(options)],
  };
}

const OLD_GROUP = 'cancelFrame: "trailer" to a server of Kitex v0.14.1';
const both = { kind: "scripted", connections: true, handlers: 4 } as const;

export const neighbourCases: readonly Case[] = [
  {
    ...both,
    group: "Kitex cancel",
    name: "one of three streams of a connection",
    calls: amongNeighbours(POOL),
  },
  {
    ...both,
    group: OLD_GROUP,
    name: "one of three streams of a connection",
    oldServer: true,
    calls: amongNeighbours(OLD),
  },
  alone("with a reason of one's own", { ...OLD, cancelReason: "the user left" }, {
    client: [send("a"), recv(), cancel, recv()],
  }),
  alone("receive time-out", { ...OLD, recvTimeoutMs: 500 }, { client: [send("a"), recv(), recv()] }),
  alone("stream time-out", { ...OLD, timeoutMs: 500 }, { client: [send("a"), recv(), recv()] }),
  alone("client streaming, cancelled before its answer", OLD, {
    method: "client",
    client: [send("a"), sleep(300), cancel, recv()],
    server: [recv(), recv()],
  }),
  alone("after half close", OLD, {
    client: [send("a"), close, recv(), cancel, recv()],
    server: [recv(), send("b"), recv(), sleep(500)],
  }),
  {
    ...many("1,000 streams, two of three cancelled at random", {
      ...swarm(1_000, 6, 64, true),
      options: OLD,
    }),
    group: OLD_GROUP,
    oldServer: true,
    connections: true,
  },
];

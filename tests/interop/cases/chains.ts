import {
  cancel,
  type Case,
  close,
  done,
  echo,
  header,
  kv,
  one,
  recv,
  send,
  settled,
  sleep,
  trailer,
} from "./case.ts";
import type { Call, Op } from "../script.ts";

/** Chains of three, four and five services: who cancelled, through whom, and every text on the way. */

const call = (to: string, rest: Partial<Call>): Op => ({ do: "call", call: { to, method: "bidi", ...rest } });
const upRecv: Op = { do: "recv", up: true };
const upSend = (text: string): Op => ({ do: "send", text, up: true });
const upDone: Op = { do: "done", up: true };

/** Down to the last of the chain and back, then everyone waits. */
const openTo = (rest: readonly string[]): Partial<Call> => {
  const [next, ...further] = rest;
  if (next === undefined) return { server: [recv(), send("here"), recv(), done, settled, send("late")] };
  return {
    server: [
      recv(),
      call(next, { ...openTo(further), client: [send("down"), recv(), upSend("up"), recv(), upDone] }),
      recv(),
      done,
      settled,
      send("late"),
    ],
  };
};

const group = "chains";
const three: readonly Case[] = [
  one(group, "relay down and back", {
    client: [send("a"), send("b"), recv(2), close, recv()],
    server: [
      call("C", {
        server: [echo],
        client: [
          upRecv,
          send("x"),
          recv(),
          upSend("x"),
          upRecv,
          send("y"),
          recv(),
          upSend("y"),
          close,
          recv(),
        ],
      }),
    ],
  }),
  one(group, "A cancels", { ...openTo(["C"]), client: [send("go"), recv(), cancel, recv()] }, {
    golden: true,
  }),
  one(group, "A's stream times out", {
    ...openTo(["C"]),
    options: { timeoutMs: 1_000 },
    client: [send("go"), recv(), recv()],
  }, { golden: true }),
  one(group, "A's read times out", {
    ...openTo(["C"]),
    options: { recvTimeoutMs: 1_000 },
    client: [send("go"), recv(), recv()],
  }, { golden: true }),
  one(group, "A's connection is lost", {
    ...openTo(["C"]),
    client: [send("go"), recv(), { do: "cut" }, recv()],
  }, { golden: true }),
  one(group, "A's connection brings a broken frame", {
    ...openTo(["C"]),
    client: [send("go"), recv(), { do: "spoil" }, recv()],
  }, { golden: true }),
  one(group, "B returns while C works", {
    client: [send("go"), recv(), recv()],
    server: [
      recv(),
      call("C", {
        server: [recv(), send("here"), recv(), done, settled, send("late")],
        client: [send("down"), recv()],
      }),
      send("bye"),
    ],
  }, { golden: true }),
  one(group, "B's own time-out on C", {
    client: [send("go"), recv(), recv()],
    server: [
      recv(),
      call("C", { options: { recvTimeoutMs: 500 }, server: [recv(), done], client: [send("down"), recv()] }),
      { do: "failWithLast" },
    ],
  }, { golden: true }),
  one(group, "C's handler fails, B hands the error on", {
    client: [send("go"), recv()],
    server: [
      recv(),
      call("C", {
        server: [recv(), { do: "fail", text: "C is out of words" }],
        client: [send("down"), recv()],
      }),
      { do: "failWithLast" },
    ],
  }, { golden: true }),
  one(group, "C's business error, B hands it on", {
    client: [send("go"), recv(), trailer],
    server: [
      recv(),
      call("C", {
        server: [recv(), { do: "biz", code: 503, text: "C is busy", extra: { retry: "1s" } }],
        client: [send("down"), recv()],
      }),
      { do: "failWithLast" },
    ],
  }, { golden: true }),
  one(group, "A cancels, B hands the error on", {
    client: [send("go"), recv(), cancel, recv()],
    server: [
      recv(),
      call("C", {
        server: [recv(), send("here"), recv(), { do: "failWithLast" }],
        client: [send("down"), recv(), upSend("up"), recv()],
      }),
      { do: "failWithLast" },
    ],
  }),
  one(group, "B wraps what it got from A before it calls C, A cancels", {
    client: [send("go"), recv(), cancel, recv()],
    server: [
      recv(),
      call("C", {
        options: { wrapped: true },
        server: [recv(), send("here"), recv(), done],
        client: [send("down"), recv(), upSend("up"), recv()],
      }),
    ],
  }),
  one(group, "metainfo goes on", {
    options: { transient: { T: "one" }, persistent: { P: "for ever" } },
    client: [send("go"), recv(), close, recv()],
    server: [
      { do: "metainfo" },
      recv(),
      call("C", {
        options: { transient: { OWN: "of B" }, persistent: { "own-p": "of B" } },
        server: [
          { do: "metainfo" },
          kv("setHeader", { h: "C" }),
          kv("setTrailer", { t: "C" }),
          recv(),
          send("here"),
        ],
        client: [send("down"), recv(), header, recv(), trailer],
      }),
      kv("setTrailer", { t: "B" }),
      send("up"),
      sleep(1),
    ],
  }),
];

/** Every service hands the error of the next one on. */
const failingAtTheEnd = ([next, ...further]: readonly string[], text: string): readonly Op[] =>
  next === undefined ? [recv(), { do: "fail", text }] : [
    recv(),
    call(next, { client: [send("down"), recv()], server: failingAtTheEnd(further, text) }),
    { do: "failWithLast" },
  ];

const four: readonly Case[] = [
  one(
    "chains of four",
    "A cancels",
    { ...openTo(["C", "D"]), client: [send("go"), recv(), cancel, recv()] },
    {
      golden: true,
    },
  ),
  one("chains of four", "A's stream times out", {
    ...openTo(["C", "D"]),
    options: { timeoutMs: 1_500 },
    client: [send("go"), recv(), recv()],
  }, { golden: true }),
  one("chains of four", "A's connection is lost", {
    ...openTo(["C", "D"]),
    client: [send("go"), recv(), { do: "cut" }, recv()],
  }, { golden: true }),
  one("chains of four", "D's handler fails, everyone hands the error on", {
    client: [send("go"), recv()],
    server: failingAtTheEnd(["C", "D"], "D is out of words"),
  }, { golden: true }),
];

const CDE = ["C", "D", "E"];
const five: readonly Case[] = [
  one("chains of five, four hops", "A cancels", {
    ...openTo(CDE),
    client: [send("go"), recv(), cancel, recv()],
  }, { golden: true }),
  one("chains of five, four hops", "A's read times out", {
    ...openTo(CDE),
    options: { recvTimeoutMs: 1_500 },
    client: [send("go"), recv(), recv()],
  }, { golden: true }),
  one("chains of five, four hops", "A's connection is lost", {
    ...openTo(CDE),
    client: [send("go"), recv(), { do: "cut" }, recv()],
  }, { golden: true }),
  one("chains of five, four hops", "A's connection brings a broken frame", {
    ...openTo(CDE),
    client: [send("go"), recv(), { do: "spoil" }, recv()],
  }, { golden: true }),
  one("chains of five, four hops", "E's handler fails, everyone hands the error on", {
    client: [send("go"), recv()],
    server: failingAtTheEnd(CDE, "E is out of words"),
  }, { golden: true }),
];

export const chainCases: readonly Case[] = [...three, ...four, ...five];

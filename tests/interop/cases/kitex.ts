import {
  cancel,
  type Case,
  close,
  done,
  drain,
  drainLoose,
  header,
  kv,
  lanes,
  one,
  recv,
  send,
  settled,
  sleep,
  trailer,
} from "./case.ts";
import type { Call, Op, Options } from "../script.ts";

/** What Kitex's own test suite tries on its streams, scenario by scenario. */

const ROUNDS = 10;
const pingPong: Op[] = Array.from({ length: ROUNDS }, (): Op[] => [send("ping"), recv()]).flat();
const pongPing: Op[] = Array.from({ length: ROUNDS }, (): Op[] => [recv(), send("pong")]).flat();
const meta: Options = { transient: { METAKEY: "METAVALUE" } };
const labels: Op[] = [
  kv("setHeader", { headerkey: "headervalue" }),
  kv("setTrailer", { trailerkey: "trailervalue" }),
];
const late: Op[] = [settled, send("late")];
/** Until then a cancel may come before the handler has begun. */
const ready: Op = kv("sendHeader", { ready: "yes" });
const flood: Op = { do: "flood", text: "more", everyMs: 20 };

const normal: readonly Case[] = [
  one("Kitex normal", "bidirectional, header and trailer", {
    options: meta,
    client: [...pingPong, close, recv(), header, trailer],
    server: [{ do: "metainfo" }, ...labels, ...pongPing, recv()],
  }),
  one("Kitex normal", "client streaming, header and trailer", {
    method: "client",
    options: meta,
    client: [send("ping", ROUNDS), close, recv(), header, trailer],
    server: [...labels, drain, send("pong")],
  }),
  one("Kitex normal", "server streaming, SendHeader and trailer", {
    method: "server",
    request: { text: "ping" },
    options: meta,
    client: [header, recv(ROUNDS), recv(), trailer],
    server: [...labels, kv("sendHeader", { headerkey1: "headervalue1" }), send("pong", ROUNDS)],
  }),
  one("Kitex normal", "business error 404", {
    client: [send("biz_error"), recv(), recv(), trailer, send("late")],
    server: [...labels, recv(), { do: "biz", code: 404, text: "not found" }],
  }, { golden: true }),
  one("Kitex normal", "business error with extra, after messages", {
    client: [recv(3), send("all three"), recv(), trailer],
    server: [send("pong", 3), recv(), {
      do: "biz",
      code: -7,
      text: "",
      extra: { who: "me", "ключ": "значение" },
    }],
  }),
  one("Kitex normal", "business error right behind messages that nobody has read", {
    client: [sleep(500), recv(3), recv(), trailer],
    server: [send("pong", 3), { do: "biz", code: 404, text: "not found" }],
  }),
  one("Kitex normal", "handler's error, after messages", {
    client: [recv(3), recv(), recv(), send("late")],
    server: [send("pong", 3), { do: "fail", text: "no more" }],
  }, { golden: true }),
  one("Kitex normal", "handler panics", {
    client: [send("hi"), recv(), recv()],
    server: [recv(), { do: "panic", text: "at the disco" }],
  }, { golden: true }),
  one("Kitex normal", "handler returns early, its context and stream afterwards", {
    client: [recv(), recv(), send("late")],
    server: [send("only one")],
    after: [done, recv(), send("late")],
  }, { golden: true }),
  one("Kitex normal", "handler of client streaming returns without an answer", {
    method: "client",
    client: [send("a"), close, recv()],
    server: [recv()],
  }, { golden: true }),
  one("Kitex normal", "send after half close", {
    client: [close, send("late"), drain],
    server: [drain, send("bye")],
  }, { golden: true }),
  one("Kitex normal", "header and trailer of odd text", {
    client: [header, recv(), trailer],
    server: [
      kv("setHeader", {
        "": "empty key",
        "Case-Kept": "Yes",
        "ключ ☺": "значение 😈",
        long: "x".repeat(60_000),
      }),
      kv("setTrailer", { t: "", "with space": " a b ", "new\nline": "\t" }),
    ],
  }),
];

const cancelled: readonly Case[] = [
  one("Kitex cancel", "client_streaming_without_sending_any_req", {
    method: "client",
    // A stream that was cancelled before its handler is called calls none here.
    client: [sleep(100), cancel, sleep(6_000), send("late")],
    server: [recv(), done],
  }, { golden: true }),
  one("Kitex cancel", "client_streaming_during_normal_interaction", {
    method: "client",
    client: [header, lanes([flood], [sleep(100), cancel])],
    server: [ready, drainLoose, done],
  }),
  one("Kitex cancel", "client_streaming_defer_cancel", {
    method: "client",
    client: [send("ping", 10), sleep(100), cancel],
    server: [drainLoose, done],
  }),
  one("Kitex cancel", "server_streaming_remote_responding_slowly", {
    method: "server",
    request: { text: "slow" },
    client: [header, cancel, recv()],
    server: [ready, sleep(500), flood, done],
  }),
  one("Kitex cancel", "server_streaming_during_normal_interaction", {
    method: "server",
    request: { text: "go" },
    client: [header, lanes([drainLoose], [sleep(100), cancel])],
    server: [ready, flood, done],
  }),
  one("Kitex cancel", "server_streaming_defer_cancel", {
    method: "server",
    request: { text: "go" },
    client: [recv(6), cancel],
    server: [send("more", 5), send("special"), flood, done],
  }),
  one("Kitex cancel", "bidi_streaming_independent_send_recv", {
    client: [header, lanes([flood], [drainLoose], [sleep(100), cancel])],
    server: [ready, lanes([drainLoose], [flood]), done],
  }),
  one("Kitex cancel", "after half close", {
    client: [send("a"), close, recv(), cancel, recv()],
    server: [recv(2), send("b"), done, ...late],
  }),
  one("Kitex cancel", "with a reason of one's own", {
    options: { cancelReason: "the user left" },
    client: [send("a"), recv(), cancel, recv()],
    server: [recv(), send("b"), recv(), done],
  }),
  one("Kitex cancel", "before the call", { options: { cancelled: true }, client: [recv(), send("late")] }, {
    handlers: 0,
    frames: false,
  }),
  one("Kitex cancel", "the handler works on", {
    client: [send("a"), recv(), cancel, recv()],
    server: [recv(), send("b"), done, settled, send("late"), recv(), { do: "fail", text: "I give up" }],
  }),
  one("Kitex cancel", "the connection is cut under a client and a handler", {
    client: [send("a"), recv(), { do: "cut" }, recv(), send("late")],
    server: [recv(), send("b"), recv(), done, recv()],
  }, { golden: true }),
];

const early: Op[] = [send("more", 3)];
const slow: Readonly<Record<"client" | "server" | "bidi", Partial<Call>>> = {
  client: {
    method: "client",
    client: [send("ping", 3), close, recv(), recv()],
    server: [drain, done, ...late],
  },
  server: {
    method: "server",
    request: { text: "ping" },
    client: [recv(3), recv(), recv()],
    server: [...early, done, ...late],
  },
  bidi: {
    client: [lanes([send("ping", 3), close], [recv(3), recv(), recv()])],
    server: [drain, ...early, done, ...late],
  },
};
const timeouts: readonly Case[] = (["client", "call"] as const).flatMap((at) =>
  (["client", "server", "bidi"] as const).flatMap((kind) =>
    ([
      ["recv timeout only", 500, undefined],
      ["recv timeout before stream timeout", 500, 5_000],
      ["stream timeout before recv timeout", 3_000, 500],
    ] as const).map(([which, recvTimeoutMs, timeoutMs]) =>
      one(`Kitex timeout by ${at} option`, `${kind}: ${which}`, {
        ...slow[kind],
        options: { recvTimeoutMs, recvTimeoutAt: at, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
      }, { golden: at === "call" })
    )
  )
);

const more: readonly Case[] = [
  one("Kitex timeout by call option", "recv timeout that does not cancel the remote", {
    options: { recvTimeoutMs: 100, disableCancelRemote: true },
    client: [send("a"), recv(), send("b"), close, sleep(300), trailer],
    server: [recv(), sleep(250), recv(2), send("late")],
  }, { golden: true }),
  ...([[1_500, "1.5s"], [61_000, "1m1s"]] as const).map(([timeoutMs, text]) =>
    one("Kitex timeout by call option", `recv timeout of ${text} that never fires`, {
      options: { recvTimeoutMs: timeoutMs },
      client: [send("a"), recv(), close, recv()],
      server: [recv(), send("b"), drain],
    })
  ),
  one("Kitex timeout by call option", "recv timeout of 1.5s that fires", {
    options: { recvTimeoutMs: 1_500 },
    client: [recv()],
    server: [done],
  }, { golden: true }),
];

export const kitexCases: readonly Case[] = [...normal, ...cancelled, ...timeouts, ...more];

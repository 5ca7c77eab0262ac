import {
  cancel,
  type Case,
  close,
  done,
  drain,
  echo,
  header,
  kv,
  one,
  recv,
  send,
  settled,
  trailer,
} from "./case.ts";
import type { Call } from "../script.ts";

/** Streams without a codec: bytes from `openStream`, and a plain function given to `serve`. Kitex plays as ever. */

const without = (name: string, call: Partial<Call>, heavy = false): Case =>
  one("without a codec", name, { ...call, untyped: true }, { heavy });

export const untypedCases: readonly Case[] = [
  without("echo", {
    client: [send("one"), recv(), { do: "send", size: 1 << 16 }, recv(), send("three"), recv(), close, drain],
    server: [echo],
  }),
  without("metainfo, header and trailer", {
    options: { transient: { T: "1" }, persistent: { P: "2" } },
    client: [send("hi"), recv(), header, close, drain, trailer],
    server: [
      { do: "metainfo" },
      kv("setHeader", { h: "1" }),
      kv("setTrailer", { t: "2" }),
      recv(),
      send("hi"),
      drain,
    ],
  }),
  without("client streaming", {
    method: "client",
    client: [{ do: "sendSizes", sizes: [27182, 8, 1828, 45904] }, close, recv(), recv()],
    server: [{ do: "sum" }],
  }),
  without("server streaming", {
    method: "server",
    request: { text: "go" },
    client: [recv(3), recv()],
    server: [send("a", 3)],
  }),
  without("cancel", {
    client: [send("a"), recv(), cancel, recv(), send("late")],
    server: [recv(), send("b"), recv(), done, settled, send("late")],
  }),
  without("receive time-out", {
    options: { recvTimeoutMs: 500 },
    client: [send("a"), recv(), recv(), send("late")],
    server: [recv(), send("b"), recv(), done],
  }),
  without("business error", {
    client: [send("a"), recv(), send("read"), recv(), trailer],
    server: [kv("setTrailer", { t: "1" }), recv(), send("b"), recv(), {
      do: "biz",
      code: 404,
      text: "not found ☺",
      extra: { who: "me" },
    }],
  }),
  without("handler's error", {
    client: [send("a"), recv(), recv()],
    server: [recv(), send("b"), { do: "fail", text: "no more" }],
  }),
  without("8 MiB each way", {
    client: [{ do: "send", size: 8 << 20 }, recv(), close, drain],
    server: [recv(), { do: "send", size: 8 << 20 }, drain],
  }, true),
];

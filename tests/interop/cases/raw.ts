import {
  type Case,
  done,
  drain,
  header,
  type RawClientCase,
  type RawServerCase,
  recv,
  send,
  settled,
  trailer,
} from "./case.ts";
import { exception, message, NO_FRAME, type Sketch } from "../harness/frames.ts";
import type { Op } from "../script.ts";

/** Frames that only a proxy or a broken program sends, by hand: to a client and to a server. */

const method = "bidi";
const utf8 = new TextEncoder();

/** The texts of Kitex's codes. */
const TEXTS: Readonly<Record<number, string>> = {
  12001: "application exception",
  12002: "unexpected header frame",
  12003: "illegal bizErr",
  12004: "illegal frame",
  12005: "illegal operation",
  12006: "transport is closing",
  12007:
    "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively",
  12008: "user code canceled with cancelCause(error)",
  12009: "canceled by downstream",
  12010: "canceled by upstream",
  12011: "internal canceled",
  12012: "canceled by business handler returning",
  12013: "canceled by connection closed",
  12014: "stream Recv timeout, timeout config={Timeout:300ms DisableCancelRemote:false}",
  12015: "stream timeout, timeout in ctx: 300ms",
};
const NESTED = "biz error: [ttstream error, code=12001] [client-side stream] biz error: no words, really: ☺";

function rst(sid: number, code: number, text: string, path?: string): Sketch {
  return {
    type: "rst",
    sid,
    method,
    payload: exception(method, sid, code, text),
    ...(path === undefined ? {} : { strings: { ttscp: path } }),
  };
}

const codes = Object.entries(TEXTS).map(([code, text]) => [Number(code), text] as const);
const paths: readonly (readonly [string, string | undefined])[] = [
  ["no path", undefined],
  ["one service", "ServiceA"],
  ["three services", "ServiceA,Service B,сервис"],
  ["an empty path", ""],
];

// ---- to a client ----

const client: Op[] = [recv(), recv(), recv(), send("late"), header, trailer];
const ok = (sid: number): readonly Sketch[] => [
  { type: "header", sid, method },
  { type: "data", sid, method, payload: message("hello") },
  { type: "trailer", sid, method },
];

function toClient(
  name: string,
  sends: RawServerCase["sends"],
  rest: Partial<Omit<RawServerCase, "kind" | "sends">> = {},
): RawServerCase {
  return {
    kind: "raw server",
    group: "raw frames to a client",
    name,
    golden: true,
    call: { to: "B", method, client, options: { timeoutMs: 3_000 } },
    sends,
    ...rest,
  };
}

/** A Rst that comes when the client has read all there is, so that no unread data is in its way. */
function rstToClient(name: string, make: (sid: number) => Sketch): RawServerCase {
  return toClient(name, (sid) => [{ type: "header", sid, method }, make(sid)], {
    call: { to: "B", method, client: [recv(), recv(), send("late")], options: { timeoutMs: 3_000 } },
  });
}

const clientCases: readonly RawServerCase[] = [
  toClient("plain", ok),
  toClient("Meta frames before, between and after", (sid) => [
    { type: "meta", sid, method, strings: { k: "v" } },
    ...ok(sid).slice(0, 2),
    { type: "meta", sid, method, payload: utf8.encode("anything") },
    ...ok(sid).slice(2),
    { type: "meta", sid: 0, method: "" },
  ]),
  toClient("frames of unknown streams", (sid) => [
    { type: "data", sid: sid + 1000, method, payload: message("not yours") },
    { type: "trailer", sid: -5, method },
    ...ok(sid),
    { type: "data", sid, method, payload: message("too late") },
  ]),
  ...codes.map(([code, text]) => rstToClient(`Rst ${code}`, (sid) => rst(sid, code, text, "proxy"))),
  ...paths.map(([name, path]) =>
    rstToClient(`Rst 12007, ${name}`, (sid) => rst(sid, 12007, TEXTS[12007] ?? "", path))
  ),
  rstToClient(
    "Rst 12008 with a text of one's own",
    (sid) => rst(sid, 12008, "the proxy has ☺ enough", "proxy"),
  ),
  rstToClient("Rst with a nested text", (sid) => rst(sid, 12011, NESTED, "a,b")),
  rstToClient("Rst with a code nobody knows", (sid) => rst(sid, 4711, "what is this", "proxy")),
  rstToClient("Rst with an empty text", (sid) => rst(sid, 12007, "", "proxy")),
  rstToClient("Rst without a payload", (sid) => ({ type: "rst", sid, method, strings: { ttscp: "proxy" } })),
  rstToClient(
    "Rst with junk for a payload",
    (sid) => ({ type: "rst", sid, method, payload: utf8.encode("not thrift at all") }),
  ),
  toClient(
    "Rst behind unread data",
    (sid) => [...ok(sid).slice(0, 2), rst(sid, 12007, TEXTS[12007] ?? "", "proxy")],
    {
      call: {
        to: "B",
        method,
        client: [{ do: "sleep", ms: 500 }, recv(), recv()],
        options: { timeoutMs: 3_000 },
      },
    },
  ),
  toClient("Trailer only", (sid) => [{ type: "trailer", sid, method, strings: { t: "1" } }]),
  toClient("Trailer with an exception", (sid) => [
    ...ok(sid).slice(0, 2),
    {
      type: "trailer",
      sid,
      method,
      strings: { t: "1" },
      payload: exception(method, sid, 6, "biz error: no"),
    },
  ]),
  toClient("Trailer with a nested exception", (sid) => [
    ...ok(sid).slice(0, 2),
    { type: "trailer", sid, method, payload: exception(method, sid, 12001, NESTED) },
  ]),
  toClient("Trailer with junk for a payload", (sid) => [
    ...ok(sid).slice(0, 2),
    { type: "trailer", sid, method, payload: utf8.encode("not thrift at all") },
  ]),
  ...([
    ["business error", { "biz-status": "404", "biz-message": "biz not found" }],
    ["business error with extra", { "biz-status": "404", "biz-message": "m", "biz-extra": '{"k":"v"}' }],
    ["business error with a bad extra", {
      "biz-status": "404",
      "biz-message": "m",
      "biz-extra": "{not json",
    }],
    ["business status that is no number", { "biz-status": "many", "biz-message": "m" }],
    ["business status 0", { "biz-status": "0", "biz-message": "fine" }],
    ["business status without a message", { "biz-status": "7" }],
    ["business message without a status", { "biz-message": "lonely" }],
  ] as const).map(([name, strings]) =>
    toClient(`Trailer with a ${name}`, (sid) => [
      ...ok(sid).slice(0, 2),
      { heard: 1 }, // Kitex's client drops what it has not read when a business error comes
      { type: "trailer", sid, method, strings },
    ])
  ),
  toClient("Header twice", (sid) => [...ok(sid).slice(0, 1), ...ok(sid)]),
  toClient("data before Header", (sid) => ok(sid).slice(1)),
  toClient("connection closed after data", (sid) => [...ok(sid).slice(0, 2), "close"]),
  toClient("connection closed at once", () => ["close"]),
  toClient(
    "a frame that is not streaming",
    () => [NO_FRAME],
  ),
];

// ---- to a server ----

const SERVER: Op[] = [recv(), recv(), done, settled, send("late")];
const data = (text: string): Sketch => ({ type: "data", sid: 1, method, payload: message(text) });
const end: Sketch = { type: "trailer", sid: 1, method };

function toServer(
  name: string,
  sends: RawClientCase["sends"],
  rest: Partial<Omit<RawClientCase, "kind" | "sends">> = {},
): RawClientCase {
  return {
    kind: "raw client",
    group: "raw frames to a server",
    name,
    golden: true,
    server: SERVER,
    sends,
    ...rest,
  };
}

function rstToServer(name: string, frame: Sketch): RawClientCase {
  return toServer(name, (header) => [header, data("hello"), { heard: 1 }, frame]);
}

/** The Header of a second stream; its handler's events are those of a node N. */
function neighbour(header: Sketch): Sketch {
  const strings = Object.entries(header.strings ?? {}).map((
    [k, v],
  ) => [k, v.replace('"node":"B"', '"node":"N"')]);
  return { ...header, sid: 2, strings: Object.fromEntries(strings) };
}

/** The first of two streams is cancelled, the second goes on. */
const rstAmongNeighbours: RawClientCase["sends"] = (header) => [
  header,
  data("hello"),
  neighbour(header),
  { ...data("hello"), sid: 2 },
  { heard: 2 },
  rst(1, 12007, TEXTS[12007] ?? "", "ServiceA"),
  end,
  "pause",
  { ...data("still here"), sid: 2 },
  { ...end, sid: 2 },
];

const echoing: Op[] = [{ do: "echo" }];
const serverCases: readonly RawClientCase[] = [
  toServer("plain", (header) => [header, data("a"), data("b"), end], { server: echoing }),
  toServer("Meta frames before, between and after", (header) => [
    { type: "meta", sid: 0, method: "" },
    header,
    { type: "meta", sid: 1, method, strings: { k: "v" } },
    data("a"),
    { type: "meta", sid: 1, method, payload: utf8.encode("anything") },
    end,
  ], { server: echoing }),
  toServer("frames of unknown streams", (header) => [
    { ...data("x"), sid: 9 },
    { ...end, sid: 10 },
    { ...rst(11, 12007, "x", "nobody") },
    header,
    data("a"),
    end,
    "pause",
    data("too late"),
  ], { server: echoing }),
  ...codes.map(([code, text]) => rstToServer(`Rst ${code}`, rst(1, code, text, "ServiceA"))),
  ...paths.map(([name, path]) => rstToServer(`Rst 12007, ${name}`, rst(1, 12007, TEXTS[12007] ?? "", path))),
  rstToServer("Rst 12008 with a text of one's own", rst(1, 12008, "the user has ☺ enough", "ServiceA")),
  rstToServer("Rst with a nested text", rst(1, 12011, NESTED, "non-ttstream path,ServiceA")),
  rstToServer("Rst with a code nobody knows", rst(1, 4711, "what is this", "ServiceA")),
  rstToServer("Rst with an empty text", rst(1, 12007, "", "ServiceA")),
  rstToServer("Rst without a payload", { type: "rst", sid: 1, method, strings: { ttscp: "ServiceA" } }),
  rstToServer("Rst with junk for a payload", {
    type: "rst",
    sid: 1,
    method,
    payload: utf8.encode("not thrift at all"),
  }),
  toServer("Rst, then the Trailer of a careful client", (header) => [
    header,
    data("hello"),
    { heard: 1 },
    rst(1, 12007, TEXTS[12007] ?? "", "ServiceA"),
    end,
  ]),
  toServer("Rst of one stream, its neighbour goes on", rstAmongNeighbours, {
    server: [recv(), send("hello"), recv(), recv()],
    handlers: 2,
  }),
  toServer("Rst after half close", (header) => [
    header,
    data("hello"),
    end,
    { heard: 2 },
    rst(1, 12007, TEXTS[12007] ?? "", "ServiceA"),
  ]),
  toServer("Trailer with an exception", (header) => [
    header,
    data("hello"),
    { ...end, payload: exception(method, 1, 6, "the client failed") },
  ], { server: [recv(), recv(), send("still here")] }),
  toServer("Trailer with a business error", (header) => [
    header,
    data("hello"),
    { ...end, strings: { "biz-status": "404", "biz-message": "from a client" } },
  ], { server: [recv(), recv(), send("still here")] }),
  toServer("connection closed", (header) => [header, data("hello"), { heard: 1 }, "close"]),
  toServer("a stream id that is negative", (header) => [
    { ...header, sid: -1 },
    { ...data("a"), sid: -1 },
    { ...end, sid: -1 },
  ], { server: echoing }),
  toServer("an ACL token", (header) => [
    { ...header, strings: { ...header.strings, "gdpr-token": "a token" } },
    end,
  ], { server: [{ do: "metainfo" }, drain] }),
  toServer("Header twice", (header) => [header, data("a"), { heard: 1 }, header, data("b"), "pause", end], {
    server: [recv(3)],
  }),
  toServer("a frame that is not streaming", (header) => [
    header,
    data("hello"),
    { heard: 1 },
    NO_FRAME,
  ]),
];

const toOldServer = {
  group: "raw frames to a server of Kitex v0.14.1",
  golden: false,
  oldServer: true,
  server: [recv(), send("hello"), recv(), recv()],
} as const;
const oldServerCases: readonly RawClientCase[] = [
  toServer("Rst of one stream, its neighbour goes on", rstAmongNeighbours, { ...toOldServer, handlers: 2 }),
  toServer("Trailer with an exception", (header) => [
    header,
    data("hello"),
    neighbour(header),
    { ...data("hello"), sid: 2 },
    { heard: 2 },
    { ...end, payload: exception(method, 1, 12007, "enough") },
    "pause",
    { ...data("still here"), sid: 2 },
    { ...end, sid: 2 },
  ], { ...toOldServer, handlers: 2 }),
];

export const rawCases: readonly Case[] = [...clientCases, ...serverCases, ...oldServerCases];

// What a reason to end a stream becomes, at home and at the far end: one table for signal, cancel and abort.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  BizStatusError,
  type ClientStream,
  ErrorCode,
  type ErrorKind,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { aborted } from "../support/events.ts";
import { rejection } from "../support/rejection.ts";
import { CANCELED, ClientScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload } from "../support/wire_peer.ts";

interface Row {
  readonly name: string;
  readonly reason: unknown;
  readonly code: number;
  readonly text: string;
  /** The kind at the client; at the server every one of them is a cancel. */
  readonly kind?: ErrorKind;
}

const TIMEOUT = "stream timeout, no explicit timeout set in stream ctx";
const { Canceled, CanceledWithCause, StreamTimeout } = ErrorCode;

class Named extends Error {
  override readonly name = "Named";
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

const rows: Row[] = [
  { name: "undefined", reason: undefined, code: Canceled, text: CANCELED },
  {
    name: "an AbortError",
    reason: new DOMException("not shown", "AbortError"),
    code: Canceled,
    text: CANCELED,
  },
  {
    name: "an Error named AbortError",
    reason: named("AbortError", "not shown"),
    code: Canceled,
    text: CANCELED,
  },
  {
    name: "a TimeoutError",
    reason: new DOMException("not shown", "TimeoutError"),
    code: StreamTimeout,
    text: TIMEOUT,
    kind: "timeout",
  },
  {
    name: "an Error named TimeoutError",
    reason: named("TimeoutError", "x"),
    code: StreamTimeout,
    text: TIMEOUT,
    kind: "timeout",
  },
  { name: "an Error", reason: new Error("why not"), code: CanceledWithCause, text: "why not" },
  { name: "an Error without a message", reason: new Named(), code: CanceledWithCause, text: "Named" },
  {
    name: "another DOMException",
    reason: new DOMException("bad", "DataError"),
    code: CanceledWithCause,
    text: "bad",
  },
  {
    name: "a BizStatusError",
    reason: new BizStatusError(404, "gone"),
    code: CanceledWithCause,
    text: "biz error: code=404, msg=gone",
  },
  { name: "a string", reason: "resource closed", code: CanceledWithCause, text: "resource closed" },
  { name: "an empty string", reason: "", code: CanceledWithCause, text: "" },
  { name: "text in any script", reason: "停止 🛑", code: CanceledWithCause, text: "停止 🛑" },
  { name: "null", reason: null, code: CanceledWithCause, text: "null" },
  { name: "a number", reason: 42, code: CanceledWithCause, text: "42" },
  { name: "a bigint", reason: 42n, code: CanceledWithCause, text: "42" },
  { name: "false", reason: false, code: CanceledWithCause, text: "false" },
  { name: "a symbol", reason: Symbol("why"), code: CanceledWithCause, text: "Symbol(why)" },
  { name: "an object", reason: { code: 1 }, code: CanceledWithCause, text: "[object Object]" },
  {
    name: "an object with a toString",
    reason: { toString: () => "my text" },
    code: CanceledWithCause,
    text: "my text",
  },
  {
    name: "an object without toString",
    reason: Object.create(null),
    code: CanceledWithCause,
    text: "[object Object]",
  },
  {
    name: "an object whose toString throws",
    reason: {
      toString() {
        throw new Error("never mind");
      },
    },
    code: CanceledWithCause,
    text: "[object Object]",
  },
];

/** The ways in which a reason reaches a stream. Of a signal `undefined` makes an AbortError, which is the same row. */
const ways: {
  by: string;
  give(stream: ClientStream, controller: AbortController, reason: unknown): Promise<void>;
}[] = [
  {
    by: "signal",
    give(_stream, controller, reason) {
      controller.abort(reason);
      return Promise.resolve();
    },
  },
  { by: "readable.cancel", give: (stream, _controller, reason) => stream.readable.cancel(reason) },
  { by: "writable.abort", give: (stream, _controller, reason) => stream.writable.abort(reason) },
];

for (const { name, reason, code, text, kind = "canceled" } of rows) {
  Deno.test(`a reason that is ${name}: ${code} by every way, on the wire and at home`, async () => {
    for (const { by, give } of ways) {
      await using script = new ClientScript();
      const controller = new AbortController();
      const stream = script.open({ signal: controller.signal });
      const given = give(stream, controller, reason);
      const error = await rejection(stream.trailer);
      assertInstanceOf(error, TTStreamError, by);
      assertEquals(error.message, `[ttstream error, code=${code}] [client-side stream] ${text}`, by);
      assertEquals(
        {
          code: error.code,
          kind: error.kind,
          side: error.side,
          path: error.cancelPath,
          description: error.description,
        },
        { code, kind, side: "client", path: [], description: text },
      );
      assertStrictEquals(error.cause, by === "signal" ? controller.signal.reason : reason, by);
      const sent = text === "" ? `Rst ${code}  {ttscp: ServiceA}` : `Rst ${code} ${text} {ttscp: ServiceA}`;
      assertEquals(await script.left(), ["Header {isn: Test}", sent, "Trailer"], by);
      await given;
    }
  });
}

Deno.test("a reason reads at the far end as the client gave it, with side and path", async () => {
  const streams: ServerStream[] = [];
  await using pair = await TcpPair.open(async (stream) => {
    streams.push(stream);
    stream.sendHeader();
    await aborted(stream.signal);
  });
  for (const { name, reason, code, text } of rows) {
    const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
    await stream.header;
    const server = streams.pop();
    assert(server);
    await stream.readable.cancel(reason);
    const error = await aborted(server.signal);
    assertInstanceOf(error, TTStreamError, name);
    // As with Kitex, an exception without a text reads as its type's.
    const read = text === "" ? `unknown exception type [${code}]` : text;
    assertEquals(
      error.message,
      `[ttstream error, code=${code}] [server-side stream] [canceled path: ServiceA] ${read}`,
    );
    assertEquals([error.kind, error.cancelPath, error.description], ["canceled", ["ServiceA"], read]);
  }
});

Deno.test("a reason that is another stream's end goes on: its code and text, its path and then our name", async () => {
  await using upstream = new ClientScript();
  const from = upstream.open();
  await upstream.peer.send({
    type: FrameType.Rst,
    metadata: { ttscp: "Gateway,ServiceX" },
    payload: exceptionPayload({ type: 99, message: "custom reason" }),
  });
  const reason = await rejection(from.trailer);
  assertInstanceOf(reason, TTStreamError);
  for (const { by, give } of ways) {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ signal: controller.signal });
    const given = give(stream, controller, reason);
    const error = await rejection(stream.trailer);
    assertInstanceOf(error, TTStreamError, by);
    assertEquals(
      error.message,
      "[ttstream error, code=99] [client-side stream] [canceled path: Gateway -> ServiceX] custom reason",
    );
    assertStrictEquals(error.cause, reason);
    assertEquals(await script.left(), [
      "Header {isn: Test}",
      "Rst 99 custom reason {ttscp: Gateway,ServiceX,ServiceA}",
      "Trailer",
    ]);
    await given;
  }
});

Deno.test("a reason that is another stream's end, at a client without a name: the path goes on as it came", async () => {
  await using upstream = new ClientScript();
  const from = upstream.open();
  const payload = exceptionPayload({ type: 12007, message: "why" });
  await upstream.peer.send({ type: FrameType.Rst, metadata: { ttscp: "Gateway" }, payload });
  const reason = await rejection(from.trailer);
  await using script = new ClientScript({});
  await script.open().readable.cancel(reason);
  assertEquals(await script.left(), ["Header {isn: Test}", "Rst 12007 why {ttscp: Gateway}", "Trailer"]);
});

Deno.test("AbortSignal.timeout() as the signal: 12015 without an explicit time", async () => {
  await using script = new ClientScript();
  const stream = script.open({ signal: AbortSignal.timeout(10) });
  const error = await rejection(stream.trailer);
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, `[ttstream error, code=12015] [client-side stream] ${TIMEOUT}`);
  assertEquals(error.kind, "timeout");
  assertInstanceOf(error.cause, DOMException);
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    `Rst 12015 ${TIMEOUT} {ttscp: ServiceA}`,
    "Trailer",
  ]);
});

Deno.test("a TTStreamError of one's own is a reason like the library's: code, path and text travel", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const canceled = stream.cancel(new TTStreamError(12009, "mine", { side: "server", cancelPath: ["Edge"] }));
  const error = await rejection(stream.closed);
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12009] [client-side stream] [canceled path: Edge] mine");
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Rst 12009 mine {ttscp: Edge,ServiceA}",
    "Trailer",
  ]);
  await canceled;
});

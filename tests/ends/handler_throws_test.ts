// A handler fails, by what it throws or by writable.abort(): what the client reads, and who hears of it.
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { BizStatusError, serveOver, type ServerStream, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CapturedErrors } from "../support/console.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { duplexPair } from "../support/pair.ts";
import { CANCELED, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload, WirePeer } from "../support/wire_peer.ts";

const RETURNED = "[ttstream error, code=12012] [server-side stream] canceled by business handler returning";

class Empty extends Error {
  override readonly name = "EmptyError";
}

/** A downstream's error, as a handler gets it: only the library makes them. */
async function downstreamError(): Promise<unknown> {
  await using pair = await TcpPair.open(() => Promise.reject(new Error("plain handler error after sleep")));
  return await rejection(
    pair.connection.openStream({ service: "C", method: "Echo" }).readable.getReader().read(),
  );
}

/** What a handler may fail with, and what the Trailer then says. */
const rows: { name: string; error: unknown; text: string }[] = [
  { name: "an Error", error: new Error("boom"), text: "boom" },
  { name: "an Error without a message", error: new Empty(), text: "EmptyError" },
  { name: "text in any script", error: new Error("失败 🛑"), text: "失败 🛑" },
  { name: "a TypeError", error: new TypeError("x is not a function"), text: "x is not a function" },
  { name: "a string", error: "no reason", text: "no reason" },
  { name: "an empty string", error: "", text: "" },
  { name: "null", error: null, text: "null" },
  { name: "a number", error: 42, text: "42" },
  { name: "an object without toString", error: Object.create(null), text: "[object Object]" },
  {
    name: "a downstream's TTStreamError",
    error: await downstreamError(),
    text: "[ttstream error, code=12001] [client-side stream] biz error: plain handler error after sleep",
  },
];

for (const { name, error, text } of [...rows, { name: "undefined", error: undefined, text: "undefined" }]) {
  Deno.test(`server: the handler throws ${name}: Header, then Trailer with exception 6, and onError hears it`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    stream.trailer.set("cost", "3");
    script.fail(error);
    const end = await aborted(stream.signal);
    assertInstanceOf(end, TTStreamError);
    assertEquals(end.message, RETURNED);
    assertStrictEquals(end.cause, error);
    assertEquals(await script.left(), ["Header", `Trailer 6 biz error: ${text} {cost: 3}`]);
    assertEquals(script.errors.length, 1);
    assertStrictEquals(script.errors[0], error);
  });
}

for (const { name, error, text } of rows) {
  Deno.test(`server: writable.abort() with ${name}: the same at once, and onError hears it once, whatever the handler does then`, async () => {
    for (const then of ["finish", "fail"] as const) {
      await using script = new ServerScript();
      const stream = await script.opened();
      const reader = stream.readable.getReader();
      const waiting = rejection(reader.read());
      await stream.writable.abort(error);
      const end = stream.signal.reason;
      assertInstanceOf(end, TTStreamError);
      assertStrictEquals(end.cause, error);
      assertStrictEquals(await waiting, end);
      assertStrictEquals(await rejection(reader.closed), end);
      if (then === "finish") script.finish();
      else script.fail(error);
      assertEquals(await script.left(), ["Header", `Trailer 6 biz error: ${text}`]);
      assertEquals(script.errors.length, 1);
      assertStrictEquals(script.errors[0], error);
    }
  });
}

Deno.test("server: writable.abort() without a reason: exception 6 with the cancel's text", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await stream.writable.abort();
  assertEquals(
    await rejectionText(stream.readable.getReader().read()),
    `[ttstream error, code=12007] [server-side stream] ${CANCELED}`,
  );
  assertEquals(await script.left(), ["Header", `Trailer 6 biz error: ${CANCELED}`]);
});

Deno.test("server: a handler that throws before its first await answers all the same", async () => {
  await using script = new ServerScript(() => {
    throw new Error("at once");
  });
  await script.header();
  assertEquals((await script.peer.expect(FrameType.Header)).streamId, 1);
  await script.peer.expect(FrameType.Trailer);
  assertEquals(script.errors.map(String), ["Error: at once"]);
});

Deno.test("server: the handler throws after it has written: what was written goes first", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  stream.header.set("sent", "once");
  const writer = stream.writable.getWriter();
  await writer.write(bytes("one"));
  await writer.write(bytes("two"));
  script.fail(new Error("boom"));
  await aborted(stream.signal);
  assertEquals(await rejectionText(writer.write(bytes("late"))), RETURNED);
  assertEquals(await rejectionText(writer.closed), RETURNED);
  assertEquals(await rejectionText(stream.readable.getReader().read()), RETURNED);
  assertEquals(await script.left(), [
    "Header {sent: once}",
    "Data one",
    "Data two",
    "Trailer 6 biz error: boom",
  ]);
});

Deno.test("server: the handler throws: over TCP the client reads what was sent, then 12001, and onError hears it once", async () => {
  const thrown = new Error("plain handler error");
  await using pair = await TcpPair.open(async (stream) => {
    const writer = stream.writable.getWriter();
    await writer.write(bytes("one"));
    await writer.write(bytes("two"));
    throw thrown;
  });
  const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  assertEquals([string((await reader.read()).value), string((await reader.read()).value)], ["one", "two"]);
  const error = await rejection(reader.read());
  assertInstanceOf(error, TTStreamError);
  assertEquals(
    error.message,
    "[ttstream error, code=12001] [client-side stream] biz error: plain handler error",
  );
  assertEquals(error.kind, "application");
  assertStrictEquals(await rejection(writer.write(bytes("x"))), error);
  assertEquals(pair.errors.length, 1);
  assertStrictEquals(pair.errors[0], thrown);
});

const extra = { model: "gpt-0", où: "là", quote: '"' };
/** What the Trailer says for a business error; the trailer's own keys go with it. */
const business: { name: string; error: BizStatusError; line: string }[] = [
  {
    name: "without extra",
    error: new BizStatusError(404, "biz not found"),
    line: "Trailer {cost: 3, biz-status: 404, biz-message: biz not found}",
  },
  {
    name: "with extra",
    error: new BizStatusError(405, "biz with extra", { k: "v" }),
    line: 'Trailer {cost: 3, biz-status: 405, biz-message: biz with extra, biz-extra: {"k":"v"}}',
  },
  {
    name: "in any script",
    error: new BizStatusError(-2147483648, "模型不存在 🛑", extra),
    line: `Trailer {cost: 3, biz-status: -2147483648, biz-message: 模型不存在 🛑, biz-extra: ${
      JSON.stringify(extra)
    }}`,
  },
  {
    name: "without words",
    error: new BizStatusError(1, ""),
    line: "Trailer {cost: 3, biz-status: 1, biz-message: }",
  },
];

for (const { name, error, line } of business) {
  for (const by of ["throws it", "aborts with it", "aborts with it and throws it"]) {
    Deno.test(`server: a BizStatusError ${name}: the handler ${by}: Trailer with biz-status, no exception, no onError`, async () => {
      await using script = new ServerScript();
      const stream = await script.opened();
      stream.trailer.set("cost", "3");
      if (by !== "throws it") await stream.writable.abort(error);
      if (by !== "aborts with it") script.fail(error);
      const end = await aborted(stream.signal);
      assertInstanceOf(end, TTStreamError);
      assertStrictEquals(end.cause, error);
      assertEquals(await script.left(), ["Header", line]);
      assertEquals(script.errors, []);
    });
  }

  Deno.test(`server: a BizStatusError ${name} is the same at the client, over TCP, after what was sent`, async () => {
    await using pair = await TcpPair.open(async (stream) => {
      await stream.writable.getWriter().write(bytes("one"));
      throw error;
    });
    const reader = pair.connection.openStream({ service: "Test", method: "Echo" }).readable.getReader();
    assertEquals(string((await reader.read()).value), "one");
    const got = await rejection(reader.read());
    assertInstanceOf(got, BizStatusError);
    assertEquals([got.message, got.statusCode, got.statusMessage, got.extra], [
      error.message,
      error.statusCode,
      error.statusMessage,
      error.extra,
    ]);
    assertEquals(pair.errors, []);
  });
}

Deno.test("server: a BizStatusError too long for a frame: exception 6 that names the key and the limit, and onError hears it", async () => {
  const text = "biz-message: 70000 bytes exceed the limit of 65535 bytes";
  for (const by of ["throw", "abort"]) {
    await using script = new ServerScript();
    const stream = await script.opened();
    const error = new BizStatusError(1, "x".repeat(70_000));
    if (by === "throw") script.fail(error);
    else await stream.writable.abort(error);
    await aborted(stream.signal);
    assertEquals(await script.left(), ["Header", `Trailer 6 biz error: ${text}`]);
    assertEquals(script.errors.map(String), [`RangeError: ${text}`]);
  }
});

Deno.test("server: a BizStatusError that is too long together with the handler's trailer is told as well", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  for (const key of ["a", "b", "c"]) stream.trailer.set(key, "x".repeat(65_000));
  script.fail(new BizStatusError(1, "y".repeat(65_000), { k: "z".repeat(65_000) }));
  await aborted(stream.signal);
  await script.peer.expect(FrameType.Header);
  const trailer = await script.peer.expect(FrameType.Trailer);
  assertEquals([...trailer.metadata.keys()], ["a", "b", "c"]);
  assertEquals(script.errors.length, 1);
  assertInstanceOf(script.errors[0], RangeError);
});

/** Errors of a stream that has ended already: which of them are the handler's fault. */
const afterwards: { name: string; error(stream: ServerStream): unknown; told: boolean }[] = [
  { name: "signal.reason", error: ({ signal }) => signal.reason, told: false },
  {
    name: "an error whose cause it is",
    error: ({ signal }) => new Error("gave up", { cause: signal.reason }),
    told: false,
  },
  {
    name: "an error whose cause's cause it is",
    error: ({ signal }) => new Error("gave up", { cause: new Error("wrapped", { cause: signal.reason }) }),
    told: false,
  },
  {
    name: "what its read rejected with",
    error: ({ readable }) => rejection(readable.getReader().read()),
    told: false,
  },
  {
    name: "what its write rejected with",
    error: ({ writable }) => rejection(writable.getWriter().write(bytes("x"))),
    told: false,
  },
  {
    name: "what signal.throwIfAborted() throws, through AbortSignal.any",
    error: ({ signal }) =>
      rejection((async () => await Promise.resolve(AbortSignal.any([signal]).throwIfAborted()))()),
    told: false,
  },
  { name: "a BizStatusError", error: () => new BizStatusError(1, "too late"), told: false },
  { name: "an error of its own", error: () => new Error("a fault"), told: true },
  {
    name: "an error with another cause",
    error: () => new Error("a fault", { cause: new Error("other") }),
    told: true,
  },
  { name: "undefined", error: () => undefined, told: true },
];

for (const { name, error, told } of afterwards) {
  Deno.test(`server: a cancelled handler that rejects with ${name} is ${told ? "told to" : "nothing for"} onError`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    await script.peer.send({
      type: FrameType.Rst,
      payload: exceptionPayload({ type: 12007, message: CANCELED }),
    });
    await aborted(stream.signal);
    const thrown = await error(stream);
    script.fail(thrown);
    assertEquals(await script.left(), []);
    assertEquals(script.errors, told ? [thrown] : []);
  });
}

Deno.test("server: without onError a fault is printed with the names of server, service and method", async () => {
  using printed = new CapturedErrors();
  const [near, far] = duplexPair();
  const handler = () => Promise.reject(new Error("boom"));
  const connection = serveOver(near, handler, { serviceName: "ServiceB" });
  await using peer = new WirePeer(far);
  await peer.send({ type: FrameType.Header, metadata: { isn: "Test" }, method: "Ask" });
  await peer.expect(FrameType.Header);
  await peer.expect(FrameType.Trailer);
  connection.abort();
  await connection.finished;
  assertEquals(printed.lines, ["ServiceB: the handler of Test/Ask failed: boom"]);
});

Deno.test("server: an onError that throws is printed, and does not take the connection with it", async () => {
  using printed = new CapturedErrors();
  await using script = new ServerScript(undefined, {
    onError() {
      throw new Error("mine");
    },
  });
  const stream = await script.opened();
  script.fail(new Error("boom"));
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Trailer 6 biz error: boom"]);
  assertEquals(printed.lines, ["ttstream: onError threw: mine"]);
});

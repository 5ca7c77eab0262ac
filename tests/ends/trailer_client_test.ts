// A Trailer arrives at the client, with and without an error. The wire is scripted, byte for byte.
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { BizStatusError, type ErrorKind, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const CLOSED_SEND = "[ttstream error, code=12005] [client-side stream] stream is closed send";
const header: FrameInit = { type: FrameType.Header };
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });
const junk = new Uint8Array([0xde, 0xad, 0xbe, 0xef]);

Deno.test("client: half close: one Trailer leaves, later writes are the platform's, reading goes on", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const writer = stream.writable.getWriter();
  await writer.write(bytes("question"));
  await writer.close();
  await writer.closed;
  assertInstanceOf(await rejection(writer.write(bytes("more"))), TypeError);
  await script.peer.send(header, data("one"), data("two"), { type: FrameType.Trailer });
  assertEquals(await Array.fromAsync(stream.readable, string), ["one", "two"]);
  assertEquals(await script.left(), ["Header {isn: Test}", "Data question", "Trailer"]);
});

Deno.test("client: a Trailer without an error arrives: reads end after the data, and ours answers it", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const reader = stream.readable.getReader();
  const waiting = reader.read();
  await script.peer.send(header, data("one"), data("two"), {
    type: FrameType.Trailer,
    metadata: { cost: "3" },
  });
  assertEquals([string((await waiting).value), string((await reader.read()).value)], ["one", "two"]);
  assertEquals((await reader.read()).done, true);
  await reader.closed;
  assertEquals(await stream.trailer, new Map([["cost", "3"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: a Trailer without an error arrives: a read that waits ends at once", async () => {
  await using script = new ClientScript();
  const waiting = script.open().readable.getReader().read();
  await script.peer.send({ type: FrameType.Trailer });
  assertEquals((await waiting).done, true);
});

Deno.test("client: a Trailer without an error arrives: close() resolves, writable is not errored", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const writer = stream.writable.getWriter();
  await script.peer.send({ type: FrameType.Trailer });
  await stream.trailer;
  await writer.ready;
  await writer.close();
  await writer.closed;
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: a Trailer without an error arrives: write() rejects with 12005, also where writable is first asked for afterwards", async () => {
  await using script = new ClientScript();
  const [early, late] = [script.open(), script.open()];
  const writer = early.writable.getWriter();
  await script.peer.send({ type: FrameType.Trailer }, { type: FrameType.Trailer, streamId: 2 });
  await Promise.all([early.trailer, late.trailer]);
  for (const each of [writer, late.writable.getWriter()]) {
    const error = await rejection(each.write(bytes("late")));
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.message, error.kind, error.side], [CLOSED_SEND, "protocol", "client"]);
  }
  assertEquals(await script.left(), ["Header {isn: Test}", "2: Header {isn: Test}", "Trailer", "2: Trailer"]);
});

Deno.test("client: after its own half close the server's Trailer is not answered", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await stream.writable.close();
  await script.peer.send(header, { type: FrameType.Trailer });
  assertEquals(await Array.fromAsync(stream.readable), []);
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: what comes after the Trailer is dropped", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const payload = exceptionPayload({ type: 6, message: "second" });
  await script.peer.send(
    header,
    data("one"),
    { type: FrameType.Trailer, metadata: { first: "yes" } },
    data("late"),
    { type: FrameType.Header, metadata: { late: "yes" } },
    { type: FrameType.Trailer, payload },
    { type: FrameType.Rst, payload },
  );
  assertEquals(await Array.fromAsync(stream.readable, string), ["one"]);
  assertEquals(await stream.trailer, new Map([["first", "yes"]]));
  assertEquals(await stream.header, new Map());
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

/** What a Trailer can say, and what the client's reads and writes reject with. */
interface Row {
  readonly name: string;
  readonly trailer: Omit<FrameInit, "type">;
  readonly message: string;
  readonly kind: ErrorKind;
}

const rows: Row[] = [
  {
    name: "an exception: 12001 with its text",
    trailer: { payload: exceptionPayload({ type: 6, message: "biz error: boom" }) },
    message: "[ttstream error, code=12001] [client-side stream] biz error: boom",
    kind: "application",
  },
  {
    name: "an exception without a text",
    trailer: { payload: exceptionPayload({ type: 6, message: "" }) },
    message: "[ttstream error, code=12001] [client-side stream] unknown internal error",
    kind: "application",
  },
  {
    name: "an exception and a status: the exception counts",
    trailer: {
      metadata: { "biz-status": "1", "biz-message": "no" },
      payload: exceptionPayload({ type: 20, message: "unknown service X" }),
    },
    message: "[ttstream error, code=12001] [client-side stream] unknown service X",
    kind: "application",
  },
  {
    name: "a payload that is no exception: 12004 with its side",
    trailer: { payload: junk },
    message: "[ttstream error, code=12004] [client-side stream] ReadMessageBegin: bad version",
    kind: "protocol",
  },
  {
    name: "half an exception: 12004 with its side",
    trailer: { payload: exceptionPayload({ type: 6, message: "boom" }).subarray(0, 20) },
    message:
      "[ttstream error, code=12004] [client-side stream] exception needs 4 bytes at offset 19, 1 are left",
    kind: "protocol",
  },
  {
    name: "a business error whose extra is no JSON: 12003",
    trailer: { metadata: { "biz-status": "405", "biz-message": "no", "biz-extra": "{not json" } },
    message: "[ttstream error, code=12003] [client-side stream] malformed header info, extra: {not json",
    kind: "protocol",
  },
  {
    name: "a business error whose extra holds a number: 12003",
    trailer: { metadata: { "biz-status": "405", "biz-extra": '{"n":1}' } },
    message: '[ttstream error, code=12003] [client-side stream] malformed header info, extra: {"n":1}',
    kind: "protocol",
  },
];

for (const { name, trailer, message, kind } of rows) {
  Deno.test(`client: a Trailer with an error arrives, ${name}: data first, writable at once`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    const writer = stream.writable.getWriter();
    await script.peer.send(header, data("one"), data("two"), { type: FrameType.Trailer, ...trailer });
    // Nothing has been read yet.
    const error = await rejection(writer.closed);
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.message, error.kind, error.side], [message, kind, "client"]);
    assertStrictEquals(await rejection(writer.write(bytes("late"))), error);
    assertStrictEquals(await rejection(writer.ready), error);
    assertInstanceOf(await rejection(writer.close()), TypeError);
    const reader = stream.readable.getReader();
    assertEquals([string((await reader.read()).value), string((await reader.read()).value)], ["one", "two"]);
    assertStrictEquals(await rejection(reader.read()), error);
    assertStrictEquals(await rejection(reader.closed), error);
    assertEquals(await stream.header, new Map());
    assertEquals(await stream.trailer, new Map(Object.entries(trailer.metadata ?? {})));
    assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
  });
}

Deno.test("client: a Trailer with an error arrives while a read waits: it rejects at once", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await stream.writable.close();
  const waiting = rejectionText(stream.readable.getReader().read());
  const payload = exceptionPayload({ type: 6, message: "biz error: boom" });
  await script.peer.send(header, { type: FrameType.Trailer, payload });
  assertEquals(await waiting, "[ttstream error, code=12001] [client-side stream] biz error: boom");
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: a business error arrives: data first, then a BizStatusError with its extra, whole", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const extra = { model: "gpt-0", où: "là" };
  const metadata = {
    "biz-status": "-404",
    "biz-message": "模型不存在",
    "biz-extra": JSON.stringify(extra),
    cost: "1",
  };
  await script.peer.send(header, data("one"), { type: FrameType.Trailer, metadata });
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  const error = await rejection(reader.read());
  assertInstanceOf(error, BizStatusError);
  assertEquals(error.message, "biz error: code=-404, msg=模型不存在");
  assertEquals([error.statusCode, error.statusMessage, error.extra], [-404, "模型不存在", extra]);
  assertStrictEquals(await rejection(stream.writable.getWriter().write(bytes("x"))), error);
  assertEquals(await stream.trailer, new Map(Object.entries(metadata)));
});

for (
  const [status, why] of [["0", "0"], ["abc", "no number"], ["", "empty"], ["4294967296", "no int32"], [
    "1.5",
    "no integer",
  ]]
) {
  Deno.test(`client: a Trailer whose biz-status is ${why} is no error`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    const metadata = { "biz-status": status ?? "", "biz-message": "x" };
    await script.peer.send(header, data("one"), { type: FrameType.Trailer, metadata });
    assertEquals(await Array.fromAsync(stream.readable, string), ["one"]);
  });
}

Deno.test("client: readable.cancel() after the Trailer, before the end was read, writes nothing", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send(header, data("one"), data("two"), { type: FrameType.Trailer, metadata: { a: "1" } });
  for await (const message of stream.readable) {
    assertEquals(string(message), "one");
    break;
  }
  assertEquals(await stream.trailer, new Map([["a", "1"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

for (const half of [false, true]) {
  Deno.test(`client: a signal that aborts after the Trailer, before the end was read, errors readable and writes nothing${half ? ", read half way" : ""}`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ signal: controller.signal });
    await script.peer.send(header, data("one"), data("two"), {
      type: FrameType.Trailer,
      metadata: { a: "1" },
    });
    await stream.trailer;
    const reader = stream.readable.getReader();
    if (half) await reader.read();
    controller.abort("enough");
    const error = await (half ? drained(reader) : rejection(reader.read()));
    assertInstanceOf(error, TTStreamError);
    assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] enough");
    assertEquals(await stream.trailer, new Map([["a", "1"]]));
    assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
  });
}

Deno.test("client: a Trailer with an error came first, a cancel after it: what is first asked for then still says the error", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const payload = exceptionPayload({ type: 6, message: "biz error: boom" });
  await script.peer.send(header, { type: FrameType.Trailer, payload });
  await stream.trailer;
  await stream.readable.cancel("too late");
  assertEquals(
    await rejectionText(stream.writable.getWriter().write(bytes("x"))),
    "[ttstream error, code=12001] [client-side stream] biz error: boom",
  );
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

/** Reads until a read rejects. */
async function drained(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<unknown> {
  for (;;) {
    try {
      if ((await reader.read()).done) throw new Error("the stream ended well");
    } catch (error) {
      return error;
    }
  }
}

// The client ends its stream early: what leaves, what its own side reads. The wire is scripted, byte for byte.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { type ClientStream, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED, ClientScript, linesOf } from "../support/script.ts";
import { exceptionPayload } from "../support/wire_peer.ts";

const PLAIN = `[ttstream error, code=12007] [client-side stream] ${CANCELED}`;
const PLAIN_RST = `Rst 12007 ${CANCELED} {ttscp: ServiceA}`;

/** A way to cancel: by what, and what of the stream it leaves to look at. */
interface Way {
  readonly by: string;
  cancel(stream: ClientStream, controller: AbortController): PromiseLike<void>;
}

const reading: Way[] = [
  { by: "readable.cancel()", cancel: (stream) => stream.readable.cancel() },
  { by: "a reader's cancel()", cancel: (stream) => stream.readable.getReader().cancel() },
  {
    by: "break in for await",
    async cancel({ readable }) {
      for await (const message of readable) {
        assertEquals(string(message), "one");
        break;
      }
    },
  },
  {
    by: "return in for await",
    async cancel({ readable }) {
      const first = await (async () => {
        for await (const message of readable) return string(message);
      })();
      assertEquals(first, "one");
    },
  },
  {
    by: "an error thrown in for await",
    async cancel({ readable }) {
      const thrown = new Error("the loop's own");
      const loop = (async () => {
        for await (const message of readable) throw message instanceof Uint8Array ? thrown : message;
      })();
      assertStrictEquals(await rejection(loop), thrown);
    },
  },
];

const either: Way[] = [
  {
    by: "its signal",
    cancel(_stream, controller) {
      controller.abort();
      return Promise.resolve();
    },
  },
  { by: "the end of its scope", cancel: (stream) => stream[Symbol.asyncDispose]() },
];

for (const { by, cancel } of [...either, ...reading]) {
  Deno.test(`client: cancelled by ${by}: Rst with the path, then Trailer, and writes reject with 12007`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ signal: controller.signal });
    const writer = stream.writable.getWriter();
    await writer.write(bytes("hi"));
    await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") });
    await stream.header;
    await cancel(stream, controller);
    const error = await rejection(writer.write(bytes("late")));
    assertInstanceOf(error, TTStreamError);
    assertEquals(error.message, PLAIN);
    assertStrictEquals(await rejection(writer.closed), error);
    assertStrictEquals(await rejection(writer.ready), error);
    assertStrictEquals(await rejection(stream.trailer), error);
    assertInstanceOf(await rejection(writer.close()), TypeError);
    assertEquals(await script.left(), ["Header {isn: Test}", "Data hi", PLAIN_RST, "Trailer"]);
  });

  Deno.test(`client: cancelled by ${by} after the half close: Rst alone`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ signal: controller.signal });
    await stream.writable.close();
    await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") });
    await stream.header;
    await cancel(stream, controller);
    assertEquals(await rejectionText(stream.trailer), PLAIN);
    assertEquals(await script.left(), ["Header {isn: Test}", "Trailer", PLAIN_RST]);
  });
}

for (const { by, cancel } of either) {
  Deno.test(`client: cancelled by ${by}: a read that waits rejects at once, and so do later ones`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ signal: controller.signal });
    const reader = stream.readable.getReader();
    const waiting = rejection(reader.read());
    await script.peer.expect(FrameType.Header);
    await cancel(stream, controller);
    const error = await waiting;
    assertInstanceOf(error, TTStreamError);
    assertEquals(error.message, PLAIN);
    assertStrictEquals(await rejection(reader.read()), error);
    assertStrictEquals(await rejection(reader.closed), error);
    assertEquals(await script.left(), [PLAIN_RST, "Trailer"]);
  });

  Deno.test(`client: cancelled by ${by}: messages that nobody has read are dropped`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ signal: controller.signal });
    await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("unread") });
    await stream.header;
    await cancel(stream, controller);
    assertEquals(await rejectionText(stream.readable.getReader().read()), PLAIN);
  });
}

Deno.test("client: writable.abort(reason) errors readable, and the far end reads the reason", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const reader = stream.readable.getReader();
  const waiting = rejection(reader.read());
  const reason = new Error("changed my mind");
  await stream.writable.abort(reason);
  const error = await waiting;
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] changed my mind");
  assertStrictEquals(error.cause, reason);
  assertStrictEquals(await rejection(reader.closed), error);
  assertStrictEquals(await rejection(stream.trailer), error);
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Rst 12008 changed my mind {ttscp: ServiceA}",
    "Trailer",
  ]);
});

Deno.test("client: readable.cancel() while a read waits ends that read, and stops its time-out", async () => {
  await using script = new ClientScript();
  const stream = script.open({ recvTimeoutMs: 600_000 });
  const reader = stream.readable.getReader();
  const waiting = reader.read();
  await script.peer.expect(FrameType.Header);
  await reader.cancel();
  assertEquals((await waiting).done, true);
  assertEquals(await script.left(), [PLAIN_RST, "Trailer"]);
});

Deno.test("client: a signal that has aborted before the call: nothing is written, and all of it rejects", async () => {
  await using script = new ClientScript();
  const reason = new Error("too late");
  const stream = script.open({ signal: AbortSignal.abort(reason) });
  const error = await rejection(stream.readable.getReader().read());
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] too late");
  assertStrictEquals(error.cause, reason);
  const writer = stream.writable.getWriter();
  assertStrictEquals(await rejection(writer.write(bytes("hi"))), error);
  assertStrictEquals(await rejection(writer.closed), error);
  assertInstanceOf(await rejection(writer.close()), TypeError);
  assertStrictEquals(await rejection(stream.header), error);
  assertStrictEquals(await rejection(stream.trailer), error);
  await stream[Symbol.asyncDispose]();
  assertEquals(await script.left(), []);
});

Deno.test("client: a stream that was never opened takes no stream id", async () => {
  await using script = new ClientScript();
  script.open({ signal: AbortSignal.abort() });
  const stream = script.open();
  assertEquals((await script.peer.expect(FrameType.Header)).streamId, 1);
  await stream[Symbol.asyncDispose]();
});

Deno.test("client: a signal that aborts after the end of the stream changes nothing", async () => {
  await using script = new ClientScript();
  const controller = new AbortController();
  const stream = script.open({ signal: controller.signal });
  await script.peer.send(
    { type: FrameType.Header },
    { type: FrameType.Data, payload: bytes("all") },
    { type: FrameType.Trailer, metadata: { cost: "3" } },
  );
  const messages = await Array.fromAsync(stream.readable, string);
  controller.abort();
  assertEquals(messages, ["all"]);
  assertEquals(await stream.trailer, new Map([["cost", "3"]]));
  assertEquals(
    await rejectionText(stream.writable.getWriter().write(bytes("x"))),
    "[ttstream error, code=12005] [client-side stream] stream is closed send",
  );
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: the first cause wins: one Rst, whatever comes after", async () => {
  await using script = new ClientScript();
  const controller = new AbortController();
  const stream = script.open({ signal: controller.signal });
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  await writer.ready;
  controller.abort("first");
  await writer.abort("second");
  const text = "[ttstream error, code=12008] [client-side stream] first";
  assertEquals(await rejectionText(reader.cancel("third")), text);
  await stream[Symbol.asyncDispose]();
  assertEquals(await rejectionText(reader.read()), text);
  assertEquals(await rejectionText(stream.trailer), text);
  assertEquals(await script.left(), ["Header {isn: Test}", "Rst 12008 first {ttscp: ServiceA}", "Trailer"]);
});

Deno.test("client: after a cancel the server's last frames are dropped, and the connection goes on", async () => {
  await using script = new ClientScript();
  const first = script.open();
  await first.readable.cancel();
  await script.peer.send(
    { type: FrameType.Header },
    { type: FrameType.Data, payload: bytes("late") },
    { type: FrameType.Trailer },
    { type: FrameType.Rst },
  );
  const second = script.open();
  await script.peer.send(
    { type: FrameType.Data, streamId: 2, payload: bytes("yours") },
    { type: FrameType.Trailer, streamId: 2 },
  );
  assertEquals(await Array.fromAsync(second.readable, string), ["yours"]);
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    PLAIN_RST,
    "Trailer",
    "2: Header {isn: Test}",
    "2: Trailer",
  ]);
});

Deno.test("client: cancelling one stream leaves its neighbours alone", async () => {
  await using script = new ClientScript();
  const [first, second] = [script.open(), script.open()];
  const reader = second.readable.getReader();
  const waiting = reader.read();
  await first.readable.cancel();
  await script.peer.send({ type: FrameType.Data, streamId: 2, payload: bytes("still here") });
  assertEquals(string((await waiting).value), "still here");
  await reader.cancel();
});

Deno.test("client: the scope of the connection ends every stream with 12007, then closes", async () => {
  await using script = new ClientScript();
  const [first, second] = [script.open(), script.open()];
  const reads = [first, second].map((stream) => rejectionText(stream.readable.getReader().read()));
  const write = rejectionText(second.writable.getWriter().closed);
  const lines = linesOf(script.peer);
  {
    await using _connection = script.connection;
  }
  assertEquals(await Promise.all([...reads, write]), [PLAIN, PLAIN, PLAIN]);
  assertEquals(await script.connection.closed, undefined);
  assertEquals(await lines, [
    "Header {isn: Test}",
    "2: Header {isn: Test}",
    PLAIN_RST,
    "Trailer",
    `2: ${PLAIN_RST}`,
    "2: Trailer",
  ]);
});

Deno.test("client: connection.abort(reason) cancels every stream for that reason, then cuts", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const reason = new Error("leaving");
  const waiting = rejection(stream.readable.getReader().read());
  script.connection.abort(reason);
  const error = await waiting;
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] leaving");
  assertStrictEquals(error.cause, reason);
  assertEquals(await script.connection.closed, undefined);
  assertEquals(await script.left(), ["Header {isn: Test}", "Rst 12008 leaving {ttscp: ServiceA}", "Trailer"]);
});

Deno.test("client: without a serviceName the Rst has no path", async () => {
  await using script = new ClientScript({});
  await script.open().readable.cancel();
  assertEquals(await script.left(), ["Header {isn: Test}", `Rst 12007 ${CANCELED}`, "Trailer"]);
});

Deno.test("client: disposing a stream that has ended and was read to its end does nothing", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send({ type: FrameType.Trailer });
  assertEquals(await Array.fromAsync(stream.readable), []);
  await stream[Symbol.asyncDispose]();
  const writer = stream.writable.getWriter();
  await writer.close();
  assert((await stream.trailer).size === 0);
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

/** A signal that counts who listens to it. */
function countedSignal(): { signal: AbortSignal; listeners: Set<unknown> } {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners.add(args[1]);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners.delete(args[1]);
    removeEventListener.apply(signal, args);
  };
  return { signal, listeners };
}

Deno.test("client: a signal that outlives its streams keeps nothing of them, however they ended", async () => {
  const { signal, listeners } = countedSignal();
  await using script = new ClientScript();
  const streams = Array.from({ length: 7 }, () => script.open({ signal }));
  assertEquals(listeners.size, 7);
  const [read, failed, reset, cancelled, disposed, unread, open] = streams;
  assert(read && failed && reset && cancelled && disposed && unread && open);
  const end = { type: FrameType.Trailer };
  const payload = exceptionPayload({ type: 6, message: "no" });
  await script.peer.send(
    end,
    { ...end, streamId: 2, payload },
    { type: FrameType.Rst, streamId: 3 },
    { type: FrameType.Data, streamId: 6, payload: bytes("unread") },
    { ...end, streamId: 6 },
  );
  await Array.fromAsync(read.readable);
  await rejection(Array.fromAsync(failed.readable));
  await rejection(reset.trailer);
  await cancelled.readable.cancel();
  await disposed[Symbol.asyncDispose]();
  await unread.trailer;
  // Two can still be cancelled: one is open, of the other there is something to read.
  assertEquals(listeners.size, 2);
  await open[Symbol.asyncDispose]();
  await unread[Symbol.asyncDispose]();
  assertEquals(listeners.size, 0);
});

// A handler returns, or does what the wire has no word for. The wire is scripted, byte for byte.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { defineService, implement, type ServerStream, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { lineOf, linesOf, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import type { FrameInit, WirePeer } from "../support/wire_peer.ts";

const RETURNED = "[ttstream error, code=12012] [server-side stream] canceled by business handler returning";
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });
/** More than a connection holds unsent: writes after it wait. */
const BIG = new Uint8Array(300_000);
const BIG_LINE = "Data of 300000 bytes";

/** The lines of the next frames. */
async function take(peer: WirePeer, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const frame = await peer.next();
    lines.push(frame === undefined ? "the end" : lineOf(frame));
  }
  return lines;
}

Deno.test("server: a handler returns: Header, Trailer, and signal aborts with 12012, after a clean return too", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const { signal } = stream;
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  const waiting = rejection(reader.read());
  stream.trailer.set("cost", "3");
  script.finish();
  const error = await aborted(signal);
  assertInstanceOf(error, TTStreamError);
  assertEquals([error.message, error.kind, error.cause], [RETURNED, "canceled", undefined]);
  assertStrictEquals(await waiting, error);
  assertStrictEquals(await rejection(reader.closed), error);
  assertStrictEquals(await rejection(writer.write(bytes("late"))), error);
  assertStrictEquals(await rejection(writer.closed), error);
  assertInstanceOf(await rejection(writer.close()), TypeError);
  assertEquals(await script.left(), ["Header", "Trailer {cost: 3}"]);
  assertEquals(script.errors, []);
});

Deno.test("server: a handler that has returned: what it asks for only then is ended as well", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  script.finish();
  assertEquals(await take(script.peer, 2), ["Header", "Trailer"]);
  assertEquals(stream.signal.aborted, true);
  assertEquals(await rejectionText(stream.readable.getReader().read()), RETURNED);
  assertEquals(await rejectionText(stream.writable.getWriter().write(bytes("late"))), RETURNED);
  stream.sendHeader();
  assertInstanceOf(
    await rejection((async () => await Promise.resolve(stream.header.set("a", "1")))()),
    TypeError,
  );
  assertInstanceOf(
    await rejection((async () => await Promise.resolve(stream.trailer.set("a", "1")))()),
    TypeError,
  );
  assertEquals(await script.left(), []);
});

Deno.test("server: frames that come after the handler's return are dropped, and the connection goes on", async () => {
  await using script = new ServerScript(() => {});
  await script.header();
  assertEquals(await take(script.peer, 2), ["Header", "Trailer"]);
  await script.peer.send(data("late"), { type: FrameType.Trailer }, { type: FrameType.Rst });
  await script.peer.send({ type: FrameType.Header, streamId: 2, metadata: { isn: "Test" } });
  assertEquals(await take(script.peer, 2), ["2: Header", "2: Trailer"]);
});

Deno.test("server: a handler returns with writes pending: all that was written leaves, then the Trailer; later writes reject", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const pending = [BIG, bytes("second"), bytes("third")].map((message) => writer.write(message));
  script.finish();
  assertEquals(await take(script.peer, 6), [
    "Header",
    BIG_LINE,
    BIG_LINE,
    "Data second",
    "Data third",
    "Trailer",
  ]);
  await Promise.all(pending);
  assertEquals(await rejectionText(writer.write(bytes("late"))), RETURNED);
  assertEquals((await aborted(stream.signal) as Error).message, RETURNED);
});

Deno.test("server: a handler returns with a close() pending behind its writes: they leave, and the close resolves", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const pending = [writer.write(bytes("second")), writer.close()];
  script.finish();
  assertEquals(await take(script.peer, 4), ["Header", BIG_LINE, "Data second", "Trailer"]);
  await Promise.all(pending);
  await writer.closed;
});

Deno.test("server: a handler that writes and closes without awaiting: both resolve, and nothing kills the process", async () => {
  const done: Promise<void>[] = [];
  await using script = new ServerScript((stream) => {
    const writer = stream.writable.getWriter();
    done.push(writer.write(bytes("answer")), writer.close());
  });
  await script.header();
  assertEquals(await take(script.peer, 3), ["Header", "Data answer", "Trailer"]);
  await Promise.all(done);
  assertEquals(done.length, 2);
});

Deno.test("server: a handler returns with writes pending and the client cancels: they reject with the cancel, nothing more leaves", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const pending = [bytes("second"), bytes("third")].map((message) => rejection(writer.write(message)));
  script.finish();
  await script.peer.send({ type: FrameType.Rst });
  const error = await aborted(stream.signal);
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=13] [server-side stream] rst");
  for (const write of pending) assertStrictEquals(await write, error);
  assertEquals(await script.left(), ["Header", BIG_LINE]);
});

Deno.test("server: a handler throws with writes pending: the Trailer does not wait for them, they reject", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const pending = rejectionText(writer.write(bytes("second")));
  script.fail(new Error("boom"));
  assertEquals(await pending, RETURNED);
  assertEquals(await script.left(), ["Header", BIG_LINE, "Trailer 6 biz error: boom"]);
});

Deno.test("server: a handler returns with its writer locked and a pipe at work: what was written leaves, the pipe ends with 12012", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send(data("one"));
  const first = Promise.withResolvers<void>();
  const noted = new TransformStream<Uint8Array, Uint8Array>({
    transform(message, controller) {
      controller.enqueue(message);
      first.resolve();
    },
  });
  const piping = rejectionText(stream.readable.pipeThrough(noted).pipeTo(stream.writable));
  await first.promise;
  assertEquals(await take(script.peer, 2), ["Header", "Data one"]);
  script.finish();
  assertEquals(await piping, RETURNED);
  assertEquals(await script.left(), ["Trailer"]);
  assertEquals(script.errors, []);
});

Deno.test("server: readable.cancel(): nothing leaves, later messages are dropped, and it may still answer", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send(data("one"), data("unread"));
  for await (const message of stream.readable) {
    assertEquals(string(message), "one");
    break;
  }
  await script.peer.send(data("dropped"));
  await stream.writable.getWriter().write(bytes("answer"));
  assertEquals(stream.signal.aborted, false);
  script.finish();
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Data answer", "Trailer"]);
});

Deno.test("server: readable.cancel() while a read waits ends that read", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const reader = stream.readable.getReader();
  const waiting = reader.read();
  await reader.cancel(new Error("enough"));
  assertEquals((await waiting).done, true);
  assertEquals(stream.signal.aborted, false);
  assertEquals(await script.left(), ["Header", "Trailer 6 server is shutting down"]);
});

Deno.test("server: after readable.cancel() a Rst still reaches the handler", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await stream.readable.cancel();
  await script.peer.send(data("dropped"), { type: FrameType.Rst });
  const error = await aborted(stream.signal);
  assertStrictEquals(await rejection(stream.writable.getWriter().write(bytes("x"))), error);
});

Deno.test("server: writable.close() sends nothing: the Trailer leaves when the handler ends, with keys set in between", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const writer = stream.writable.getWriter();
  await writer.write(bytes("answer"));
  await writer.close();
  await writer.closed;
  await script.peer.send(data("more"));
  assertEquals(string((await stream.readable.getReader().read()).value), "more");
  assertEquals(await take(script.peer, 2), ["Header", "Data answer"]);
  assertEquals(stream.signal.aborted, false);
  stream.trailer.set("late", "yes");
  assertInstanceOf(await rejection(writer.write(bytes("x"))), TypeError);
  script.finish();
  assertEquals(await take(script.peer, 1), ["Trailer {late: yes}"]);
});

Deno.test("server: writable.close() and then a throw: the client reads the error", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await stream.writable.close();
  script.fail(new Error("after all"));
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Trailer 6 biz error: after all"]);
});

Deno.test("server: sendHeader() sends once, before all else; changing it later throws TypeError", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  stream.header.set("a", "1");
  stream.sendHeader();
  assertEquals(await take(script.peer, 1), ["Header {a: 1}"]);
  stream.sendHeader();
  assertInstanceOf(
    await rejection((async () => await Promise.resolve(stream.header.set("b", "2")))()),
    TypeError,
  );
  await stream.writable.getWriter().write(bytes("x"));
  script.finish();
  assertEquals(await take(script.peer, 2), ["Data x", "Trailer"]);
});

const Words = defineService("Words", {
  list: { kind: "bidirectional", request: text, response: text },
});

/** A client that opens `Words/list`. */
async function openList(script: ServerScript): Promise<void> {
  await script.peer.send({ type: FrameType.Header, method: "list", metadata: { isn: "Words" } });
}

Deno.test("server: the iterable's return() is called when the stream ends, and is not awaited", async () => {
  const returned = Promise.withResolvers<void>();
  const never = Promise.withResolvers<IteratorResult<string>>();
  const handler = implement(Words, {
    list: () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => never.promise,
        return() {
          returned.resolve();
          return never.promise;
        },
      }),
    }),
  });
  await using script = new ServerScript(handler);
  await openList(script);
  await script.peer.send({ type: FrameType.Rst });
  await returned.promise;
  assertEquals(await script.left(), []);
  never.resolve({ done: true, value: undefined });
});

Deno.test("server: a generator given stream.signal runs its finally when the client cancels", async () => {
  const cleaned = Promise.withResolvers<unknown>();
  const handler = implement(Words, {
    async *list(stream) {
      try {
        yield "one";
        await aborted(stream.signal);
        yield "never sent";
      } finally {
        cleaned.resolve(stream.signal.reason);
      }
    },
  });
  await using script = new ServerScript(handler);
  await openList(script);
  assertEquals(await take(script.peer, 2), ["Header", "Data one"]);
  await script.peer.send({ type: FrameType.Rst });
  assertInstanceOf(await cleaned.promise, TTStreamError);
  assertEquals(await script.left(), []);
  assertEquals(script.errors, []);
});

Deno.test("server: a generator whose message waits for the client to read ends when the client cancels", async () => {
  const cleaned = Promise.withResolvers<string>();
  const handler = implement(Words, {
    async *list() {
      try {
        for (;;) yield "x".repeat(100_000);
      } finally {
        cleaned.resolve("cleaned");
      }
    },
  });
  await using script = new ServerScript(handler);
  await openList(script);
  assertEquals(await take(script.peer, 2), ["Header", "Data of 100000 bytes"]);
  await script.peer.send({ type: FrameType.Rst });
  assertEquals(await cleaned.promise, "cleaned");
  assertEquals(script.errors, []);
});

Deno.test("server: a generator that throws: what it yielded goes first, then exception 6", async () => {
  const handler = implement(Words, {
    async *list() {
      yield "one";
      await Promise.resolve();
      throw new Error("boom");
    },
  });
  await using script = new ServerScript(handler);
  await openList(script);
  assertEquals(await take(script.peer, 3), ["Header", "Data one", "Trailer 6 biz error: boom"]);
  assertEquals(script.errors.map(String), ["Error: boom"]);
});

Deno.test("server: a finally that throws after a cancel is told to onError", async () => {
  const cleanUp = () => Promise.reject(new Error("cleaning up failed"));
  const handler = implement(Words, {
    async *list(stream) {
      try {
        yield "one";
        await aborted(stream.signal);
      } finally {
        await cleanUp();
      }
    },
  });
  const told = Promise.withResolvers<unknown>();
  await using script = new ServerScript(handler, { onError: told.resolve });
  await openList(script);
  assertEquals(await take(script.peer, 2), ["Header", "Data one"]);
  await script.peer.send({ type: FrameType.Rst });
  assertEquals(String(await told.promise), "Error: cleaning up failed");
});

Deno.test("server: the stream ends, its handler works on: its own end is no fault, and it counts until it has returned", async () => {
  const streams: ServerStream[] = [];
  const seen = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using script = new ServerScript(async (stream) => {
    streams.push(stream);
    seen.resolve();
    await release.promise;
  }, { maxStreams: 1 });
  await script.header();
  await seen.promise;
  await script.peer.send({ type: FrameType.Rst }, {
    type: FrameType.Header,
    streamId: 2,
    metadata: { isn: "Test" },
  });
  assertEquals(await take(script.peer, 2), ["2: Header", "2: Trailer 6 too many streams: the limit is 1"]);
  const [first] = streams;
  assert(first?.signal.aborted);
  release.resolve();
  await release.promise;
  script.connection.abort();
  assertEquals(await linesOf(script.peer), []);
});

Deno.test("server: over TCP a handler that returns early: the client's reads end, its writes reject with 12005", async () => {
  await using pair = await TcpPair.open(async (stream) => {
    await stream.writable.getWriter().write(bytes("bye"));
  });
  const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
  assertEquals(await Array.fromAsync(stream.readable, string), ["bye"]);
  const writer = stream.writable.getWriter();
  assertEquals(
    await rejectionText(writer.write(bytes("x"))),
    "[ttstream error, code=12005] [client-side stream] stream is closed send",
  );
});

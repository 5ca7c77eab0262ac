// What the client, and its connection, do to a handler's stream. The wire is scripted, byte for byte.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { type ServerStream, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { nextTick } from "../../src/net/event_loop.ts";
import { aborted } from "../support/events.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { sendAndReset } from "../support/reset.ts";
import { CANCELED, linesOf, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { encodeFrames, exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const header: FrameInit = { type: FrameType.Header, metadata: { isn: "Test" } };
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });
const junk = new Uint8Array([0xde, 0xad, 0xbe, 0xef]);
const CUT = "Trailer 6 server is shutting down";

Deno.test("server: the client half closes: readable ends, and the handler may still answer", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send(data("one"), data("two"), { type: FrameType.Trailer });
  assertEquals(await Array.fromAsync(stream.readable, string), ["one", "two"]);
  assertEquals(stream.signal.aborted, false);
  const writer = stream.writable.getWriter();
  await writer.write(bytes("answer"));
  script.finish();
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Data answer", "Trailer"]);
  assertEquals(script.errors, []);
});

Deno.test("server: what comes after the client's Trailer is dropped", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send({ type: FrameType.Trailer }, data("late"), {
    type: FrameType.Trailer,
    payload: junk,
  });
  assertEquals(await Array.fromAsync(stream.readable, string), []);
  script.finish();
});

Deno.test("server: the client's Trailer carries an error: reading ends with it after the data, writing goes on", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const payload = exceptionPayload({ type: 6, message: "client gave up" });
  await script.peer.send(data("one"), { type: FrameType.Trailer, payload });
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  const error = await rejection(reader.read());
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12001] [server-side stream] client gave up");
  await stream.writable.getWriter().write(bytes("still here"));
  assertEquals(stream.signal.aborted, false);
  script.finish();
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Data still here", "Trailer"]);
});

Deno.test("server: the client's Trailer carries junk: reading ends with 12004 and its side, that stream alone", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send({ type: FrameType.Trailer, payload: junk });
  assertEquals(
    await rejectionText(stream.readable.getReader().read()),
    "[ttstream error, code=12004] [server-side stream] ReadMessageBegin: bad version",
  );
  script.finish();
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Trailer"]);
});

/** What a Rst can say, and what the handler then reads. */
const resets: { name: string; rst: Omit<FrameInit, "type">; message: string; path?: string[] }[] = [
  {
    name: "a plain cancel",
    rst: { metadata: { ttscp: "ServiceA" }, payload: exceptionPayload({ type: 12007, message: CANCELED }) },
    message: `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] ${CANCELED}`,
    path: ["ServiceA"],
  },
  {
    name: "a cancel that has come a long way",
    rst: { metadata: { ttscp: "X,Y" }, payload: exceptionPayload({ type: 99, message: "custom reason" }) },
    message: "[ttstream error, code=99] [server-side stream] [canceled path: X -> Y] custom reason",
    path: ["X", "Y"],
  },
  {
    name: "a cancel without a path",
    rst: { payload: exceptionPayload({ type: 12008, message: "why" }) },
    message: "[ttstream error, code=12008] [server-side stream] why",
  },
  { name: "no payload: code 13", rst: {}, message: "[ttstream error, code=13] [server-side stream] rst" },
  {
    name: "a junk payload: code 13",
    rst: { payload: junk },
    message: "[ttstream error, code=13] [server-side stream] rst",
  },
];

for (const { name, rst, message, path = [] } of resets) {
  Deno.test(`server: a Rst arrives, ${name}: both directions error at once, signal aborts with the same error, nothing leaves`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    await writer.write(bytes("before"));
    await script.peer.send(data("never read"), { type: FrameType.Rst, ...rst });
    const error = await aborted(stream.signal);
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.message, error.cancelPath, error.kind], [message, path, "canceled"]);
    assertStrictEquals(await rejection(reader.read()), error);
    assertStrictEquals(await rejection(reader.closed), error);
    assertStrictEquals(await rejection(writer.write(bytes("late"))), error);
    assertStrictEquals(await rejection(writer.ready), error);
    assertStrictEquals(await rejection(writer.closed), error);
    assertInstanceOf(await rejection(writer.close()), TypeError);
    stream.sendHeader();
    script.finish();
    assertEquals(await script.left(), ["Header", "Data before"]);
    assertEquals(script.errors, []);
  });
}

Deno.test("server: a Rst arrives while a read waits: it rejects with signal's reason, which is set by then", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const { signal } = stream;
  const waiting = stream.readable.getReader().read().then(
    () => "resolved",
    (error) => [signal.aborted, error === signal.reason],
  );
  await script.peer.send({ type: FrameType.Rst });
  assertEquals(await waiting, [true, true]);
});

Deno.test("server: a Rst that comes before the handler has looked at anything: all it asks for is ended", async () => {
  const seen = Promise.withResolvers<ServerStream>();
  const leave = Promise.withResolvers<void>();
  await using script = new ServerScript((stream) => {
    seen.resolve(stream);
    return leave.promise;
  });
  await script.peer.send(header, data("x"));
  const stream = await seen.promise;
  await script.peer.send({ type: FrameType.Rst });
  await nextTick();
  const { signal, readable, writable } = stream;
  assertEquals(signal.aborted, true);
  assertStrictEquals(await rejection(readable.getReader().read()), signal.reason);
  assertStrictEquals(await rejection(writable.getWriter().write(bytes("x"))), signal.reason);
  leave.resolve();
  assertEquals(await script.left(), []);
});

Deno.test("server: a Rst for an unknown stream, Meta and other frames of unknown streams are dropped", async () => {
  await using script = new ServerScript();
  await script.peer.send(
    { type: FrameType.Rst },
    { type: FrameType.Meta, streamId: 0 },
    { ...data("whose?"), streamId: 7 },
    { type: FrameType.Trailer, streamId: 9 },
  );
  const stream = await script.opened();
  await script.peer.send({ type: FrameType.Meta }, data("mine"), { type: FrameType.Trailer });
  assertEquals(await Array.fromAsync(stream.readable, string), ["mine"]);
  script.finish();
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Trailer"]);
});

Deno.test("server: a second Header: Trailer with exception 6 and the 12002 text, the handler is told, the connection goes on", async () => {
  const streams: ServerStream[] = [];
  const all = Promise.withResolvers<void>();
  await using script = new ServerScript(async (stream) => {
    if (streams.push(stream) === 2) all.resolve();
    await aborted(stream.signal);
  });
  await script.peer.send(header, data("x"));
  await script.peer.send(header, { ...header, streamId: 2 });
  await all.promise;
  const [first] = streams;
  assert(first);
  const error = first.signal.reason;
  assertInstanceOf(error, TTStreamError);
  const text = "[ttstream error, code=12002] [server-side stream] stream[1] already set header";
  assertEquals([error.message, error.kind], [text, "protocol"]);
  assertStrictEquals(await rejection(first.readable.getReader().read()), error);
  assertStrictEquals(await rejection(first.writable.getWriter().write(bytes("x"))), error);
  assertEquals(streams.map(({ signal }) => signal.aborted), [true, false]);
  assertEquals(await script.left(), ["Header", `Trailer 6 ${text}`, "2: Header", `2: ${CUT}`]);
  assertEquals(script.errors, []);
});

Deno.test("server: an empty Data payload is a message of zero bytes", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send({ type: FrameType.Data }, data("x"), { type: FrameType.Data }, {
    type: FrameType.Trailer,
  });
  assertEquals((await Array.fromAsync(stream.readable)).map((message) => message.length), [0, 1, 0]);
  await stream.writable.getWriter().write(new Uint8Array(0));
  script.finish();
  await aborted(stream.signal);
  assertEquals(await script.left(), ["Header", "Data ", "Trailer"]);
});

const LOST = "[ttstream error, code=12013] canceled by connection closed";
const broken = encodeFrames(data("x"));
/** Every way in which the connection ends under a handler. */
const losses: { name: string; message: string; lose(script: ServerScript): Promise<void> }[] = [
  { name: "the client hangs up", message: LOST, lose: ({ peer }) => peer.close() },
  {
    name: "the client hangs up in the middle of a frame",
    message: LOST,
    async lose({ peer }) {
      await peer.sendBytes(broken.subarray(0, 9));
      await peer.close();
    },
  },
  {
    name: "bytes that are no frame",
    message:
      "[ttstream error, code=12013] [ttstream error, code=12004] not TTHeader protocol (first4Bytes=0x47455420, second4Bytes=0x2f204854)",
    lose: ({ peer }) => peer.sendBytes(bytes("GET / HTTP/1.1\r\n\r\n")),
  },
  {
    name: "a frame without the streaming flag",
    message: "[ttstream error, code=12013] [ttstream error, code=12004] unexpected header flags: 0",
    lose: ({ peer }) => peer.sendBytes(broken.with(7, 0)),
  },
  {
    name: "a header of no size",
    message: "[ttstream error, code=12013] [ttstream error, code=12004] invalid header length[0]",
    lose: ({ peer }) => peer.sendBytes(broken.with(13, 0)),
  },
];

for (const { name, message, lose } of losses) {
  Deno.test(`server: the connection is lost, ${name}: 12013 without side or path, data that came is read first`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    await script.peer.send(data("one"), data("two"));
    assertEquals(string((await reader.read()).value), "one");
    await lose(script);
    const error = await aborted(stream.signal);
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.message, error.side, error.cancelPath, error.kind], [
      message,
      undefined,
      [],
      "canceled",
    ]);
    assertStrictEquals(await rejection(writer.write(bytes("late"))), error);
    assertStrictEquals(await rejection(writer.closed), error);
    assertEquals(string((await reader.read()).value), "two");
    assertStrictEquals(await rejection(reader.read()), error);
    assertStrictEquals(await rejection(reader.closed), error);
    script.finish();
    assertEquals(await linesOf(script.peer), []);
    assertEquals(script.errors, []);
  });

  Deno.test(`server: the connection is lost, ${name}: a read that waits rejects at once`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    const waiting = rejection(stream.readable.getReader().read());
    await lose(script);
    assertStrictEquals(await waiting, await aborted(stream.signal));
  });
}

Deno.test("server: a FIN on a TCP connection: 12013 for every stream of it, and none of its neighbours", async () => {
  const streams: ServerStream[] = [];
  await using pair = await TcpPair.open(async (stream) => {
    streams.push(stream);
    stream.sendHeader();
    await aborted(stream.signal);
  });
  await pair.connection.openStream({ service: "Test", method: "Echo" }).header;
  const raw = await Deno.connect({ port: pair.server.addr.port });
  await raw.write(encodeFrames(header, { ...header, streamId: 2 }));
  while (streams.length < 3) await raw.read(new Uint8Array(100));
  await raw.closeWrite();
  const [neighbour, first, second] = streams.map(({ signal }) => signal);
  assert(neighbour && first && second);
  for (const signal of [first, second]) {
    const error = await aborted(signal);
    assertInstanceOf(error, TTStreamError);
    assertEquals(error.message, LOST);
  }
  assertEquals(neighbour.aborted, false);
  raw.close();
});

Deno.test("server: the client resets the TCP connection: 12013, whose cause is what the system said", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  await using pair = await TcpPair.open(async (stream) => {
    stream.sendHeader();
    resolve(await aborted(stream.signal));
  });
  await sendAndReset(pair.server.addr.port, encodeFrames(header));
  const error = await promise;
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, LOST);
  assertInstanceOf(error.cause, TTStreamError);
  assertEquals(error.cause.code, 12006);
});

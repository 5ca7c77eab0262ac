// What else can come to the client: Rst, a second Header, Meta, broken frames, the end of the connection.
import { assertEquals, assertInstanceOf, assertMatch, assertStrictEquals } from "@std/assert";
import { connect, type ErrorKind, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { ResettingServer } from "../support/reset.ts";
import { ClientScript } from "../support/script.ts";
import { encodeFrames, exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const header: FrameInit = { type: FrameType.Header };
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });
const junk = new Uint8Array([0xde, 0xad, 0xbe, 0xef]);

/** What a Rst can say, and what the client then reads. */
const resets: { name: string; rst: Omit<FrameInit, "type">; message: string; path?: string[] }[] = [
  {
    name: "with code, text and path",
    rst: {
      metadata: { ttscp: "Gateway,Proxy" },
      payload: exceptionPayload({ type: 12011, message: "proxy says no" }),
    },
    message:
      "[ttstream error, code=12011] [client-side stream] [canceled path: Gateway -> Proxy] proxy says no",
    path: ["Gateway", "Proxy"],
  },
  {
    name: "without a path",
    rst: { payload: exceptionPayload({ type: 12011, message: "proxy says no" }) },
    message: "[ttstream error, code=12011] [client-side stream] proxy says no",
  },
  {
    name: "with an empty path",
    rst: { metadata: { ttscp: "" }, payload: exceptionPayload({ type: 99, message: "any code" }) },
    message: "[ttstream error, code=99] [client-side stream] any code",
  },
  {
    name: "without a payload: code 13",
    rst: { metadata: { ttscp: "Gateway" } },
    message: "[ttstream error, code=13] [client-side stream] [canceled path: Gateway] rst",
    path: ["Gateway"],
  },
  {
    name: "with junk for a payload: code 13",
    rst: { payload: junk },
    message: "[ttstream error, code=13] [client-side stream] rst",
  },
];

for (const { name, rst, message, path = [] } of resets) {
  Deno.test(`client: a Rst arrives, ${name}: both directions error at once, unread data is dropped, nothing is answered`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    await script.peer.send(header, data("never read"), { type: FrameType.Rst, ...rst });
    const error = await rejection(reader.read());
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.message, error.cancelPath, error.kind, error.side], [
      message,
      path,
      "canceled",
      "client",
    ]);
    assertStrictEquals(await rejection(reader.closed), error);
    assertStrictEquals(await rejection(writer.write(bytes("late"))), error);
    assertStrictEquals(await rejection(writer.closed), error);
    assertStrictEquals(await rejection(stream.trailer), error);
    assertEquals(await stream.header, new Map());
    await stream[Symbol.asyncDispose]();
    assertEquals(await script.left(), ["Header {isn: Test}"]);
  });
}

Deno.test("client: a Rst arrives while a read waits and before any Header: the read and `header` reject", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const waiting = rejection(stream.readable.getReader().read());
  await script.peer.send({ type: FrameType.Rst });
  const error = await waiting;
  assertStrictEquals(await rejection(stream.header), error);
  assertEquals(await script.left(), ["Header {isn: Test}"]);
});

Deno.test("client: a bad payload ends its own stream alone", async () => {
  await using script = new ClientScript();
  const [first, second, third] = [script.open(), script.open(), script.open()];
  await script.peer.send(
    { type: FrameType.Rst, payload: junk },
    { type: FrameType.Trailer, streamId: 2, payload: junk },
    { ...data("fine"), streamId: 3 },
    { type: FrameType.Trailer, streamId: 3 },
  );
  assertEquals(await rejectionText(first.trailer), "[ttstream error, code=13] [client-side stream] rst");
  assertEquals(
    await rejectionText(second.readable.getReader().read()),
    "[ttstream error, code=12004] [client-side stream] ReadMessageBegin: bad version",
  );
  assertEquals(await Array.fromAsync(third.readable, string), ["fine"]);
});

Deno.test("client: a second Header: the stream ends with 12002, Rst 12002 leaves, then Trailer", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await script.peer.send({ type: FrameType.Header, metadata: { which: "first" } }, data("dropped"), header);
  const error = await rejection(reader.read());
  assertInstanceOf(error, TTStreamError);
  assertEquals(
    error.message,
    "[ttstream error, code=12002] [client-side stream] stream[1] already set header",
  );
  assertEquals(error.kind, "protocol");
  assertStrictEquals(await rejection(writer.write(bytes("late"))), error);
  assertStrictEquals(await rejection(stream.trailer), error);
  assertEquals(await stream.header, new Map([["which", "first"]]));
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Rst 12002 stream[1] already set header {ttscp: ServiceA}",
    "Trailer",
  ]);
});

Deno.test("client: Meta frames and frames of unknown streams are dropped", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send(
    { type: FrameType.Meta, metadata: { hook: "x" } },
    { type: FrameType.Meta, streamId: 0 },
    { ...header, streamId: 7 },
    { ...data("whose?"), streamId: 7 },
    { type: FrameType.Trailer, streamId: 7 },
    { type: FrameType.Rst, streamId: -1 },
    header,
    { type: FrameType.Meta },
    data("mine"),
    { type: FrameType.Trailer },
  );
  assertEquals(await Array.fromAsync(stream.readable, string), ["mine"]);
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: Data before the Header is read all the same", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send(data("early"), { type: FrameType.Header, metadata: { late: "yes" } }, {
    type: FrameType.Trailer,
  });
  assertEquals(await Array.fromAsync(stream.readable, string), ["early"]);
  assertEquals(await stream.header, new Map([["late", "yes"]]));
});

Deno.test("client: an empty Data payload is a message of zero bytes", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send({ type: FrameType.Data }, data("x"), { type: FrameType.Data }, {
    type: FrameType.Trailer,
  });
  assertEquals((await Array.fromAsync(stream.readable)).map((message) => message.length), [0, 1, 0]);
  const second = script.open();
  const writer = second.writable.getWriter();
  await writer.write(new Uint8Array(0));
  await second[Symbol.asyncDispose]();
  assertEquals((await script.left()).filter((line) => line.includes("Data")), ["2: Data "]);
});

/** Every way in which the whole connection ends at the client. */
interface Loss {
  readonly name: string;
  readonly message: string;
  readonly kind: ErrorKind;
  lose(script: ClientScript): Promise<void>;
}

const broken = encodeFrames(data("x"));
const losses: Loss[] = [
  {
    name: "the peer hangs up: 12006",
    message: "[ttstream error, code=12006] connection closed by peer",
    kind: "protocol",
    lose: ({ peer }) => peer.close(),
  },
  {
    name: "the peer hangs up in the middle of a frame: 12006",
    message: "[ttstream error, code=12006] connection closed by peer",
    kind: "protocol",
    async lose({ peer }) {
      await peer.sendBytes(broken.subarray(0, 9));
      await peer.close();
    },
  },
  {
    name: "bytes that are no frame: 12004 that names them",
    message:
      "[ttstream error, code=12004] not TTHeader protocol (first4Bytes=0x48545450, second4Bytes=0x2f312e31)",
    kind: "protocol",
    lose: ({ peer }) => peer.sendBytes(bytes("HTTP/1.1 400 Bad Request\r\n\r\n")),
  },
  {
    name: "a frame without the streaming flag: 12004",
    message: "[ttstream error, code=12004] unexpected header flags: 0",
    kind: "protocol",
    lose: ({ peer }) => peer.sendBytes(broken.with(7, 0)),
  },
  {
    name: "a frame over the limit: 12004 with both sizes",
    message: "[ttstream error, code=12004] frame of 16777217 bytes exceeds the limit of 16777216 bytes",
    kind: "protocol",
    lose: ({ peer }) => peer.sendBytes(new Uint8Array([1, 0, 0, 1, 0x10, 0, 0, 2])),
  },
];

for (const { name, message, kind, lose } of losses) {
  Deno.test(`client: the connection is lost, ${name}, without a side, at every stream and every promise`, async () => {
    await using script = new ClientScript();
    const [first, second] = [script.open(), script.open()];
    const writer = first.writable.getWriter();
    const waiting = rejection(second.readable.getReader().read());
    // Both have left: what never did could be tried again.
    for (const _ of [first, second]) await script.peer.expect(FrameType.Header);
    await script.peer.send(header, data("one"));
    await first.header;
    await lose(script);
    const error = await waiting;
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.message, error.kind, error.side, error.cancelPath], [message, kind, undefined, []]);
    const own = await rejection(writer.closed);
    assertInstanceOf(own, TTStreamError);
    assertEquals([own.message, own.kind], [message, kind]);
    assertStrictEquals(await rejection(writer.write(bytes("late"))), own);
    assertStrictEquals(await rejection(first.trailer), own);
    assertInstanceOf(await rejection(writer.close()), TypeError);
    assertStrictEquals(await rejection(second.header), error);
    assertStrictEquals(await rejection(second.closed), error);
    assertEquals([error.service, error.method, error.retryable], ["Test", "Echo", false]);
    // Each stream has an error of its own, which names it.
    assertEquals(await rejectionText(script.connection.closed), message);
    // What has come may still be read.
    const reader = first.readable.getReader();
    assertEquals(string((await reader.read()).value), "one");
    assertStrictEquals(await rejection(reader.read()), own);
  });

  Deno.test(`client: the connection is lost, ${name}: a stream opened afterwards is errored with 12006`, async () => {
    await using script = new ClientScript();
    await lose(script);
    await rejection(script.connection.closed);
    const stream = script.open();
    const error = await rejection(stream.readable.getReader().read());
    assertInstanceOf(error, TTStreamError);
    assertEquals([error.code, error.side], [12006, undefined]);
    for (const promise of [stream.header, stream.trailer, stream.writable.getWriter().write(bytes("x"))]) {
      assertStrictEquals(await rejection(promise), error);
    }
  });
}

Deno.test("client: a stream opened on a connection that was closed here is errored with 12006", async () => {
  await using script = new ClientScript();
  await Promise.all([script.connection.close(), script.peer.next()]);
  const stream = script.open();
  assertEquals(await rejectionText(stream.trailer), "[ttstream error, code=12006] transport is closing");
});

Deno.test("client: a broken frame closes the connection, and the frames before it count", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const junk = bytes("not a frame");
  const good = encodeFrames(header, data("one"));
  await script.peer.sendBytes(new Uint8Array([...good, ...junk]));
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  assertEquals(
    await rejectionText(reader.read()),
    "[ttstream error, code=12004] not TTHeader protocol (first4Bytes=0x6e6f7420, second4Bytes=0x61206672)",
  );
  assertEquals((await script.peer.expect(FrameType.Header)).streamId, 1);
  assertEquals(await script.peer.next(), undefined);
});

Deno.test("client: the server resets the TCP connection: 12006 with what the system said", async () => {
  await using server = await ResettingServer.listen();
  const connection = await connect({ port: server.port });
  const stream = connection.openStream({ service: "Test", method: "Echo" });
  const error = await rejection(stream.readable.getReader().read());
  assertInstanceOf(error, TTStreamError);
  assertEquals([error.code, error.side, error.kind], [12006, undefined, "protocol"]);
  assertMatch(error.description, /^Connection reset by peer/);
  assertInstanceOf(error.cause, Deno.errors.ConnectionReset);
  assertEquals(await rejectionText(connection.closed), error.message);
});

Deno.test("client: a FIN on a TCP connection: 12006 `connection closed by peer`, the data before it is read first", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener.accept();
  const connection = await connect({ port: listener.addr.port });
  const stream = connection.openStream({ service: "Test", method: "Echo" });
  const conn = await accepting;
  await conn.read(new Uint8Array(1024));
  await conn.write(encodeFrames(header, data("one")));
  await conn.closeWrite();
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  assertEquals(await rejectionText(reader.read()), "[ttstream error, code=12006] connection closed by peer");
  assertEquals(
    await rejectionText(connection.closed),
    "[ttstream error, code=12006] connection closed by peer",
  );
  conn.close();
});

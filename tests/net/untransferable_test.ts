/** A message is a view on a buffer that its neighbours share: whoever gives it away is told, and nobody loses anything. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createClient, defineService, type Handler, implement } from "../../mod.ts";
import { binary, field, string as str, struct } from "../../src/thrift/mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";

/** Every way to give a message's buffer away. */
const WAYS: readonly { readonly name: string; give(message: Uint8Array<ArrayBuffer>): unknown }[] = [
  { name: "structuredClone", give: (m) => structuredClone(m, { transfer: [m.buffer] }) },
  {
    name: "postMessage",
    give: (m) => {
      const { port1, port2 } = new MessageChannel();
      try {
        port1.postMessage(m, [m.buffer]);
      } finally {
        port1.close();
        port2.close();
      }
    },
  },
  { name: "transfer()", give: (m) => m.buffer.transfer() },
  { name: "transferToFixedLength()", give: (m) => m.buffer.transferToFixedLength() },
  {
    name: "enqueue into a byte stream",
    give: (m) =>
      new ReadableStream({
        type: "bytes",
        start: (controller) => controller.enqueue(m),
      }),
  },
];

/** Tries all of them; each is a TypeError, or a DataCloneError where the platform has that for it, and takes nothing. */
function tryAll(message: Uint8Array<ArrayBuffer>): void {
  const before = [...message];
  const { byteLength } = message.buffer;
  for (const { name, give } of WAYS) {
    const error = assertThrows(() => give(message), Error);
    assert(error instanceof TypeError || error.name === "DataCloneError", `${name}: ${Deno.inspect(error)}`);
    assertEquals(message.buffer.byteLength, byteLength, name);
    assertEquals([...message], before, name);
  }
}

const COUNT = 20;
const all = Array.from({ length: COUNT }, (_, i) => `message ${i}`);

Deno.test("a raw message at the client cannot be given away: its neighbours' are whole, and the connection lives", async () => {
  const handler: Handler = async (stream) => {
    for (const message of all) void stream.send(bytes(message));
    for await (const message of stream.readable) await stream.send(message);
  };
  await using pair = await TcpPair.open(handler);
  const target = { service: "Test", method: "Echo" };
  const neighbour = pair.connection.openStream(target);
  const stream = pair.connection.openStream(target);
  const reader = stream.readable.getReader();
  const { value } = await reader.read();
  assert(value !== undefined);
  tryAll(value);
  reader.releaseLock();
  const texts: string[] = [string(value)];
  stream.sendAll([bytes("the last one")]);
  for await (const message of stream) texts.push(string(message));
  assertEquals(texts, [...all, "the last one"]);
  neighbour.sendAll([bytes("lives")]);
  assertEquals((await Array.fromAsync(neighbour)).map(string), [...all, "lives"]);
});

Deno.test("a raw message at the handler cannot be given away: what it has not read is whole", async () => {
  const handler: Handler = async (stream) => {
    for await (const message of stream.readable) {
      tryAll(message);
      await stream.send(message);
    }
  };
  await using pair = await TcpPair.open(handler);
  const target = { service: "Test", method: "Echo" };
  const streams = Array.from({ length: 3 }, () => pair.connection.openStream(target));
  for (const stream of streams) stream.sendAll(all.map(bytes));
  for (const stream of streams) assertEquals((await Array.fromAsync(stream)).map(string), all);
  assertEquals(pair.errors, []);
});

Deno.test("a message of no bytes cannot be given away, though all of them share one buffer", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data }, { type: FrameType.Data }, {
    type: FrameType.Trailer,
  });
  for await (const message of stream) {
    assertEquals(message.length, 0);
    tryAll(message);
  }
  await stream.closed;
});

Deno.test("messages over a pair of one's own cannot be given away, at either end", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  // Where nobody had asked for them before the Trailer came they would have been copied.
  const messages = stream.readable;
  await script.peer.send(
    { type: FrameType.Header },
    { type: FrameType.Data, payload: bytes("one") },
    { type: FrameType.Data, payload: bytes("two") },
    { type: FrameType.Trailer },
  );
  const texts: string[] = [];
  for await (const message of messages) {
    tryAll(message);
    texts.push(string(message));
  }
  assertEquals(texts, ["one", "two"]);

  await using server = new ServerScript();
  const handled = await server.opened();
  await server.peer.send(
    { type: FrameType.Data, payload: bytes("one") },
    { type: FrameType.Data, payload: bytes("two") },
    { type: FrameType.Trailer },
  );
  const heard: string[] = [];
  for await (const message of handled.readable) {
    tryAll(message);
    heard.push(string(message));
  }
  assertEquals(heard, ["one", "two"]);
});

Deno.test("a binary field of a Thrift struct cannot be given away, at either end", async () => {
  const Blob = struct("Blob", { name: field(1, str), data: field(2, binary) });
  const service = defineService("Blobs", {
    echo: { kind: "bidirectional", request: Blob, response: Blob },
  });
  const handler = implement(service, {
    async *echo(stream) {
      for await (const message of stream.readable) {
        tryAll(fieldOf(message.data));
        yield message;
      }
    },
  });
  await using pair = await TcpPair.open(handler);
  const call = createClient(service, pair.connection).echo();
  call.sendAll(all.map((name) => ({ name, data: new Uint8Array(bytes(name)) })));
  const texts: string[] = [];
  for await (const { data } of call) {
    tryAll(fieldOf(data));
    texts.push(string(data));
  }
  assertEquals(texts, all);
  assertEquals(pair.errors, []);
});

/** The bytes of a field, as what they are. */
function fieldOf(data: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  assert(data?.buffer instanceof ArrayBuffer);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

Deno.test("a slice of a message may be given away", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("one") }, {
    type: FrameType.Trailer,
  });
  for await (const message of stream) {
    const own = message.slice();
    assertEquals(string(structuredClone(own, { transfer: [own.buffer] })), "one");
    assertEquals(own.length, 0);
    assertEquals(string(message), "one");
  }
});

Deno.test("a message that is larger than a read has its buffer to itself, and may be given away", async () => {
  const large = new Uint8Array(1024 * 1024).fill(7);
  const handler: Handler = async (stream) => {
    await stream.send(bytes("before"));
    await stream.send(large);
    await stream.send(bytes("behind"));
  };
  await using pair = await TcpPair.open(handler);
  const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
  const iterator = stream[Symbol.asyncIterator]();
  assertEquals(string((await iterator.next()).value), "before");
  const { value } = await iterator.next();
  const moved = structuredClone(value, { transfer: [value.buffer] });
  assertEquals(moved, large);
  assertEquals(value.length, 0);
  assertEquals(string((await iterator.next()).value), "behind");
  assertEquals((await iterator.next()).done, true);
});

Deno.test("a message that was copied out of its read buffer may be given away", async () => {
  const handler: Handler = async (stream) => {
    if (stream.method === "Small") return await stream.send(bytes("small"));
    for (let i = 0; i < 80; i++) await stream.send(new Uint8Array(100_000));
  };
  await using pair = await TcpPair.open(handler);
  const small = pair.connection.openStream({ service: "Test", method: "Small" });
  const reader = small.readable.getReader();
  await small.header;
  // 8 MB for another stream: what waits meanwhile is copied out of the buffers that it would keep.
  const flood = pair.connection.openStream({ service: "Test", method: "Large" });
  for await (const message of flood) void message;
  const { value } = await reader.read();
  assert(value !== undefined);
  assertEquals(string(structuredClone(value, { transfer: [value.buffer] })), "small");
  assertEquals((await reader.read()).done, true);
});

Deno.test("what a program sends stays its own: a message that was sent may be given away", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const message = new Uint8Array(bytes("mine"));
  await script.peer.expect(FrameType.Header);
  const frame = script.peer.expect(FrameType.Data);
  await stream.send(message);
  assertEquals(string(structuredClone(message, { transfer: [message.buffer] })), "mine");
  assertEquals(string((await frame).payload), "mine");
  stream.cancel();
  await rejection(stream.closed);
});

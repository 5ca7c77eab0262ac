import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { Bytes } from "../../mod.ts";
import { type Conn, connSocket, duplexSocket } from "../../src/net/socket.ts";
import { arrived, nextTick } from "../../src/net/event_loop.ts";
import { fromHex } from "../support/hex.ts";
import { duplexPair } from "../support/pair.ts";

/** A Deno.Conn whose reads and writes are scripted. */
class FakeConn implements Conn {
  readonly written: number[] = [];
  readonly writes: number[] = [];
  readonly buffers: Uint8Array[] = [];
  closed = 0;
  readonly #chunks: readonly number[];
  readonly #accepts: number;
  #next = 0;

  /** @param chunks The sizes of the chunks to be read; @param accepts How many bytes a write takes at the most. */
  constructor(chunks: readonly number[] = [], accepts = Infinity) {
    this.#chunks = chunks;
    this.#accepts = accepts;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    this.buffers.push(buffer);
    const size = this.#chunks[this.#next];
    if (size === undefined) return Promise.resolve(null);
    const taken = Math.min(size, buffer.length);
    buffer.subarray(0, taken).fill(++this.#next);
    return Promise.resolve(taken);
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = Math.min(bytes.length, this.#accepts);
    this.writes.push(taken);
    this.written.push(...bytes.subarray(0, taken));
    return Promise.resolve(taken);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed++;
  }

  ref(): void {}

  unref(): void {}
}

/** What of a Deno.Conn a test has no use for. */
const UNUSED = { closeWrite: () => Promise.resolve(), close() {}, ref() {}, unref() {} };

Deno.test("connSocket.read gives each chunk as it came, then undefined", async () => {
  const socket = connSocket(new FakeConn([3, 1, 5]));
  const chunks: (Bytes | undefined)[] = [];
  for (let i = 0; i < 4; i++) chunks.push(await socket.read());
  assertEquals(chunks, [fromHex("010101"), fromHex("02"), fromHex("0303030303"), undefined]);
});

Deno.test("connSocket.read never writes over a chunk that it has handed out, however many follow", async () => {
  const sizes = Array.from({ length: 200 }, (_, i) => 1 + i * 37 % 5000);
  const socket = connSocket(new FakeConn(sizes));
  const chunks: Bytes[] = [];
  for (let chunk = await socket.read(); chunk !== undefined; chunk = await socket.read()) chunks.push(chunk);
  assertEquals(chunks.length, sizes.length);
  for (const [index, chunk] of chunks.entries()) {
    assertEquals(chunk.every((byte) => byte === index + 1), true);
  }
});

Deno.test("connSocket.read always offers room, and larger buffers to a busy connection up to 256 KiB", async () => {
  const conn = new FakeConn(Array.from({ length: 60 }, () => 1 << 20));
  const socket = connSocket(conn);
  while (await socket.read() !== undefined) { /* all of it */ }
  const sizes = conn.buffers.map(({ buffer }) => buffer.byteLength);
  assertEquals(conn.buffers.every(({ length }) => length >= 4096), true);
  assertEquals(sizes[0], 4 * 1024);
  assertEquals(sizes[1], 16 * 1024);
  assertEquals(sizes.at(-1), 256 * 1024);
  assertEquals(sizes.every((size, i) => i === 0 || size >= (sizes[i - 1] ?? 0)), true);
});

Deno.test("connSocket.read gives a connection that has become quiet small buffers again", async () => {
  const conn = new FakeConn([
    ...Array.from({ length: 10 }, () => 1 << 20),
    ...Array.from({ length: 600 }, () => 1000),
  ]);
  const socket = connSocket(conn);
  while (await socket.read() !== undefined) { /* all of it */ }
  const sizes = conn.buffers.map(({ buffer }) => buffer.byteLength);
  assertEquals(Math.max(...sizes), 256 * 1024);
  assertEquals(sizes.at(-1), 16 * 1024);
});

Deno.test("connSocket.read reads to where it is told to, and asks when it does", async () => {
  const conn = new FakeConn([3, 2, 4]);
  const socket = connSocket(conn);
  const room = new Uint8Array(5);
  let asked = 0;
  const roomOnce = () => ++asked === 2 ? room : undefined;
  const chunks = [await socket.read(roomOnce), await socket.read(roomOnce), await socket.read(roomOnce)];
  assertEquals(chunks.map((chunk) => chunk?.length), [3, 2, 4]);
  assertStrictEquals(chunks[1]?.buffer, room.buffer);
  assertEquals(room, fromHex("0202000000"));
  assertStrictEquals(chunks[0]?.buffer, chunks[2]?.buffer);
  assertEquals(chunks[2]?.byteOffset, 3);
});

Deno.test("connSocket.behind: a read that filled its buffer has left something, until the next one waits", async () => {
  const gate = Promise.withResolvers<number>();
  const reads = [(buffer: Uint8Array) => buffer.length, () => gate.promise, () => 1];
  const socket = connSocket({
    read: (buffer) => Promise.resolve(reads.shift()?.(buffer) ?? null),
    write: (bytes) => Promise.resolve(bytes.length),
    ...UNUSED,
  });
  const seen = [socket.behind];
  await socket.read();
  seen.push(socket.behind);
  const waiting = socket.read();
  await nextTick();
  seen.push(socket.behind);
  gate.resolve(1);
  await waiting;
  seen.push(socket.behind);
  assertEquals(seen, [false, true, false, false]);
});

Deno.test("connSocket.read asks for more when what has come has been answered, and at once where others have read as well", async () => {
  const did: string[] = [];
  const socket = connSocket({
    read() {
      did.push("read");
      return Promise.resolve(1);
    },
    write: (bytes) => Promise.resolve(bytes.length),
    ...UNUSED,
  });
  const answer = async () => {
    for (let microtask = 0; microtask < 10; microtask++) await undefined;
    did.push("answer");
  };
  await nextTick();
  await socket.read();
  const answered = answer();
  await socket.read();
  await answered;
  assertEquals(did.splice(0), ["read", "answer", "read"]);
  arrived();
  const late = answer();
  await socket.read();
  await late;
  assertEquals(did, ["read", "answer"]);
});

Deno.test("connSocket.read of small chunks fills one buffer: neighbours lie side by side", async () => {
  const socket = connSocket(new FakeConn([3, 2]));
  const first = await socket.read();
  const second = await socket.read();
  assertStrictEquals(first?.buffer, second?.buffer);
  assertEquals(second?.byteOffset, 3);
});

Deno.test("connSocket.write writes on until all bytes have been taken", async () => {
  const conn = new FakeConn([], 3);
  const bytes = fromHex("00010203040506070809");
  await connSocket(conn).write(bytes);
  assertEquals(conn.writes, [3, 3, 3, 1]);
  assertEquals(conn.written, [...bytes]);
});

Deno.test("connSocket.close closes the connection", () => {
  const conn = new FakeConn();
  connSocket(conn).close();
  assertEquals(conn.closed, 1);
});

Deno.test("connSocket hands on what the connection rejects with", async () => {
  const fail = () => Promise.reject(new Deno.errors.ConnectionReset("reset"));
  const socket = connSocket({ read: fail, write: fail, ...UNUSED });
  await assertRejects(() => socket.read(), Deno.errors.ConnectionReset, "reset");
  await assertRejects(() => socket.write(fromHex("00")), Deno.errors.ConnectionReset, "reset");
});

Deno.test("duplexSocket carries bytes both ways, and the end", async () => {
  const [near, far] = duplexPair();
  const [a, b] = [duplexSocket(near), duplexSocket(far)];
  const sent = a.write(fromHex("0102"));
  assertEquals(await b.read(), fromHex("0102"));
  await sent;
  const answered = b.write(fromHex("03"));
  assertEquals(await a.read(), fromHex("03"));
  await answered;
  a.close();
  assertEquals(await b.read(), undefined);
  b.close();
});

Deno.test("duplexSocket.write lets go of its bytes: filling them again does not change what was sent", async () => {
  const [near, far] = duplexPair();
  const [a, b] = [duplexSocket(near), duplexSocket(far)];
  const bytes = fromHex("0102");
  const sent = a.write(bytes);
  bytes.fill(0xff);
  assertEquals(await b.read(), fromHex("0102"));
  await sent;
  a.close();
  b.close();
});

Deno.test("duplexSocket.close settles a pending read", async () => {
  const [near] = duplexPair();
  const socket = duplexSocket(near);
  const reading = socket.read();
  socket.close();
  assertEquals(await reading, undefined);
});

Deno.test("duplexSocket.read copies bytes out of shared memory: a payload is always backed by an ArrayBuffer", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3)).fill(7);
  const readable = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(shared) });
  const socket = duplexSocket({ readable, writable: new WritableStream() });
  const chunk = await socket.read();
  assertEquals(chunk?.buffer instanceof ArrayBuffer, true);
  assertEquals(Array.from(chunk ?? []), [7, 7, 7]);
  socket.close();
});

Deno.test("duplexSocket.read keeps a view's place in its buffer", async () => {
  const readable = ReadableStream.from([fromHex("000102030405").subarray(2, 4)]);
  const socket = duplexSocket({ readable, writable: new WritableStream() });
  assertEquals(await socket.read(), fromHex("0203"));
  socket.close();
});

Deno.test("duplexSocket.read refuses chunks that are no Uint8Array, by name", async () => {
  const readable: ReadableStream<Uint8Array> = ReadableStream.from(JSON.parse('["text"]'));
  const socket = duplexSocket({ readable, writable: new WritableStream() });
  await assertRejects(
    () => socket.read(),
    TypeError,
    "the duplex's readable must give Uint8Arrays, got string",
  );
  socket.close();
});

Deno.test("duplexSocket hands on what its streams are errored with, and can still be closed", async () => {
  const error = new Error("lost");
  const socket = duplexSocket({
    readable: new ReadableStream({ start: (controller) => controller.error(error) }),
    writable: new WritableStream({ start: (controller) => controller.error(error) }),
  });
  assertStrictEquals(await assertRejects(() => socket.read()), error);
  assertStrictEquals(await assertRejects(() => socket.write(fromHex("00"))), error);
  socket.close();
});

for (const locked of ["readable", "writable"] as const) {
  Deno.test(`duplexSocket refuses a locked ${locked} and leaves the other side free`, () => {
    const [duplex] = duplexPair();
    if (locked === "readable") duplex.readable.getReader();
    else duplex.writable.getWriter();
    assertThrows(() => duplexSocket(duplex), TypeError, `the duplex's ${locked} is locked`);
    const other = locked === "readable" ? duplex.writable : duplex.readable;
    assertEquals(other.locked, false);
  });
}

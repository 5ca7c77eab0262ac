import { assertEquals, assertThrows } from "@std/assert";
import {
  type ClientStream,
  type Connection,
  connectOver,
  type Handler,
  serve,
  serveOver,
  type ServeOverOptions,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { aborted } from "../support/events.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";
import { exceptionOf, WirePeer } from "../support/wire_peer.ts";

const TARGET = { service: "TestService", method: "Echo" };

function tooMany(limit: number): string {
  return `[ttstream error, code=12001] [client-side stream] too many streams: the limit is ${limit}`;
}

/** Handlers that return when they are told to, whatever becomes of their streams. */
class Stubborn {
  readonly #running: (() => void)[] = [];
  #arrival = Promise.withResolvers<void>();

  readonly handler: Handler = (stream) => {
    stream.sendHeader();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.push(resolve);
    this.#arrival.resolve();
    this.#arrival = Promise.withResolvers();
    return promise;
  };

  async running(count: number): Promise<void> {
    while (this.#running.length < count) await this.#arrival.promise;
  }

  /** Lets the oldest handler return. */
  finishOne(): void {
    this.#running.shift()?.();
  }

  get count(): number {
    return this.#running.length;
  }
}

async function withConnection(
  handler: Handler,
  options: ServeOverOptions,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const [clientEnd, serverEnd] = duplexPair();
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  const serving = serveOver(serverEnd, handler, { ...options, onError });
  const connection = connectOver(clientEnd);
  await use(connection);
  connection.abort();
  await serving.finished;
  assertEquals(reported, []);
}

const endOf = (stream: ClientStream) => rejectionText(stream.readable.getReader().read());

Deno.test("a stream over maxStreams is answered with Header and exception 6", async () => {
  const [peerEnd, serverEnd] = duplexPair();
  const { handler } = new Stubborn();
  serveOver(serverEnd, handler, { maxStreams: 1 });
  await using peer = new WirePeer(peerEnd);
  await peer.send({ type: FrameType.Header, streamId: 1 });
  await peer.expect(FrameType.Header);
  await peer.send({ type: FrameType.Header, streamId: 2, method: "Other" });
  const header = await peer.expect(FrameType.Header);
  const trailer = await peer.expect(FrameType.Trailer);
  assertEquals([header.streamId, header.method, trailer.streamId], [2, "Other", 2]);
  assertEquals(exceptionOf(trailer), { type: 6, message: "too many streams: the limit is 1" });
});

Deno.test("a handler that returns makes room for the next stream", async () => {
  const stubborn = new Stubborn();
  await withConnection(stubborn.handler, { maxStreams: 2 }, async (connection) => {
    const [first] = [connection.openStream(TARGET), connection.openStream(TARGET)];
    assertEquals(await endOf(connection.openStream(TARGET)), tooMany(2));
    stubborn.finishOne();
    await first?.trailer;
    const next = connection.openStream(TARGET);
    await next.header;
    assertEquals(await endOf(connection.openStream(TARGET)), tooMany(2));
    stubborn.finishOne();
    stubborn.finishOne();
    await next.trailer;
  });
});

Deno.test("a handler whose stream was cancelled counts until it has returned", async () => {
  const stubborn = new Stubborn();
  await withConnection(stubborn.handler, { maxStreams: 3 }, async (connection) => {
    for (let i = 1; i <= 3; i++) {
      const stream = connection.openStream(TARGET);
      await stubborn.running(i);
      await stream.readable.cancel();
    }
    assertEquals(await endOf(connection.openStream(TARGET)), tooMany(3));
    assertEquals(stubborn.count, 3, "the refused stream has run no handler");
    stubborn.finishOne();
    const next = connection.openStream(TARGET);
    await next.header;
    for (let i = 0; i < 3; i++) stubborn.finishOne();
    await next.trailer;
  });
});

Deno.test("refused streams do not count themselves, and handlers that failed count no more", async () => {
  const ended = Promise.withResolvers<void>();
  const handler: Handler = async ({ method, signal }) => {
    if (method !== "Wait") return;
    await aborted(signal);
    ended.resolve();
  };
  await withConnection(handler, { maxStreams: 1 }, async (connection) => {
    const waiting = connection.openStream({ ...TARGET, method: "Wait" });
    for (let i = 0; i < 10; i++) assertEquals(await endOf(connection.openStream(TARGET)), tooMany(1));
    await waiting.readable.cancel();
    await ended.promise;
    for (let i = 0; i < 10; i++) await connection.openStream(TARGET).trailer;
  });
});

Deno.test("by default a connection may have 1,024 handlers running", async () => {
  const stubborn = new Stubborn();
  await withConnection(stubborn.handler, {}, async (connection) => {
    const streams = Array.from({ length: 1024 }, () => connection.openStream(TARGET));
    await stubborn.running(1024);
    assertEquals(await endOf(connection.openStream(TARGET)), tooMany(1024));
    for (let i = 0; i < 1024; i++) stubborn.finishOne();
    await Promise.all(streams.map(({ trailer }) => trailer));
  });
});

Deno.test("each connection has its own count", async () => {
  const stubborn = new Stubborn();
  await withConnection(stubborn.handler, { maxStreams: 1 }, async (first) => {
    await withConnection(stubborn.handler, { maxStreams: 1 }, async (second) => {
      const streams = [first.openStream(TARGET), second.openStream(TARGET)];
      await Promise.all(streams.map(({ header }) => header));
      stubborn.finishOne();
      stubborn.finishOne();
      await Promise.all(streams.map(({ trailer }) => trailer));
    });
  });
});

Deno.test("a maxStreams that is no positive integer throws RangeError", () => {
  for (const maxStreams of [0, -1, 1.5, NaN, Infinity]) {
    const message = `maxStreams must be a positive integer, got ${maxStreams}`;
    assertThrows(() => serveOver(duplexPair()[0], () => {}, { maxStreams }), RangeError, message);
    assertThrows(() => serve({ port: 0, maxStreams }, () => {}), RangeError, message);
  }
});

import { assertEquals } from "@std/assert";
import type { Bytes } from "../../src/base/buffer.ts";
import { SendQueue } from "../../src/net/send_queue.ts";
import { Http2Connection } from "../../src/http2/connection.ts";
import type { Http2ConnectionEvents, Http2Options } from "../../src/http2/connection_events.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import type { Http2StreamEvents } from "../../src/http2/stream_events.ts";
import { OPTIONS } from "./harness.ts";
import { random } from "./random.ts";
import { REQUEST, RESPONSE, TRAILERS } from "./wire.ts";

/** Two ends over memory, whose bytes are cut into chunks of `chunk()` bytes. */
class Pair {
  readonly client: Http2Connection;
  readonly server: Http2Connection;
  readonly errors: unknown[] = [];
  readonly #queues: SendQueue[] = [];

  constructor(
    options: Partial<Http2Options>,
    opened: (stream: Http2Stream) => Http2StreamEvents,
    chunk: () => number,
  ) {
    const events = { goneAway: () => {}, released: () => {}, peerReset: () => {} };
    const to = (other: () => Http2Connection) => (bytes: Bytes) => {
      for (let at = 0; at < bytes.length;) {
        const size = chunk();
        other().receive(bytes.slice(at, at + size));
        at += size;
      }
      return Promise.resolve();
    };
    this.client = this.#end("client", to(() => this.server), options, { ...events, opened: () => undefined });
    this.server = this.#end("server", to(() => this.client), options, { ...events, opened });
    this.client.start();
    this.server.start();
  }

  #end(
    role: "client" | "server",
    write: (bytes: Bytes) => Promise<void>,
    options: Partial<Http2Options>,
    events: Http2ConnectionEvents,
  ): Http2Connection {
    const queue = new SendQueue(
      { write, behind: () => false, owing() {} },
      (error) => this.errors.push(error),
    );
    this.#queues.push(queue);
    const end = (error: unknown) => this.errors.push(error);
    return new Http2Connection(role, { queue, end, paused: () => false }, { ...OPTIONS, ...options }, events);
  }

  /** Resolves when neither end has anything to send. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 4; i++) for (const queue of this.#queues) await queue.sent();
  }
}

async function send(stream: Http2Stream, message: Bytes): Promise<void> {
  if (stream.congested) await new Promise<void>((resolve) => stream.wait(resolve));
  stream.sendData((buffer) => buffer.writeBytes(message));
}

/** Gathers what comes, and consumes it. */
function gathering(stream: () => Http2Stream, whole: (bytes: Bytes) => void): Http2StreamEvents {
  const chunks: Bytes[] = [];
  const done = () => whole(new Uint8Array(chunks.flatMap((chunk) => [...chunk])));
  return {
    headers: () => {},
    data: (bytes, end) => {
      chunks.push(bytes.slice());
      stream().consumed(bytes.length);
      if (end) done();
    },
    trailers: done,
    reset: (code) => whole(new TextEncoder().encode(`reset ${code}`)),
    lost: () => whole(new TextEncoder().encode("lost")),
  };
}

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`Whatever is sent over small windows and odd chunks comes back from an echo, run ${seed}.`, async () => {
    const next = random(seed);
    const options = {
      initialWindowBytes: [1_000, 5_000, 65_535, 300_000][seed - 1] ?? 1,
      connectionWindowBytes: 70_000,
      maxStreams: 7,
    };
    const pair: Pair = new Pair(options, (stream) =>
      gathering(() => stream, async (bytes) => {
        stream.sendHeaders(RESPONSE, false);
        for (let at = 0; at < bytes.length;) {
          const size = 1 + next(20_000);
          await send(stream, bytes.slice(at, at + size));
          at += size;
        }
        stream.sendHeaders(TRAILERS, true);
      }), () => 1 + next([20, 100, 5_000, 100_000][seed - 1] ?? 1));
    // The client must know how many streams the server takes.
    await pair.quiet();
    const calls = Array.from({ length: 40 }, async (_, i) => {
      const message = Uint8Array.from({ length: next(60_000) }, (_, at) => at * (i + 1));
      const { promise, resolve } = Promise.withResolvers<Bytes>();
      const stream: Http2Stream = pair.client.open(REQUEST, false, gathering(() => stream, resolve));
      for (let at = 0; at < message.length;) {
        const size = 1 + next(20_000);
        await send(stream, message.slice(at, at + size));
        at += size;
      }
      stream.end();
      assertEquals(await promise, message);
    });
    await Promise.all(calls);
    await pair.quiet();
    assertEquals(pair.errors, []);
    assertEquals([pair.client.size, pair.server.size], [0, 0]);
    assertEquals([pair.client.unreadBytes, pair.server.unreadBytes], [0, 0]);
  });
}

Deno.test("Resets by both ends in the middle of everything leave no stream, and their neighbours whole.", async () => {
  const next = random(5);
  const options = { initialWindowBytes: 2_000, connectionWindowBytes: 65_535, maxStreams: 20 };
  const pair: Pair = new Pair(options, (stream) => {
    if (stream.id % 7 === 0) queueMicrotask(() => stream.reset(8));
    return gathering(() => stream, async (bytes) => {
      if (stream.gone) return;
      stream.sendHeaders(RESPONSE, false);
      await send(stream, bytes);
      stream.sendHeaders(TRAILERS, true);
    });
  }, () => 1 + next(3_000));
  await pair.quiet();
  const message = new Uint8Array(10_000).fill(7);
  let whole = 0;
  const calls = Array.from({ length: 200 }, async (_, i) => {
    const { promise, resolve } = Promise.withResolvers<Bytes>();
    const stream: Http2Stream = pair.client.open(REQUEST, false, gathering(() => stream, resolve));
    stream.sendData((buffer) => buffer.writeBytes(message));
    stream.end();
    if (i % 5 === 0) {
      await pair.quiet();
      stream.reset(8);
      return;
    }
    const answer = await promise;
    if (answer.length === message.length) whole++;
    else assertEquals(new TextDecoder().decode(answer), "reset 8");
  });
  await Promise.all(calls);
  await pair.quiet();
  assertEquals(pair.errors, []);
  assertEquals([pair.client.size, pair.server.size], [0, 0]);
  assertEquals([pair.client.unreadBytes, pair.server.unreadBytes], [0, 0]);
  assertEquals(whole > 100, true);
});

Deno.test("A graceful GOAWAY lets every stream end that the client has opened before it heard of it.", async () => {
  const pair: Pair = new Pair({}, (stream) => {
    queueMicrotask(() => stream.sendHeaders(RESPONSE, true));
    return gathering(() => stream, () => {});
  }, () => 50);
  await pair.quiet();
  const answers: string[] = [];
  for (let i = 0; i < 5; i++) {
    pair.client.open(REQUEST, true, {
      headers: () => answers.push("headers"),
      data: () => {},
      trailers: () => {},
      reset: () => answers.push("reset"),
      lost: () => answers.push("lost"),
    });
  }
  pair.server.goAway(0, "bye", true);
  await pair.quiet();
  await pair.client.ping();
  assertEquals(answers, Array.from({ length: 5 }, () => "headers"));
  assertEquals(pair.client.takesStreams, false);
  assertEquals(pair.errors, []);
});

import { assert, assertEquals } from "@std/assert";
import {
  connectOver,
  createClient,
  defineService,
  implement,
  serveOver,
  type ServerStreamingCall,
  TTStreamError,
} from "../mod.ts";
import { text } from "./support/codecs.ts";
import { connectTo, serveLocally } from "./support/loopback.ts";
import { duplexPair } from "./support/pair.ts";
import { rejection } from "./support/rejection.ts";

/** How long the streams run at full speed. */
const RUN_MS = 600;
/** A timer of 5 ms would fire 120 times in that; a machine that is busy with other things, far less. */
const LEAST_TICKS = 6;

const Flood = defineService("Flood", { pour: { kind: "server", request: text, response: text } });
const handler = implement(Flood, {
  async *pour(request) {
    const message = request.repeat(100);
    for (;;) yield message;
  },
});

/** Counts how often a 5 ms timer fires while `work` runs. */
async function ticksDuring(work: Promise<void>): Promise<number> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  return ticks;
}

/** Reads until the time is over, without ever giving way. */
async function readFor(ms: number, messages: AsyncIterable<string>): Promise<void> {
  const end = performance.now() + ms;
  for await (const _ of messages) if (performance.now() > end) break;
}

Deno.test("timers fire while a stream runs at full speed over TCP", async () => {
  await using server = serveLocally(handler);
  await using connection = await connectTo(server);
  const client = createClient(Flood, connection);
  const ticks = await ticksDuring(readFor(RUN_MS, client.pour("0123456789")));
  assert(ticks >= LEAST_TICKS, `a 5 ms timer fired ${ticks} times in ${RUN_MS} ms`);
});

Deno.test("timers fire while a stream runs at full speed in memory", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, handler);
  const connection = connectOver(clientEnd);
  const client = createClient(Flood, connection);
  const ticks = await ticksDuring(readFor(RUN_MS, client.pour("0123456789")));
  assert(ticks >= LEAST_TICKS, `a 5 ms timer fired ${ticks} times in ${RUN_MS} ms`);
  await connection.close();
  await serving.finished;
});

Deno.test("timers fire while four streams run at full speed both ways", async () => {
  await using server = serveLocally(({ readable, writable }) => readable.pipeTo(writable));
  await using connection = await connectTo(server);
  const end = performance.now() + RUN_MS;
  const ticks = await ticksDuring((async () => {
    await Promise.all(Array.from({ length: 4 }, async () => {
      const { readable, writable } = connection.openStream({ service: "Any", method: "Echo" });
      const received = Array.fromAsync(readable, ({ length }) => length);
      const writer = writable.getWriter();
      let sent = 0;
      for (; performance.now() < end; sent++) await writer.write(new Uint8Array(512));
      await writer.close();
      assertEquals((await received).length, sent);
    }));
  })());
  assert(ticks >= LEAST_TICKS, `a 5 ms timer fired ${ticks} times`);
});

Deno.test("a deadline ends a stream that runs at full speed", async () => {
  await using server = serveLocally(handler);
  await using connection = await connectTo(server);
  const client = createClient(Flood, connection);
  const start = performance.now();
  const error = await rejection(readFor(60_000, client.pour("0123456789", { timeoutMs: 300 })));
  assert(error instanceof TTStreamError && error.code === 12015);
  // Far from punctual for a person, and still far from the end of the run.
  assert(performance.now() - start < 10_000);
});

for (
  const [how, iterate] of [
    ["an iterator", (messages) => messages],
    ["a ReadableStream", ({ readable }) => readable],
  ] satisfies [string, (call: ServerStreamingCall<string>) => AsyncIterable<string>][]
) {
  Deno.test(`timers fire while thousands of messages that have come are read by ${how}`, async () => {
    const [clientEnd, serverEnd] = duplexPair();
    let yielded = 0;
    const serving = serveOver(
      serverEnd,
      implement(Flood, {
        async *pour(request) {
          for (; yielded < 40_000; yielded++) yield request;
        },
      }),
    );
    const connection = connectOver(clientEnd);
    await using call = createClient(Flood, connection).pour("a drop");
    await call.trailer;
    let read = 0;
    const ticks = await ticksDuring((async () => {
      for await (const _ of iterate(call)) read++;
    })());
    assertEquals(read, 40_000);
    assert(ticks >= 2, `a 5 ms timer fired ${ticks} times`);
    await connection.close();
    await serving.finished;
  });
}

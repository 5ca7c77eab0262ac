import { assert, assertEquals } from "@std/assert";
import {
  connectOver,
  createClient,
  defineService,
  implement,
  serveOver,
  type ServerStreamingCall,
  TTStreamError,
} from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { rejection } from "../support/rejection.ts";

/** A stream runs until a 5 ms timer has fired so often, which takes a tenth of a second on a quiet machine … */
const ENOUGH_TICKS = 20;
/** … but no longer than this, in milliseconds, however busy the machine is. */
const PATIENCE_MS = 6_000;

const Flood = defineService("Flood", { pour: { kind: "server", request: text, response: text } });
const handler = implement(Flood, {
  async *pour(request) {
    const message = request.repeat(100);
    for (;;) yield message;
  },
});

/** Counts how often a 5 ms timer fires while `work` runs; it may look at the count. */
async function ticksDuring(work: (ticks: () => number) => Promise<void>): Promise<number> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  try {
    await work(() => ticks);
  } finally {
    clearInterval(timer);
  }
  return ticks;
}

/** Whether a stream has run for long enough. */
function until(ticks: () => number): () => boolean {
  const end = performance.now() + PATIENCE_MS;
  return () => ticks() >= ENOUGH_TICKS || performance.now() > end;
}

/** Reads at full speed, without ever giving way. */
async function readUntil(enough: () => boolean, messages: AsyncIterable<string>): Promise<void> {
  for await (const _ of messages) if (enough()) break;
}

async function* eachOf<T>(reader: ReadableStreamDefaultReader<T>): AsyncGenerator<T> {
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

function assertEnough(ticks: number): void {
  assert(ticks >= ENOUGH_TICKS, `a 5 ms timer fired ${ticks} times in ${PATIENCE_MS} ms`);
}

Deno.test("timers fire while a stream runs at full speed over TCP", async () => {
  await using server = serveLocally(handler);
  await using connection = await connectTo(server);
  const client = createClient(Flood, connection);
  const ticks = await ticksDuring((ticks) => readUntil(until(ticks), client.pour("0123456789")));
  assertEnough(ticks);
});

Deno.test("timers fire while a stream runs at full speed in memory", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, handler);
  const connection = connectOver(clientEnd);
  const client = createClient(Flood, connection);
  const ticks = await ticksDuring((ticks) => readUntil(until(ticks), client.pour("0123456789")));
  assertEnough(ticks);
  await connection.close();
  await serving.finished;
});

Deno.test("timers fire while four streams run at full speed both ways", async () => {
  await using server = serveLocally(({ readable, writable }) => readable.pipeTo(writable));
  await using connection = await connectTo(server);
  const ticks = await ticksDuring(async (ticks) => {
    const enough = until(ticks);
    await Promise.all(Array.from({ length: 4 }, async () => {
      const { readable, writable } = connection.openStream({ service: "Any", method: "Echo" });
      const received = Array.fromAsync(readable, ({ length }) => length);
      const writer = writable.getWriter();
      let sent = 0;
      for (; !enough(); sent++) await writer.write(new Uint8Array(512));
      await writer.close();
      assertEquals((await received).length, sent);
    }));
  });
  assertEnough(ticks);
});

Deno.test("a cancel reaches its handler among streams that run at full speed both ways", async () => {
  let begun = Promise.withResolvers<AbortSignal>();
  await using server = serveLocally(async ({ method, readable, writable, signal }) => {
    if (method === "Wait") {
      begun.resolve(signal);
      await aborted(signal);
    } else await readable.pipeTo(writable);
  });
  await using connection = await connectTo(server);
  let over = false;
  const neighbours = Array.from({ length: 4 }, async () => {
    const { readable, writable } = connection.openStream({ service: "Any", method: "Echo" });
    const received = Array.fromAsync(readable, ({ length }) => length);
    const writer = writable.getWriter();
    while (!over) await writer.write(new Uint8Array(1024));
    await writer.close();
    await received;
  });
  for (let cancels = 0; cancels < 10; cancels++) {
    begun = Promise.withResolvers();
    const controller = new AbortController();
    const call = connection.openStream({ service: "Any", method: "Wait" }, { signal: controller.signal });
    const signal = await begun.promise;
    controller.abort();
    await rejection(call.header);
    const reason = await aborted(signal);
    assert(reason instanceof TTStreamError && reason.code === 12007);
  }
  over = true;
  await Promise.all(neighbours);
});

Deno.test("a deadline ends a stream that runs at full speed", async () => {
  await using server = serveLocally(handler);
  await using connection = await connectTo(server);
  const client = createClient(Flood, connection);
  const end = performance.now() + 30_000;
  const late = () => performance.now() > end;
  const error = await rejection(readUntil(late, client.pour("0123456789", { timeoutMs: 300 })));
  assert(error instanceof TTStreamError && error.code === 12015);
});

for (
  const [how, iterate] of [
    ["an iterator", (messages) => messages],
    ["an iterator of `readable`", ({ readable }) => readable],
    ["a reader", ({ readable }) => eachOf(readable.getReader())],
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
    const ticks = await ticksDuring(async () => {
      for await (const _ of iterate(call)) read++;
    });
    assertEquals(read, 40_000);
    assert(ticks >= 2, `a 5 ms timer fired ${ticks} times`);
    await connection.close();
    await serving.finished;
  });
}

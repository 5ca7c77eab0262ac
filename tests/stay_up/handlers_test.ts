/** A shutdown waits for handlers, not for connections; and how long a handler may take. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  BizStatusError,
  createClient,
  defineService,
  type Handler,
  implement,
  TTStreamError,
} from "../../mod.ts";
import { bytes, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { messageOf, rejection } from "../support/rejection.ts";
import { ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { FrameType } from "../../src/ttheader/frame.ts";

const TARGET = { service: "Test", method: "Echo" };

/** Cleans up for as long as the test says. */
class Cleaning {
  readonly #gone = Promise.withResolvers<void>();
  readonly #clean = Promise.withResolvers<void>();
  done = false;

  readonly handler: Handler = async (stream) => {
    stream.sendHeader();
    await aborted(stream.signal);
    this.#gone.resolve();
    await this.#clean.promise;
    this.done = true;
  };

  /** Resolves when its stream has ended. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  finish(): void {
    this.#clean.resolve();
  }
}

async function isOver(promise: PromiseLike<void>): Promise<boolean> {
  const { promise: later, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, 60, false);
  return await Promise.race([promise.then(() => true), later]).finally(() => clearTimeout(timer));
}

for (const when of ["before", "after"]) {
  Deno.test(`server: shutdown waits for a handler whose connection went ${when} it began`, async () => {
    const cleaning = new Cleaning();
    const server = serveLocally(cleaning.handler);
    const connection = await connectTo(server);
    await connection.openStream(TARGET).header;
    let shutdown: Promise<void> | undefined;
    if (when === "after") shutdown = server.shutdown({ graceMs: 3_600_000 });
    connection.abort();
    await cleaning.gone;
    shutdown ??= server.shutdown({ graceMs: 3_600_000 });
    assertEquals(await isOver(shutdown), false);
    assertEquals(await isOver(server.finished), false);
    cleaning.finish();
    await shutdown;
    await server.finished;
    assert(cleaning.done);
  });
}

Deno.test("server: shutdown waits for a handler whose stream was cancelled, on a connection that lives", async () => {
  const cleaning = new Cleaning();
  const server = serveLocally(cleaning.handler);
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  await stream.header;
  await stream.cancel();
  await cleaning.gone;
  const shutdown = server.shutdown({ graceMs: 3_600_000 });
  assertEquals(await isOver(shutdown), false);
  cleaning.finish();
  await shutdown;
  assert(cleaning.done);
});

Deno.test("server: the end of its scope waits for such a handler too", async () => {
  const cleaning = new Cleaning();
  const server = serveLocally(cleaning.handler);
  const connection = await connectTo(server);
  await connection.openStream(TARGET).header;
  connection.abort();
  await cleaning.gone;
  const disposed = server[Symbol.asyncDispose]();
  assertEquals(await isOver(disposed), false);
  cleaning.finish();
  await disposed;
});

for (const graceMs of [0, 80]) {
  Deno.test(`server: a handler whose connection has gone is waited for no longer than a grace of ${graceMs} ms`, async () => {
    const cleaning = new Cleaning();
    const server = serveLocally(cleaning.handler);
    const connection = await connectTo(server);
    await connection.openStream(TARGET).header;
    connection.abort();
    await cleaning.gone;
    const began = performance.now();
    await server.shutdown({ graceMs });
    const took = performance.now() - began;
    assert(took >= graceMs - 2 && took < graceMs + 2_000, `${took} ms`);
    assertEquals(cleaning.done, false);
    cleaning.finish();
  });
}

Deno.test("handlerTimeoutMs: the stream ends with 12015 at both ends, whatever the handler does", async () => {
  const cleaning = new Cleaning();
  const reasons: unknown[] = [];
  const errors: unknown[] = [];
  await using server = serveLocally(async (stream) => {
    aborted(stream.signal).then((reason) => reasons.push(reason));
    stream.trailer.set("so-far", "1");
    await cleaning.handler(stream);
    throw reasons[0];
  }, { handlerTimeoutMs: 60, onError: (error) => errors.push(error) });
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  const error = await rejection(stream.closed);
  assert(error instanceof TTStreamError);
  assertEquals(
    error.message,
    "[ttstream error, code=12015] [client-side stream] stream timeout, timeout in ctx: 60ms",
  );
  assertEquals([error.code, error.retryable, error.service, error.method], [12015, false, "Test", "Echo"]);
  assertEquals((await stream.trailer.catch(() => new Map())).get("so-far"), "1");
  await cleaning.gone;
  assertEquals(reasons.map(messageOf), [
    "[ttstream error, code=12015] [server-side stream] stream timeout, timeout in ctx: 60ms",
  ]);
  cleaning.finish();
  await server.shutdown();
  // It only handed its stream's end on.
  assertEquals(errors, []);
});

Deno.test("handlerTimeoutMs: a handler that is in time is none the wiser, and its timer is gone", async () => {
  await using script = new ServerScript((stream) => stream.send(bytes("in time")), {
    handlerTimeoutMs: 3_600_000,
  });
  await script.header();
  await script.peer.expect(FrameType.Header);
  await script.peer.expect(FrameType.Data);
  await script.peer.expect(FrameType.Trailer);
});

Deno.test("handlerTimeoutMs: it reaches typed handlers of each kind, and their generators come to their finally", async () => {
  const Test = defineService("Test", {
    list: { kind: "server", request: text, response: text },
    sum: { kind: "client", request: text, response: text },
    chat: { kind: "bidirectional", request: text, response: text },
  });
  const cleaned: string[] = [];
  await using server = serveLocally(
    implement(Test, {
      async *list(_request, { signal }) {
        try {
          yield "one";
          await aborted(signal);
        } finally {
          cleaned.push("list");
        }
      },
      async sum({ readable }) {
        try {
          return (await Array.fromAsync(readable)).join();
        } finally {
          cleaned.push("sum");
        }
      },
      async chat({ readable }) {
        try {
          await Array.fromAsync(readable);
        } finally {
          cleaned.push("chat");
        }
      },
    }),
    { handlerTimeoutMs: 50 },
  );
  await using connection = await connectTo(server);
  const client = createClient(Test, connection);
  const calls = [client.list("go"), client.sum(), client.chat()];
  for (const { closed } of calls) assertMatch(messageOf(await rejection(closed)), /code=12015/);
  await server.shutdown();
  assertEquals(cleaned.toSorted(), ["chat", "list", "sum"]);
});

Deno.test("errors name the stream's service and method at both ends, whatever ended it; the text stays Kitex's", async () => {
  const ends: Record<string, (signal: AbortSignal) => Promise<void>> = {
    Throws: () => Promise.reject(new Error("boom")),
    Waits: async (signal) => {
      throw await aborted(signal);
    },
    Biz: () => Promise.reject(new BizStatusError(7, "no")),
  };
  const atServer: unknown[] = [];
  await using pair = await TcpPair.open(async (stream) => {
    aborted(stream.signal).then((reason) => atServer.push(reason));
    stream.sendHeader();
    await ends[stream.method]?.(stream.signal);
  });
  const thrown = await rejection(pair.connection.openStream({ ...TARGET, method: "Throws" }).closed);
  const canceled = pair.connection.openStream({ ...TARGET, method: "Waits" });
  await canceled.header;
  await canceled.cancel(new Error("enough"));
  const own = await rejection(canceled.closed);
  const lost = pair.connection.openStream({ ...TARGET, method: "Waits" });
  await lost.header;
  await pair.server.shutdown({ graceMs: 0 });
  const cut = await rejection(lost.closed);
  const late = await rejection(pair.connection.openStream(TARGET).closed);
  const named = [thrown, own, cut, late, ...atServer];
  assertEquals(
    named.map((error) => error instanceof TTStreamError && `${error.code} ${error.service}/${error.method}`),
    [
      "12001 Test/Throws",
      "12008 Test/Waits",
      "12001 Test/Waits",
      "12006 Test/Echo",
      "12012 Test/Throws",
      "12008 Test/Waits",
      "12013 Test/Waits",
    ],
  );
  for (const error of named) {
    assertEquals(/Test|Throws|Waits|Echo/.test(messageOf(error)), false, messageOf(error));
  }
});

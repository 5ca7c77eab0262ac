/** A handler that lives for hours hears of a shutdown when it begins, not when it is cut. */
import { assert, assertEquals } from "@std/assert";
import {
  connectOver,
  createClient,
  defineService,
  type Handler,
  implement,
  serveOver,
  wrapStream,
} from "../../mod.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { rejectionText } from "../support/rejection.ts";

const TARGET = { service: "Test", method: "Echo" };

/** Runs until the server drains, and says goodbye. */
function polite(started: () => void): Handler {
  return async (stream) => {
    await stream.send(bytes("hello"));
    started();
    await aborted(stream.draining);
    assertEquals(stream.signal.aborted, false);
    await stream.send(bytes("goodbye"));
    stream.trailer.set("resume-at", "17");
  };
}

Deno.test("server: draining aborts when shutdown begins, the signal does not, and the handler says goodbye", async () => {
  const started = Promise.withResolvers<void>();
  await using server = serveLocally(polite(started.resolve));
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  const messages = Array.fromAsync(stream, string);
  await started.promise;
  await server.shutdown({ graceMs: 3_600_000 });
  assertEquals(await messages, ["hello", "goodbye"]);
  assertEquals((await stream.trailer).get("resume-at"), "17");
  await stream.closed;
});

Deno.test("server: a handler that looks at draining after the shutdown has begun finds it aborted", async () => {
  const begun = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<unknown>();
  await using server = serveLocally(async (stream) => {
    started.resolve();
    await begun.promise;
    assert(stream.draining.aborted);
    seen.resolve(stream.draining.reason);
  });
  await using connection = await connectTo(server);
  connection.openStream(TARGET);
  await started.promise;
  const shutdown = server.shutdown({ graceMs: 3_600_000 });
  begun.resolve();
  assertEquals(String(await seen.promise), "Error: server is shutting down");
  await shutdown;
});

Deno.test("server: draining reaches typed methods, and those behind wrapStream", async () => {
  const Test = defineService("Test", { watch: { kind: "server", request: text, response: text } });
  let started = Promise.withResolvers<void>();
  const handler = implement(Test, {
    async *watch(_request, { draining }) {
      started.resolve();
      yield "here";
      await aborted(draining);
      yield "going";
    },
  });
  const wrapped: Handler = (stream) => handler(wrapStream(stream, {}));
  const piped: Handler = (stream) =>
    handler(wrapStream(stream, { readable: stream.readable.pipeThrough(new TransformStream()) }));
  for (const each of [handler, wrapped, piped]) {
    started = Promise.withResolvers<void>();
    await using server = serveLocally(each);
    await using connection = await connectTo(server);
    const messages = Array.fromAsync(createClient(Test, connection).watch("go"));
    await started.promise;
    await server.shutdown({ graceMs: 3_600_000 });
    assertEquals(await messages, ["here", "going"]);
  }
});

Deno.test("server: draining stays quiet when a stream ends otherwise: by a cancel, a cut, an abort of its connection", async () => {
  for (const end of ["cancel", "cut", "abort"]) {
    const state = Promise.withResolvers<boolean>();
    const started = Promise.withResolvers<void>();
    const [near, far] = duplexPair();
    const server = serveOver(near, async (stream) => {
      const { draining } = stream;
      started.resolve();
      await aborted(stream.signal);
      state.resolve(draining.aborted);
    });
    const connection = connectOver(far);
    const stream = connection.openStream(TARGET);
    await started.promise;
    if (end === "cancel") await stream.cancel();
    if (end === "cut") connection.abort();
    if (end === "abort") server.abort();
    assertEquals(await state.promise, false, end);
    connection.abort();
    server.abort();
    await Promise.all([connection.closed.catch(() => {}), server.finished.catch(() => {})]);
  }
});

Deno.test("server: a handler that fails when it hears of the draining does not keep the others from hearing", async () => {
  const heard: number[] = [];
  const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  await using server = serveLocally(async (stream) => {
    const me = count++;
    started[me]?.resolve();
    await aborted(stream.draining);
    heard.push(me);
    if (me === 0) throw new Error("not me");
  }, { onError: () => {} });
  await using connection = await connectTo(server);
  const streams = [connection.openStream(TARGET), connection.openStream(TARGET)];
  await Promise.all(started.map(({ promise }) => promise));
  await server.shutdown({ graceMs: 3_600_000 });
  assertEquals(heard.toSorted(), [0, 1]);
  assertEquals(
    await rejectionText(streams[0]?.closed ?? Promise.resolve()),
    "[ttstream error, code=12001] [client-side stream] biz error: not me",
  );
  await streams[1]?.closed;
});

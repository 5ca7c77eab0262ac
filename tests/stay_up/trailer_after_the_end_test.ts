/** Writing down usage in a `finally` is no mistake, however the stream has ended. */
import { assertEquals, assertThrows } from "@std/assert";
import { BizStatusError, type Handler, type ServerStream } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload } from "../support/wire_peer.ts";

const TARGET = { service: "Test", method: "Echo" };

/** Waits for the end, passes it on, and writes the usage down in each way there is. */
function billed(done: (error?: unknown) => void): Handler {
  return async (stream) => {
    try {
      throw await aborted(stream.signal);
    } finally {
      try {
        stream.trailer.set("tokens", "17");
        stream.trailer.set("model", "m");
        stream.trailer.delete("model");
        assertEquals([...stream.trailer], [["tokens", "17"]]);
        stream.trailer.clear();
        stream.trailer.set("tokens", "18");
        done();
      } catch (error) {
        done(error);
      }
    }
  };
}

Deno.test("server: trailer.set() in a finally after a cancel is accepted, sends nothing and is nobody's fault", async () => {
  const done = Promise.withResolvers<unknown>();
  await using script = new ServerScript(billed(done.resolve));
  await script.header();
  await script.peer.send({
    type: FrameType.Rst,
    payload: exceptionPayload({ type: 12007, message: "enough" }),
  });
  assertEquals(await done.promise, undefined);
  assertEquals(await script.left(), []);
  assertEquals(script.errors, []);
});

Deno.test("server: so it is with a trailer that had been touched before, over TCP", async () => {
  const done = Promise.withResolvers<unknown>();
  const started = Promise.withResolvers<void>();
  const inner = billed(done.resolve);
  await using pair = await TcpPair.open((stream) => {
    stream.trailer.set("early", "1");
    stream.trailer.delete("early");
    started.resolve();
    return inner(stream);
  });
  const stream = pair.connection.openStream(TARGET);
  await started.promise;
  await stream.cancel();
  assertEquals(await done.promise, undefined);
  assertEquals(pair.errors, []);
});

Deno.test("server: so it is after a lost connection, a time-out of the handler and a shutdown", async () => {
  for (const end of ["lost", "timeout", "shutdown"]) {
    const done = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const inner = billed(done.resolve);
    const errors: unknown[] = [];
    const handler: Handler = (stream) => {
      started.resolve();
      return inner(stream);
    };
    await using server = serveLocally(handler, {
      onError: (error) => errors.push(error),
      handlerTimeoutMs: end === "timeout" ? 20 : 60_000,
    });
    await using connection = await connectTo(server);
    connection.openStream(TARGET);
    await started.promise;
    if (end === "lost") connection.abort();
    if (end === "shutdown") await server.shutdown({ graceMs: 0 });
    assertEquals(await done.promise, undefined, end);
    assertEquals(errors, [], end);
  }
});

Deno.test("server: what a finally has set goes with a business error, and with a handler's own", async () => {
  for (const error of [new BizStatusError(7, "no"), new Error("boom")]) {
    await using pair = await TcpPair.open((stream) => {
      try {
        throw error;
      } finally {
        stream.trailer.set("tokens", "17");
      }
    });
    assertEquals((await pair.connection.openStream(TARGET).trailer).get("tokens"), "17");
  }
});

Deno.test("server: after the handler has returned the trailer has been sent, or never will be, and says so", async () => {
  for (const cancel of [false, true]) {
    const kept = Promise.withResolvers<ServerStream>();
    await using pair = await TcpPair.open(async (stream) => {
      kept.resolve(stream);
      if (cancel) await aborted(stream.signal);
    });
    const call = pair.connection.openStream(TARGET);
    const stream = await kept.promise;
    if (cancel) await call.cancel();
    await aborted(stream.signal);
    await call.trailer.catch(() => {});
    assertThrows(() => stream.trailer.set("late", "1"), TypeError, "the trailer has been sent");
  }
});

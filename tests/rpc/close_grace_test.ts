/** `Connection.close({ graceMs })`: what has not ended within the grace is cancelled. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FrameType } from "../../src/ttheader/frame.ts";
import { CALLS } from "../support/calls.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { OWN } from "../support/forms.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";
import { ClientScript, lineOf } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { turns } from "../support/turns.ts";
import { untyped } from "../support/untyped.ts";

for (const { name, open } of CALLS) {
  Deno.test(`close() with a grace cancels a stream that nobody reads, which it would wait for without end: ${name}`, async () => {
    const ended = Promise.withResolvers<string>();
    const entered = Promise.withResolvers<void>();
    await using pair = await TcpPair.open(async (stream) => {
      entered.resolve();
      ended.resolve(messageOf(await aborted(stream.signal)));
      throw stream.signal.reason;
    });
    const call = open(pair.connection, OWN);
    await entered.promise;
    await pair.connection.close({ graceMs: 20 });
    await pair.connection.closed;
    assertStringIncludes(await rejectionText(call.closed), "code=12007");
    assertStringIncludes(await ended.promise, "[canceled path: ServiceA]");
    assertEquals(pair.errors, []);
  });
}

Deno.test("a stream that ends within the grace is let be, and close() resolves then", async () => {
  const go = Promise.withResolvers<void>();
  await using pair = await TcpPair.open(async (stream) => {
    await go.promise;
    await stream.send(bytes("done"));
  });
  const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
  const closing = pair.connection.close({ graceMs: 60_000 });
  go.resolve();
  assertEquals((await Array.fromAsync(stream)).map(string), ["done"]);
  await stream.closed;
  await closing; // a timer that is left would fail the test
});

Deno.test("a grace of nothing cancels at once", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const closing = script.connection.close({ graceMs: 0 });
  assertStringIncludes(await rejectionText(stream.closed), "code=12007");
  assertEquals(lineOf(await script.peer.expect(FrameType.Header)), "Header {isn: Test}");
  await script.peer.expect(FrameType.Rst);
  await script.peer.expect(FrameType.Trailer);
  assertEquals(await script.peer.next(), undefined);
  await closing;
});

Deno.test("of several graces the sooner counts, also of one that was none", async () => {
  for (const graces of [[60_000, 5], [5, 60_000], [undefined, 5], [5, undefined]]) {
    await using script = new ClientScript();
    const stream = script.open();
    const closings = graces.map((graceMs) => script.connection.close({ graceMs }));
    assertStringIncludes(await rejectionText(stream.closed), "code=12007");
    await script.peer.close();
    await Promise.all(closings);
  }
});

Deno.test("close() without a grace waits for what is open", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  let closed = false;
  const closing = script.connection.close().then(() => closed = true);
  await turns(20);
  assertEquals(closed, false);
  await script.peer.send({ type: FrameType.Trailer });
  await stream.closed;
  await script.peer.close();
  await closing;
});

Deno.test("a connection that is lost within the grace leaves no timer", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const closing = script.connection.close({ graceMs: 60_000 });
  await script.peer.close();
  assertStringIncludes(await rejectionText(stream.closed), "code=12006");
  await closing;
});

Deno.test("a grace that is no time is refused, and the connection stays open", async () => {
  await using script = new ClientScript();
  for (const wrong of [-1, NaN, Infinity, "5"]) {
    await assertRejects(
      () => script.connection.close({ graceMs: untyped<number>(wrong) }),
      RangeError,
      "graceMs must be a finite number",
    );
  }
  script.open();
  assertEquals(lineOf(await script.peer.expect(FrameType.Header)), "Header {isn: Test}");
});

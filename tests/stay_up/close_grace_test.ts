/** A stream that nobody reads does not keep a connection open for ever. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { bytes } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { TcpPair } from "../support/tcp.ts";
import { untyped } from "../support/untyped.ts";

const TARGET = { service: "Test", method: "Echo" };
const CANCELED = /^\[ttstream error, code=12007\] \[client-side stream\] /;

Deno.test("client: close({ graceMs }) cancels what is left after the grace, and the server hears why", async () => {
  const reasons: unknown[] = [];
  const started = Promise.withResolvers<void>();
  await using pair = await TcpPair.open(async ({ signal }) => {
    started.resolve();
    reasons.push(await aborted(signal));
  });
  const stream = pair.connection.openStream(TARGET);
  await started.promise;
  await pair.connection.close({ graceMs: 20 });
  assert(CANCELED.test(await rejectionText(stream.closed)));
  await pair.server.shutdown();
  assertEquals(reasons.map(messageOf).map((text) => text.slice(0, 72)), [
    "[ttstream error, code=12007] [server-side stream] [canceled path: Servic",
  ]);
});

Deno.test("client: a stream that nobody reads, stalled by back-pressure, does not outlive the grace", async () => {
  const errors: unknown[] = [];
  await using server = serveLocally(async (stream) => {
    for (;;) await stream.send(new Uint8Array(64 * 1024));
  }, { onError: (error) => errors.push(error) });
  const connection = await connectTo(server, { maxBufferedBytes: 64 * 1024 });
  const stream = connection.openStream(TARGET);
  await stream.header;
  await connection.close({ graceMs: 20 });
  assert(CANCELED.test(await rejectionText(stream.closed)));
  await connection.closed;
});

Deno.test("client: close({ graceMs: 0 }) cancels at once, in one Rst and one Trailer for each stream", async () => {
  await using script = new ClientScript({});
  script.open();
  script.open();
  const closed = script.connection.close({ graceMs: 0 });
  const types: FrameType[] = [];
  for (let frame = await script.peer.next(); frame !== undefined; frame = await script.peer.next()) {
    types.push(frame.type);
  }
  await closed;
  const { Header, Rst, Trailer } = FrameType;
  assertEquals(types, [Header, Header, Rst, Trailer, Rst, Trailer]);
});

Deno.test("client: close() waits for open streams, within its grace and without one, and opens none meanwhile", async () => {
  for (const options of [undefined, {}, { graceMs: undefined }, { graceMs: 3_600_000 }]) {
    const go = Promise.withResolvers<void>();
    await using pair = await TcpPair.open(async (stream) => {
      await go.promise;
      await stream.send(bytes("done"));
    });
    const stream = pair.connection.openStream(TARGET);
    const messages = Array.fromAsync(stream);
    const closed = pair.connection.close(options);
    const late = pair.connection.openStream(TARGET);
    assertEquals(
      await rejectionText(late.closed),
      "[ttstream error, code=12006] transport is closing",
    );
    go.resolve();
    assertEquals((await messages).length, 1);
    await closed;
    await pair.connection.closed;
  }
});

Deno.test("client: a second close with a grace ends what the first would wait for without end", async () => {
  await using pair = await TcpPair.open(({ signal }) => aborted(signal).then(() => {}));
  const stream = pair.connection.openStream(TARGET);
  const first = pair.connection.close();
  await pair.connection.close({ graceMs: 0 });
  await first;
  assert(CANCELED.test(await rejectionText(stream.closed)));
});

Deno.test("client: a second close with a longer grace does not take the first's away", async () => {
  await using pair = await TcpPair.open(({ signal }) => aborted(signal).then(() => {}));
  pair.connection.openStream(TARGET);
  const first = pair.connection.close({ graceMs: 20 });
  const second = pair.connection.close({ graceMs: 3_600_000 });
  await Promise.all([first, second]);
});

for (const graceMs of [-1, NaN, Infinity, "5", null, 1n]) {
  Deno.test(`client: close({ graceMs: ${typeof graceMs} ${graceMs} }) is refused, and the connection goes on`, async () => {
    await using pair = await TcpPair.open((stream) => stream.send(bytes("here")));
    await assertRejects(
      () => pair.connection.close({ graceMs: untyped<number>(graceMs) }),
      RangeError,
      "graceMs must be a finite number of milliseconds, 0 or more",
    );
    assertEquals((await Array.fromAsync(pair.connection.openStream(TARGET))).length, 1);
  });
}

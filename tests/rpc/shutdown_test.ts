import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  type ClientStream,
  connect,
  connectOver,
  type Handler,
  serve,
  serveOver,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { settled } from "../support/settle.ts";
import { exceptionOf, WirePeer } from "../support/wire_peer.ts";

const TARGET = { service: "TestService", method: "Echo" };
const SHUTTING_DOWN = "[ttstream error, code=12001] [client-side stream] server is shutting down";
const LOST = "[ttstream error, code=12006] connection closed by peer";
const CUT = "[ttstream error, code=12013] canceled by connection closed";
const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);

/** Handlers that run until their stream ends, or for ever. */
class Endless {
  readonly reasons: unknown[] = [];
  readonly #started = Promise.withResolvers<void>();
  readonly #finish = Promise.withResolvers<void>();
  readonly #stubborn: boolean;

  constructor(options: { stubborn?: boolean } = {}) {
    this.#stubborn = options.stubborn ?? false;
  }

  readonly handler: Handler = async (stream) => {
    stream.sendHeader();
    this.#started.resolve();
    if (this.#stubborn) {
      aborted(stream.signal).then((reason) => this.reasons.push(reason));
      await this.#finish.promise;
    } else {
      this.reasons.push(await aborted(stream.signal));
    }
  };

  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Lets stubborn handlers return. */
  finish(): void {
    this.#finish.resolve();
  }
}

const endOf = (stream: ClientStream) => rejectionText(stream.readable.getReader().read());

Deno.test("shutdown() closes idle connections at once and takes no new ones", async () => {
  const server = serveLocally(echo);
  const connections = await Promise.all([connectTo(server), connectTo(server), connectTo(server)]);
  const used = connections[0]?.openStream(TARGET);
  await used?.writable.close();
  await used?.trailer;
  // The grace is far longer than the test may run.
  await server.shutdown({ graceMs: 3_600_000 });
  for (const { closed } of connections) assertEquals(await rejectionText(closed), LOST);
  await assertRejects(() => connectTo(server), Error, "Connection refused");
  await server.finished;
});

Deno.test("shutdown() lets running handlers end well, refuses new streams, and then closes", async () => {
  const server = serveLocally(echo);
  const connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await writer.write(bytes("before"));
  assertEquals(string((await reader.read()).value), "before");
  const shutdown = server.shutdown({ graceMs: 3_600_000 });
  assertEquals(await endOf(connection.openStream(TARGET)), SHUTTING_DOWN);
  await writer.write(bytes("after"));
  assertEquals(string((await reader.read()).value), "after");
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await shutdown;
  assertEquals(await rejectionText(connection.closed), LOST);
});

Deno.test("a stream refused during shutdown gets Header and Trailer with exception 6", async () => {
  const { handler, started } = new Endless();
  const server = serveLocally(handler);
  const { hostname, port } = server.addr;
  await using peer = new WirePeer(await Deno.connect({ hostname, port }));
  await peer.send({ type: FrameType.Header, streamId: 1 });
  await started;
  const shutdown = server.shutdown({ graceMs: 3_600_000 });
  await peer.expect(FrameType.Header);
  await peer.expect(FrameType.Meta);
  await peer.send({ type: FrameType.Header, streamId: 2, method: "Late" });
  const header = await peer.expect(FrameType.Header);
  const trailer = await peer.expect(FrameType.Trailer);
  assertEquals([header.streamId, header.method, trailer.streamId, trailer.method], [2, "Late", 2, "Late"]);
  assertEquals(exceptionOf(trailer), { type: 6, message: "server is shutting down" });
  await server.shutdown({ graceMs: 0 });
  await shutdown;
});

Deno.test("what is left after the grace gets exception 6, its signal 12013, and the cut", async () => {
  const endless = new Endless();
  const reported: unknown[] = [];
  const server = serveLocally(endless.handler, { onError: (error) => void reported.push(error) });
  const connection = await connectTo(server, { serviceName: "ServiceA" });
  const stream = connection.openStream(TARGET);
  await endless.started;
  await server.shutdown({ graceMs: 30 });
  assertEquals(await endOf(stream), SHUTTING_DOWN);
  assertEquals((await stream.trailer).size, 0);
  assertEquals(await rejectionText(connection.closed), LOST);
  assertEquals(endless.reasons.map(messageOf), [CUT]);
  const [reason] = endless.reasons;
  assert(reason instanceof TTStreamError && reason.side === undefined && reason.cancelPath.length === 0);
  assertEquals(reported, []);
});

Deno.test("a client that floods the server still reads why it was cut", async () => {
  const endless = new Endless();
  const server = serveLocally(endless.handler);
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  const writer = stream.writable.getWriter();
  let written = 0;
  const flooded = rejectionText((async () => {
    for (;; written++) await writer.write(new Uint8Array(64 * 1024));
  })());
  await endless.started;
  await settled(() => written);
  await server.shutdown({ graceMs: 0 });
  assertEquals(await endOf(stream), SHUTTING_DOWN);
  assertEquals(await flooded, SHUTTING_DOWN);
});

Deno.test("a read and a write of a handler that waits reject when the server is cut", async () => {
  const ends: string[] = [];
  const started = Promise.withResolvers<void>();
  const server = serveLocally(async ({ readable, writable }) => {
    started.resolve();
    ends.push(await rejectionText(readable.getReader().read()));
    ends.push(await rejectionText(writable.getWriter().write(bytes("x"))));
  });
  await using connection = await connectTo(server);
  connection.openStream(TARGET);
  await started.promise;
  await server.shutdown({ graceMs: 0 });
  await Promise.resolve();
  assertEquals(ends, [CUT, CUT]);
});

Deno.test("handlers that ignore their signal do not keep the server from finishing", async () => {
  const endless = new Endless({ stubborn: true });
  const server = serveLocally(endless.handler);
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  await endless.started;
  await server.shutdown({ graceMs: 10 });
  await server.finished;
  assertEquals(endless.reasons.map(messageOf), [CUT]);
  assertEquals(await endOf(stream), SHUTTING_DOWN);
  endless.finish();
});

Deno.test("a handler whose stream was cancelled still has the grace to return in", async () => {
  const endless = new Endless({ stubborn: true });
  const server = serveLocally(endless.handler);
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  await endless.started;
  await stream.readable.cancel();
  const shutdown = server.shutdown({ graceMs: 3_600_000 });
  assert((await refusalText(server.addr.port)).startsWith("cannot connect"));
  endless.finish();
  await shutdown;
});

/** How connecting fails, once the listener has taken who came before its end. */
async function refusalText(port: number): Promise<string> {
  for (;;) {
    try {
      const connection = await connect({ port });
      await rejection(connection.closed);
    } catch (error) {
      return messageOf(error);
    }
  }
}

Deno.test("of two shutdowns the shorter grace wins, whichever comes first", async () => {
  for (const graces of [[3_600_000, 20], [20, 3_600_000], [3_600_000, 0], [Number.MAX_VALUE, 20]]) {
    const endless = new Endless();
    const server = serveLocally(endless.handler);
    await using connection = await connectTo(server);
    const stream = connection.openStream(TARGET);
    await endless.started;
    await Promise.all(graces.map((graceMs) => server.shutdown({ graceMs })));
    assertEquals(await endOf(stream), SHUTTING_DOWN);
  }
});

Deno.test("a grace longer than a timer can be is no grace of 1 ms", async () => {
  const server = serveLocally(echo);
  const connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await writer.write(bytes("before"));
  await reader.read();
  const shutdown = server.shutdown({ graceMs: 2 ** 31 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await writer.write(bytes("after"));
  assertEquals(string((await reader.read()).value), "after");
  await writer.close();
  assertEquals((await reader.read()).done, true);
  await shutdown;
  await rejection(connection.closed);
});

Deno.test("a graceMs that is no time rejects with RangeError, and shuts nothing down", async () => {
  await using server = serveLocally(echo);
  for (const graceMs of [-1, NaN, Infinity]) {
    const message = `graceMs must be a finite number of milliseconds, 0 or more, got ${graceMs}`;
    await assertRejects(() => server.shutdown({ graceMs }), RangeError, message);
  }
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  await stream.writable.close();
  assertEquals((await stream.trailer).size, 0);
});

Deno.test("shutdown() of a server that has shut down resolves, and finished is one promise", async () => {
  const server = serveLocally(echo);
  assertStrictEquals(server.finished, server.finished);
  await Promise.all([server.shutdown(), server.shutdown()]);
  await server.shutdown({ graceMs: 0 });
  await server.finished;
});

Deno.test("await using on a server shuts it down with the default grace", async () => {
  let port: number;
  {
    await using server = serveLocally(echo);
    port = server.addr.port;
    await using connection = await connectTo(server);
    const stream = connection.openStream(TARGET);
    await stream.writable.close();
    await stream.trailer;
  }
  await using again = serve({ port, hostname: "127.0.0.1" }, echo);
  assertEquals(again.addr.port, port);
});

Deno.test("the signal option cuts at once", async () => {
  const endless = new Endless();
  const controller = new AbortController();
  const server = serveLocally(endless.handler, { signal: controller.signal });
  await using connection = await connectTo(server);
  const stream = connection.openStream(TARGET);
  await endless.started;
  controller.abort();
  assertEquals(await endOf(stream), SHUTTING_DOWN);
  await server.finished;
  assertEquals(endless.reasons.map(messageOf), [CUT]);
});

Deno.test("a server with a signal that has aborted finishes without having served", async () => {
  const server = serveLocally(echo, { signal: AbortSignal.abort() });
  await server.finished;
  await assertRejects(() => connectTo(server), Error, "Connection refused");
});

Deno.test("a server takes its listener off the signal when it has finished", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const server = serveLocally(echo, { signal });
  assertEquals(listeners, 1);
  await server.shutdown();
  assertEquals(listeners, 0);
});

Deno.test("serveOver: abort() ends the streams with its reason's text, or as a shutdown does", async () => {
  for (
    const [reason, text] of [
      [undefined, SHUTTING_DOWN],
      [new Error("no more"), "[ttstream error, code=12001] [client-side stream] no more"],
      ["maintenance", "[ttstream error, code=12001] [client-side stream] maintenance"],
    ] as const
  ) {
    const endless = new Endless();
    const [clientEnd, serverEnd] = duplexPair();
    const serving = serveOver(serverEnd, endless.handler);
    const connection = connectOver(clientEnd);
    const stream = connection.openStream(TARGET);
    await endless.started;
    serving.abort(reason);
    assertEquals(await endOf(stream), text);
    await serving.finished;
    assertEquals(await rejectionText(connection.closed), LOST);
    assertEquals(endless.reasons.map(messageOf), [CUT]);
  }
});

Deno.test("serveOver: finished resolves when the client hangs up, and the signal option cuts", async () => {
  const [clientEnd, serverEnd] = duplexPair();
  const serving = serveOver(serverEnd, echo);
  await connectOver(clientEnd).close();
  await serving.finished;

  const controller = new AbortController();
  const [otherClientEnd, otherServerEnd] = duplexPair();
  const endless = new Endless();
  const other = serveOver(otherServerEnd, endless.handler, { signal: controller.signal });
  const stream = connectOver(otherClientEnd).openStream(TARGET);
  await endless.started;
  controller.abort();
  assertEquals(await endOf(stream), SHUTTING_DOWN);
  await other.finished;
});

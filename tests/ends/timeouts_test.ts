// timeoutMs and recvTimeoutMs. Real clocks: a test waits for the event, and never for a duration of its own.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { createClient, defineService, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { rejection, rejectionText } from "../support/rejection.ts";
import { CANCELED, ClientScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const header: FrameInit = { type: FrameType.Header };
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });
/** Never reached: a timer that is left behind fails its test. */
const LONG_MS = 600_000;

const Test = defineService("Test", {
  list: { kind: "server", request: text, response: text },
  sum: { kind: "client", request: text, response: text },
});

/** Durations as Go prints them. */
for (const [ms, printed] of [[30, "30ms"], [1.5, "1.5ms"], [0.25, "250µs"]] as const) {
  Deno.test(`timeoutMs ${ms}: the stream ends with 12015 and ${printed}, at home and on the wire`, async () => {
    await using script = new ClientScript();
    const stream = script.open({ timeoutMs: ms });
    const reader = stream.readable.getReader();
    const error = await rejection(reader.read());
    assertInstanceOf(error, TTStreamError);
    const description = `stream timeout, timeout in ctx: ${printed}`;
    assertEquals(error.message, `[ttstream error, code=12015] [client-side stream] ${description}`);
    assertEquals([error.kind, error.description, error.cause], ["timeout", description, undefined]);
    assertStrictEquals(await rejection(stream.writable.getWriter().write(bytes("x"))), error);
    assertStrictEquals(await rejection(stream.header), error);
    assertStrictEquals(await rejection(stream.trailer), error);
    assertEquals(await script.left(), [
      "Header {isn: Test}",
      `Rst 12015 ${description} {ttscp: ServiceA}`,
      "Trailer",
    ]);
  });

  Deno.test(`recvTimeoutMs ${ms}: a read that waits rejects with 12014 and ${printed}, at home and on the wire`, async () => {
    await using script = new ClientScript();
    const stream = script.open({ recvTimeoutMs: ms });
    const error = await rejection(stream.readable.getReader().read());
    assertInstanceOf(error, TTStreamError);
    const description = `stream Recv timeout, timeout config={Timeout:${printed} DisableCancelRemote:false}`;
    assertEquals(error.message, `[ttstream error, code=12014] [client-side stream] ${description}`);
    assertEquals([error.kind, error.description], ["timeout", description]);
    assertStrictEquals(await rejection(stream.writable.getWriter().write(bytes("x"))), error);
    assertStrictEquals(await rejection(stream.trailer), error);
    assertEquals(await script.left(), [
      "Header {isn: Test}",
      `Rst 12014 ${description} {ttscp: ServiceA}`,
      "Trailer",
    ]);
  });
}

Deno.test("a time-out of the client is a cancel at the server, over TCP, with the client's text", async () => {
  const reasons: unknown[] = [];
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using pair = await TcpPair.open(async (stream) => {
    reasons.push(await aborted(stream.signal));
    (reasons.length === 1 ? one : two).resolve();
  });
  const target = { service: "Test", method: "Echo" };
  await rejection(pair.connection.openStream(target, { timeoutMs: 30 }).trailer);
  await one.promise;
  await rejection(pair.connection.openStream(target, { recvTimeoutMs: 30 }).readable.getReader().read());
  await two.promise;
  assertEquals(reasons.map((reason) => reason instanceof TTStreamError && [reason.message, reason.kind]), [
    [
      "[ttstream error, code=12015] [server-side stream] [canceled path: ServiceA] stream timeout, timeout in ctx: 30ms",
      "canceled",
    ],
    [
      "[ttstream error, code=12014] [server-side stream] [canceled path: ServiceA] stream Recv timeout, timeout config={Timeout:30ms DisableCancelRemote:false}",
      "canceled",
    ],
  ]);
});

Deno.test("timeoutMs fires after the Trailer, before the reader reached the end: readable errors, nothing is written", async () => {
  await using script = new ClientScript();
  const stream = script.open({ timeoutMs: 50 });
  await script.peer.send(header, data("one"), data("two"), {
    type: FrameType.Trailer,
    metadata: { cost: "3" },
  });
  const reader = stream.readable.getReader();
  const message = await rejectionText(reader.closed);
  assertEquals(
    message,
    "[ttstream error, code=12015] [client-side stream] stream timeout, timeout in ctx: 50ms",
  );
  assertEquals(await rejectionText(reader.read()), message);
  assertEquals(await stream.trailer, new Map([["cost", "3"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

/** Every end after which no timer may be left: the sanitizer looks. */
const ends: { by: string; end(script: ClientScript, cancel: () => void): PromiseLike<void> | void }[] = [
  { by: "a Trailer, read to its end", end: ({ peer }) => peer.send({ type: FrameType.Trailer }) },
  {
    by: "a Trailer with an error, read to its end",
    end: ({ peer }) =>
      peer.send({ type: FrameType.Trailer, payload: exceptionPayload({ type: 6, message: "no" }) }),
  },
  { by: "a Rst", end: ({ peer }) => peer.send({ type: FrameType.Rst }) },
  { by: "a second Header", end: ({ peer }) => peer.send(header, header) },
  { by: "a FIN", end: ({ peer }) => peer.close() },
  { by: "a cancel", end: (_script, cancel) => cancel() },
  { by: "connection.abort()", end: ({ connection }) => connection.abort() },
];

for (const { by, end } of ends) {
  Deno.test(`after an end by ${by} no time-out is left running`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ timeoutMs: LONG_MS, recvTimeoutMs: LONG_MS, signal: controller.signal });
    const reader = stream.readable.getReader();
    const read = reader.read().then(({ done }) => done, (error) => error instanceof TTStreamError);
    await script.peer.expect(FrameType.Header);
    await end(script, () => controller.abort());
    assertEquals(await read, true);
  });
}

Deno.test("a stream whose end nobody reads leaves no time-out behind its connection", async () => {
  await using script = new ClientScript();
  const stream = script.open({ timeoutMs: LONG_MS });
  await script.peer.send(header, data("unread"), { type: FrameType.Trailer });
  await stream.trailer;
  await script.left();
});

Deno.test("recvTimeoutMs does not run while nobody reads", async () => {
  await using script = new ClientScript();
  const [idle, other] = [script.open({ recvTimeoutMs: 20 }), script.open({ recvTimeoutMs: 100 })];
  const reader = idle.readable.getReader();
  await rejection(other.readable.getReader().read());
  await script.peer.send(data("still here"));
  assertEquals(string((await reader.read()).value), "still here");
  await reader.cancel();
});

Deno.test("recvTimeoutMs does not run while a message is buffered", async () => {
  await using script = new ClientScript();
  const [slow, other] = [script.open({ recvTimeoutMs: 20 }), script.open({ recvTimeoutMs: 100 })];
  await script.peer.send(data("one"), data("two"), header);
  await slow.header;
  const reader = slow.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  await rejection(other.readable.getReader().read());
  assertEquals(string((await reader.read()).value), "two");
  assertEquals(
    await rejectionText(reader.read()),
    "[ttstream error, code=12014] [client-side stream] stream Recv timeout, timeout config={Timeout:20ms DisableCancelRemote:false}",
  );
});

Deno.test("recvTimeoutMs begins anew for each message", async () => {
  await using script = new ClientScript();
  const stream = script.open({ recvTimeoutMs: 400 });
  const reader = stream.readable.getReader();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < 500) {
    const read = reader.read();
    // A read of a stream that has a time-out of its own is a clock that ends by itself.
    await rejection(script.open({ recvTimeoutMs: 60 }).readable.getReader().read());
    await script.peer.send(data(String(count)));
    assertEquals(string((await read).value), String(count++));
  }
  assert(count > 1);
  await reader.cancel();
});

Deno.test("recvTimeoutMs ends an iteration of a call and a `response` as well", async () => {
  await using script = new ClientScript();
  const client = createClient(Test, script.connection);
  const message =
    "[ttstream error, code=12014] [client-side stream] stream Recv timeout, timeout config={Timeout:20ms DisableCancelRemote:false}";
  assertEquals(await rejectionText(Array.fromAsync(client.list("go", { recvTimeoutMs: 20 }))), message);
  assertEquals(await rejectionText(client.sum({ recvTimeoutMs: 20 }).response), message);
});

const KEPT =
  "[ttstream error, code=12014] [client-side stream] stream Recv timeout, timeout config={Timeout:20ms DisableCancelRemote:true}";
const keep = { recvTimeoutMs: 20, cancelRemoteOnRecvTimeout: false };

Deno.test("cancelRemoteOnRecvTimeout false: readable ends with 12014, nothing is sent, writable goes on, trailer settles", async () => {
  await using script = new ClientScript();
  const stream = script.open(keep);
  const reader = stream.readable.getReader();
  const writer = stream.writable.getWriter();
  const error = await rejection(reader.read());
  assertInstanceOf(error, TTStreamError);
  assertEquals([error.message, error.kind], [KEPT, "timeout"]);
  await writer.write(bytes("still writing"));
  await script.peer.send({ type: FrameType.Header, metadata: { a: "1" } }, data("dropped"));
  assertEquals(await stream.header, new Map([["a", "1"]]));
  assertStrictEquals(await rejection(reader.read()), error);
  assertStrictEquals(await rejection(reader.closed), error);
  await writer.write(bytes("more"));
  await script.peer.send(data("dropped"), { type: FrameType.Trailer, metadata: { cost: "3" } });
  assertEquals(await stream.trailer, new Map([["cost", "3"]]));
  assertEquals(
    await rejectionText(writer.write(bytes("late"))),
    "[ttstream error, code=12005] [client-side stream] stream is closed send",
  );
  assertEquals(await script.left(), ["Header {isn: Test}", "Data still writing", "Data more", "Trailer"]);
});

Deno.test("cancelRemoteOnRecvTimeout false: a Trailer with an error errors writable, `trailer` has its keys", async () => {
  await using script = new ClientScript();
  const stream = script.open(keep);
  const writer = stream.writable.getWriter();
  await rejection(stream.readable.getReader().read());
  const payload = exceptionPayload({ type: 6, message: "biz error: boom" });
  await script.peer.send({ type: FrameType.Trailer, metadata: { cost: "3" }, payload });
  assertEquals(
    await rejectionText(writer.closed),
    "[ttstream error, code=12001] [client-side stream] biz error: boom",
  );
  assertEquals(await stream.trailer, new Map([["cost", "3"]]));
});

Deno.test("cancelRemoteOnRecvTimeout false: the connection's loss rejects `trailer` and errors writable", async () => {
  await using script = new ClientScript();
  const stream = script.open(keep);
  const writer = stream.writable.getWriter();
  await rejection(stream.readable.getReader().read());
  await script.peer.close();
  const lost = "[ttstream error, code=12006] connection closed by peer";
  assertEquals(await rejectionText(stream.trailer), lost);
  assertEquals(await rejectionText(writer.closed), lost);
});

Deno.test("cancelRemoteOnRecvTimeout false: the signal, or the end of the scope, still cancels at the peer", async () => {
  for (const by of ["signal", "scope"]) {
    await using script = new ClientScript();
    const controller = new AbortController();
    const stream = script.open({ ...keep, signal: controller.signal });
    await rejection(stream.readable.getReader().read());
    if (by === "signal") controller.abort();
    else await stream[Symbol.asyncDispose]();
    assertEquals(
      await rejectionText(stream.writable.getWriter().closed),
      `[ttstream error, code=12007] [client-side stream] ${CANCELED}`,
    );
    assertEquals(await script.left(), [
      "Header {isn: Test}",
      `Rst 12007 ${CANCELED} {ttscp: ServiceA}`,
      "Trailer",
    ]);
  }
});

Deno.test("cancelRemoteOnRecvTimeout false: what is dropped does not count as unread", async () => {
  await using script = new ClientScript({ maxBufferedBytes: 1000 });
  const [kept, other] = [script.open(keep), script.open()];
  await rejection(kept.readable.getReader().read());
  for (let n = 0; n < 10; n++) await script.peer.send(data("x".repeat(500)));
  await script.peer.send({ ...data("mine"), streamId: 2 }, { type: FrameType.Trailer, streamId: 2 });
  assertEquals(await Array.fromAsync(other.readable, string), ["mine"]);
  await kept[Symbol.asyncDispose]();
});

Deno.test("cancelRemoteOnRecvTimeout false: an iteration of a call ends with 12014 as well", async () => {
  await using script = new ClientScript();
  const call = createClient(Test, script.connection).list("go", keep);
  assertEquals(await rejectionText(Array.fromAsync(call)), KEPT);
  await script.peer.send({ ...header, method: "list" }, { type: FrameType.Trailer, metadata: { cost: "3" } });
  assertEquals(await call.trailer, new Map([["cost", "3"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Data go", "Trailer"]);
});

Deno.test("a time-out beyond the longest of setTimeout never fires", async () => {
  await using script = new ClientScript();
  const stream = script.open({ timeoutMs: 2 ** 31, recvTimeoutMs: 2 ** 31 });
  const reader = stream.readable.getReader();
  const read = reader.read();
  // Beyond 24.8 days setTimeout fires at once: before this one.
  await rejection(script.open({ timeoutMs: 30 }).trailer);
  await script.peer.send(data("still here"));
  assertEquals(string((await read).value), "still here");
  await reader.cancel();
});

Deno.test("a time-out that is not a positive finite number throws RangeError and opens nothing", async () => {
  await using script = new ClientScript();
  for (const name of ["timeoutMs", "recvTimeoutMs"]) {
    for (const value of [0, -1, NaN, Infinity]) {
      assertThrows(
        () => script.open({ [name]: value }),
        RangeError,
        `${name} must be a positive finite number of milliseconds, got ${value}`,
      );
    }
  }
  assertEquals(await script.left(), []);
});

Deno.test("a grace beyond the longest of setTimeout cuts nothing", async () => {
  await using pair = await TcpPair.open(async (stream) => {
    await stream.readable.pipeTo(stream.writable);
  });
  const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await writer.write(bytes("before"));
  await reader.read();
  const finished = pair.server.shutdown({ graceMs: 2 ** 31 });
  // Beyond 24.8 days setTimeout fires at once: before this one.
  await new Promise((resolve) => setTimeout(resolve, 30));
  await writer.write(bytes("after"));
  assertEquals(string((await reader.read()).value), "after");
  await writer.close();
  await finished;
});

/** What observers are told of streams that do not end well, or never begin: one end each, with the right error. */
import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import {
  BizStatusError,
  createClient,
  createPool,
  implement,
  retry,
  type ServeOverOptions,
  StreamError,
} from "../../../mod.ts";
import { GrpcError, GrpcStatus } from "../../../src/grpc/mod.ts";
import { Test } from "../../grpc/pairs.ts";
import { bytes } from "../../support/codecs.ts";
import { connectTo, serveLocally } from "../../support/loopback.ts";
import { NAMES, ObservedPair, PROTOCOLS } from "../../support/observed_pair.ts";
import type { Recorded } from "../../support/recorder.ts";
import { Recorder } from "../../support/recorder.ts";
import { rejection } from "../../support/rejection.ts";
import { turns } from "../../support/turns.ts";
import { untyped } from "../../support/untyped.ts";

/** Its one end; a second would have come by now. */
async function endOf(stream: Recorded) {
  const end = await stream.ended;
  await turns(5);
  assertEquals(stream.ends, [end]);
  return end;
}

const patient = implement(Test.bidirectional, {
  async *echo(stream) {
    for await (const message of stream.readable) yield message;
  },
});

for (const protocol of NAMES) {
  const failures: readonly [name: string, error: unknown][] = [
    ["an error", new Error("out of paper")],
    ["a business error", new BizStatusError(7, "no")],
    ["a GrpcError", new GrpcError(GrpcStatus.NotFound, "no such thing")],
    ["a string", "out of ink"],
  ];
  for (const [name, thrown] of failures) {
    Deno.test(`a handler throws ${name} over ${protocol}: each end is told what it sees`, async () => {
      const handler = implement(Test.bidirectional, { echo: () => Promise.reject(thrown) });
      await using pair = new ObservedPair(protocol, handler);
      const closed = await rejection(createClient(Test.bidirectional, pair.connection).echo().closed);
      assertEquals((await endOf(await pair.client.stream())).error, closed);
      const { error } = await endOf(await pair.server.stream());
      if (thrown instanceof Error) assertEquals(error, thrown);
      else assertEquals([error?.message, error?.cause], [thrown, thrown]);
    });
  }

  Deno.test(`a cancel of the client's over ${protocol} is each end's own error, and the messages until then count`, async () => {
    await using pair = new ObservedPair(protocol, patient);
    const stream = createClient(Test.bidirectional, pair.connection).echo();
    await stream.send("12345");
    for await (const _ of stream) break;
    const atClient = await endOf(await pair.client.stream());
    assertEquals(atClient.error, await rejection(stream.closed));
    const atServer = await endOf(await pair.server.stream());
    assertInstanceOf(atServer.error, StreamError);
    assertEquals([atServer.error.kind, atServer.error.cancelPath], ["canceled", ["ServiceA"]]);
    for (const end of [atClient, atServer]) {
      assertEquals([end.sentBytes, end.receivedBytes, end.trailer], [5, 5, undefined]);
    }
  });

  Deno.test(`a time-out, a lost connection and a server that closes over ${protocol}`, async () => {
    await using pair = new ObservedPair(protocol, patient);
    const client = createClient(Test.bidirectional, pair.connection);
    assertInstanceOf(await rejection(client.echo({ timeoutMs: 1 }).closed), StreamError);
    const late = (await endOf(await pair.client.stream(0))).error;
    assert(late instanceof StreamError && late.kind === "timeout");
    await endOf(await pair.server.stream(0));

    const cut = client.echo();
    await pair.server.stream(1);
    pair.abort();
    assertEquals((await endOf(await pair.client.stream(1))).error, await rejection(cut.closed));
    assertInstanceOf((await endOf(await pair.server.stream(1))).error, StreamError);

    const after = client.echo();
    assertEquals((await endOf(await pair.client.stream(2))).error, await rejection(after.closed));
    assertEquals(pair.server.streams.length, 2);
  });

  Deno.test(`streams that never reach the wire over ${protocol}: one opened, one ended`, async () => {
    await using pair = new ObservedPair(protocol, patient);
    const { connection } = pair;
    const aborted = connection.openStream({ service: "S", method: "M" }, { signal: AbortSignal.abort("no") });
    assertEquals((await endOf(await pair.client.stream(0))).error, await rejection(aborted.closed));

    const bad = createClient(Test.server, connection).echo(untyped<string>(Symbol("not text")));
    assertEquals((await endOf(await pair.client.stream(1))).error, await rejection(bad.closed));
    assertEquals((await pair.client.stream(1)).info.service, "Test");

    if (protocol === "ttheader") {
      const metadata = { key: "x".repeat(70_000) };
      assertThrows(() => connection.openStream({ service: "S", method: "M" }, { metadata }), RangeError);
      assertInstanceOf((await endOf(await pair.client.stream(2))).error, RangeError);
    }
    // What has wrong options is no stream.
    const { length } = pair.client.streams;
    assertThrows(() => connection.openStream({ service: "S", method: "M" }, { timeoutMs: -1 }), RangeError);
    assertThrows(() => connection.openStream({ service: "", method: "M" }), TypeError);
    assertEquals(pair.client.streams.length, length);
    assertEquals(pair.server.streams, []);
  });

  Deno.test(`a server's observer is told of the streams it refuses over ${protocol}`, async () => {
    const serveOptions: ServeOverOptions = { maxStreams: 1 };
    await using pair = new ObservedPair(protocol, patient, protocol === "grpc" ? {} : { serveOptions });
    const errors: (string | undefined)[] = [];
    const refused = async (service: string, method: string, index: number) => {
      const stream = pair.connection.openStream({ service, method });
      const closed = await rejection(stream.closed);
      const { error } = await endOf(await pair.server.stream(index));
      assert(error instanceof StreamError && closed instanceof StreamError);
      assertEquals([error.code, error.exceptionType], [closed.code, closed.exceptionType]);
      errors.push(error.description);
    };
    await refused("Test", "Nothing", 0);
    await refused("Nobody", "Echo", 1);
    assertEquals(errors, ["unknown method Nothing", "unknown service Nobody"]);
    if (protocol === "grpc") return;
    const held = pair.connection.openStream({ service: "Test", method: "Echo" });
    await pair.server.stream(2);
    await refused("Test", "Echo", 3);
    assertEquals(errors.at(-1), "too many streams: the limit is 1");
    assertEquals((await pair.server.stream(3)).lines, [
      "header",
      `ended: ${(await pair.server.stream(3)).ends[0]?.error?.message}`,
    ]);
    await held.cancel();
  });

  Deno.test(`draining is told to the streams that go on, at both ends over ${protocol}`, async () => {
    const [atClient, atServer] = [new Recorder(), new Recorder()];
    const server = serveLocally(patient, { protocols: [PROTOCOLS[protocol]], observers: [atServer] });
    await using connection = await connectTo(server, {
      protocol: PROTOCOLS[protocol],
      observers: [atClient],
    });
    const stream = connection.openStream({ service: "Test", method: "Echo" });
    await stream.send(bytes("1"));
    const reader = stream.readable.getReader();
    await reader.read();
    const down = server.shutdown();
    await stream.send(bytes("2"));
    await reader.read();
    assertEquals((await atServer.stream()).lines.filter((line) => line === "draining"), ["draining"]);
    if (protocol === "ttheader") {
      // One that comes too late tells the client.
      await rejection(connection.openStream({ service: "Test", method: "Echo" }).closed);
      assertEquals((await atClient.stream()).lines.filter((line) => line === "draining"), ["draining"]);
    }
    await stream.sendAll([]);
    await down;
    for (const recorder of [atClient, atServer]) {
      assertEquals((await endOf(await recorder.stream())).error, undefined);
    }
  });

  Deno.test(`an attempt of retry is a stream each over ${protocol}, and a pool tells where it went`, async () => {
    let calls = 0;
    const protocols = [PROTOCOLS[protocol]];
    await using server = serveLocally(
      implement(Test.server, {
        async *echo(request) {
          calls++;
          if (calls === 1) throw new BizStatusError(1, "not yet");
          yield request;
        },
      }),
      { protocols },
    );
    const recorder = new Recorder();
    const { port } = server.addr;
    await using pool = createPool({
      addresses: [{ hostname: "127.0.0.1", port }],
      protocol: PROTOCOLS[protocol],
      observers: [recorder],
    });
    const opener = retry(pool, {
      retryable: (error) => error instanceof BizStatusError,
      backoff: { initialMs: 1 },
    });
    // Its answer's Header says that the server has begun, where it is gRPC's.
    const call = createClient(Test.server, protocol === "grpc" ? pool : opener).echo("x");
    if (protocol === "grpc") await rejection(call.closed);
    else assertEquals(await Array.fromAsync(call), ["x"]);
    assertInstanceOf((await endOf(await recorder.stream(0))).error, BizStatusError);
    const { info } = await recorder.stream(0);
    assertEquals(info.remoteAddr, { transport: "tcp", hostname: "127.0.0.1", port });
    if (protocol === "ttheader") assertEquals((await endOf(await recorder.stream(1))).error, undefined);
    assertEquals(recorder.streams.length, protocol === "grpc" ? 1 : 2);
    assertEquals(recorder.streams.flatMap(({ info }) => info.side), recorder.streams.map(() => "client"));
  });
}

Deno.test("a pool's streams that never have a connection have one end each", async () => {
  const recorder = new Recorder();
  const pool = createPool({ addresses: [], observers: [recorder] });
  const waiting = pool.openStream({ service: "S", method: "M" });
  await waiting.cancel("no patience");
  assertStringIncludes(`${(await endOf(await recorder.stream(0))).error}`, "no patience");
  assertEquals((await recorder.stream(0)).info.remoteAddr, undefined);
  const bad = createClient(Test.server, retry(pool)).echo(untyped<string>(Symbol("not text")));
  assertEquals((await endOf(await recorder.stream(1))).error, await rejection(bad.closed));
  const metadata = { key: "x".repeat(70_000) };
  assertThrows(() => pool.openStream({ service: "S", method: "M" }, { metadata }), RangeError);
  assertInstanceOf((await endOf(await recorder.stream(2))).error, RangeError);
  await pool.close();
  const late = pool.openStream({ service: "S", method: "M" });
  assertEquals((await endOf(await recorder.stream(3))).error, await rejection(late.closed));
});

import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  BizStatusError,
  type CallOptions,
  type ClientStream,
  connect,
  createClient,
  ErrorCode,
  retry,
  type RetryOptions,
  type StreamOpener,
  TTStreamError,
  wrapStream,
} from "../../mod.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { streamErrorOf } from "../support/failures.ts";
import { countingSignal } from "../support/listeners.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript } from "../support/script.ts";
import { turns } from "../support/turns.ts";
import { exceptionPayload } from "../support/wire_peer.ts";
import { cameCompressed, grpc } from "../../src/grpc/mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { handlerServer, until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

const TARGET = { service: "Test", method: "Echo" };
const FAST: RetryOptions = { backoff: { initialMs: 0.1, maxMs: 1 } };

/** A server that shuts down, and is kept from it by a stream: every further one is refused. */
class Refusing implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;
  readonly opener: StreamOpener;

  private constructor(parts: AsyncDisposableStack, opener: StreamOpener) {
    this.#parts = parts;
    this.opener = opener;
  }

  static async start(): Promise<Refusing> {
    await using parts = new AsyncDisposableStack();
    const server = wordServer("refusing");
    parts.defer(() => server.shutdown({ graceMs: 0 }));
    const connection = parts.use(await connectTo(server));
    const call = createClient(Words, connection).ask("hang");
    await call.readable.getReader().read();
    server.shutdown({ graceMs: 60_000 });
    return new Refusing(parts.move(), connection);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

/** An opener that takes one after the other of some, and the last one from then on; counts what it opens. */
class InTurn implements StreamOpener {
  readonly opened: CallOptions[] = [];
  readonly streams: ClientStream[] = [];
  readonly #openers: readonly StreamOpener[];

  constructor(...openers: StreamOpener[]) {
    this.#openers = openers;
  }

  openStream(target: { service: string; method: string }, options: CallOptions = {}): ClientStream {
    const opener = this.#openers[Math.min(this.opened.length, this.#openers.length - 1)];
    this.opened.push(options);
    assert(opener);
    const stream = opener.openStream(target, options);
    this.streams.push(stream);
    return stream;
  }
}

Deno.test("retry: each kind of call is opened again that was refused, with what it had sent", async () => {
  await using refusing = await Refusing.start();
  await using server = wordServer("good");
  await using good = await connectTo(server);
  const inTurn = () => new InTurn(refusing.opener, refusing.opener, good);
  {
    const opener = inTurn();
    assertEquals(await Array.fromAsync(createClient(Words, retry(opener, FAST)).ask("x y")), [
      "good",
      "x",
      "y",
    ]);
    assertEquals(opener.opened.length, 3);
  }
  {
    const opener = inTurn();
    const join = createClient(Words, retry(opener, FAST)).join();
    await join.send("x");
    await until(() => opener.opened.length === 3);
    await join.sendAll(["y", "z"]);
    assertEquals(await join.response, "good x y z");
    await join.closed;
  }
  {
    const opener = inTurn();
    const talk = createClient(Words, retry(opener, FAST)).talk();
    const writer = talk.writable.getWriter();
    await writer.write("x");
    const reader = talk.readable.getReader();
    assertEquals([(await reader.read()).value, (await reader.read()).value], ["good", "x"]);
    await writer.write("y");
    assertEquals((await reader.read()).value, "y");
    await writer.close();
    assertEquals((await reader.read()).done, true);
    assertEquals([[...await talk.header], [...await talk.trailer]], [[], []]);
  }
  {
    // Its one message and its half close are sent again.
    const opener = inTurn();
    const talk = createClient(Words, retry(opener, FAST)).talk();
    await talk.sendAll(["x"]);
    assertEquals(await Array.fromAsync(talk), ["good", "x"]);
    assertEquals(opener.opened.length, 3);
  }
});

Deno.test("retry: three attempts are made where nothing else is said, and the last error is the call's", async () => {
  await using refusing = await Refusing.start();
  for (
    const [options, attempts] of [[FAST, 3], [{ ...FAST, attempts: 1 }, 1], [
      { ...FAST, attempts: 5 },
      5,
    ]] as const
  ) {
    const opener = new InTurn(refusing.opener);
    const call = createClient(Words, retry(opener, options)).ask("x");
    const error = await streamErrorOf(Array.fromAsync(call));
    assertEquals([error.description, error.retryable, error.service], [
      "server is shutting down",
      true,
      "Words",
    ]);
    assertEquals(await rejection(call.closed), error);
    assertEquals([...await call.trailer], []);
    assertEquals(opener.opened.length, attempts);
  }
});

Deno.test("retry: a connection that was lost before the Header left is another attempt", async () => {
  await using server = wordServer("good");
  await using good = await connectTo(server);
  const lost = await connectTo(server);
  await lost.close();
  const opener = new InTurn(lost, good);
  assertEquals(await Array.fromAsync(createClient(Words, retry(opener, FAST)).ask("x")), ["good", "x"]);
});

Deno.test("retry: a stream that the server began is not opened again", async () => {
  await using server = handlerServer(({ method }) => {
    if (method === "biz") throw new BizStatusError(7, "no");
    throw new Error("no");
  });
  await using connection = await connectTo(server);
  const opener = new InTurn(connection);
  for (const method of ["biz", "fail"]) {
    const stream = retry(opener, FAST).openStream({ service: "Test", method });
    const error = await rejection(stream.closed);
    if (method === "biz") assert(error instanceof BizStatusError && error.statusCode === 7);
    else assert(error instanceof TTStreamError && error.code === ErrorCode.ApplicationException);
    const metadata = await stream.trailer;
    assertEquals(metadata.get("biz-status"), method === "biz" ? "7" : undefined);
  }
  assertEquals(opener.opened.length, 2);
});

Deno.test("retry: `retryable` decides, until a message has been received", async () => {
  await using script = new ClientScript();
  const { peer } = script;
  const all: RetryOptions = { ...FAST, retryable: () => true };
  const stream = retry(script.connection, all).openStream(TARGET);
  const reading = stream.readable.getReader().read();
  await peer.expect(FrameType.Header);
  await peer.send({ type: FrameType.Header }, {
    type: FrameType.Trailer,
    payload: exceptionPayload({ type: 6, message: "biz error: once" }),
  });
  const answer = await peer.expect(FrameType.Trailer);
  assertEquals(answer.streamId, 1);
  await peer.expect(FrameType.Header);
  await peer.send({ type: FrameType.Header, streamId: 2 }, {
    type: FrameType.Data,
    streamId: 2,
    payload: bytes("x"),
  }, {
    type: FrameType.Trailer,
    streamId: 2,
    payload: exceptionPayload({ type: 6, message: "biz error: twice" }),
  });
  assertEquals(string((await reading).value), "x");
  assertEquals((await streamErrorOf(stream.closed)).description, "biz error: twice");
});

Deno.test("retry: a received message that nobody has read is a received message", async () => {
  await using script = new ClientScript();
  const { peer } = script;
  const stream = retry(script.connection, { ...FAST, retryable: () => true }).openStream(TARGET);
  await peer.expect(FrameType.Header);
  await peer.send({ type: FrameType.Header }, { type: FrameType.Data, payload: bytes("x") }, {
    type: FrameType.Trailer,
    payload: exceptionPayload({ type: 6, message: "biz error: no" }),
  });
  assertEquals((await streamErrorOf(stream.closed)).description, "biz error: no");
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "x");
  assertEquals((await streamErrorOf(reader.read())).description, "biz error: no");
});

Deno.test("retry: a second message that was sent is not sent again", async () => {
  await using script = new ClientScript();
  const { peer } = script;
  const stream = retry(script.connection, FAST).openStream(TARGET);
  await stream.send(bytes("x"));
  await stream.send(bytes("y"));
  await peer.expect(FrameType.Header);
  assertEquals(string((await peer.expect(FrameType.Data)).payload), "x");
  assertEquals(string((await peer.expect(FrameType.Data)).payload), "y");
  await peer.send({ type: FrameType.Header }, {
    type: FrameType.Trailer,
    payload: exceptionPayload({ type: 6, message: "server is shutting down" }),
  });
  const error = await streamErrorOf(stream.closed);
  assertEquals([error.description, error.retryable], ["server is shutting down", true]);
  assertEquals((await streamErrorOf(stream.send(bytes("z")))).description, "server is shutting down");
});

Deno.test("retry: an empty Header counts for nothing, and one with keys for a beginning", async () => {
  for (const metadata of [{}, { model: "gpt-0" }]) {
    await using script = new ClientScript();
    const { peer } = script;
    const stream = retry(script.connection, FAST).openStream(TARGET);
    await peer.expect(FrameType.Header);
    await peer.send({ type: FrameType.Header, metadata });
    // Who waits for the Header has it, whatever becomes of the stream.
    assertEquals([...await stream.header], Object.entries(metadata));
    await peer.send({
      type: FrameType.Trailer,
      payload: exceptionPayload({ type: 6, message: "too many streams: the limit is 1" }),
    });
    await peer.expect(FrameType.Trailer);
    if ("model" in metadata) {
      assertEquals((await streamErrorOf(stream.closed)).retryable, true);
      continue;
    }
    assertEquals((await peer.expect(FrameType.Header)).streamId, 2);
    await peer.send({ type: FrameType.Header, streamId: 2 }, { type: FrameType.Trailer, streamId: 2 });
    await stream.closed;
    assertEquals(await Array.fromAsync(stream), []);
  }
});

/** Every way for a user to end a call early, with the code that both ends read. */
const ends: Record<string, { code: number; options?: CallOptions; end?: (stream: ClientStream) => unknown }> =
  {
    "cancel": { code: 12008, end: (stream) => stream.cancel("enough") },
    "readable.cancel": { code: 12008, end: (stream) => stream.readable.cancel("enough") },
    "writable.abort": { code: 12008, end: (stream) => stream.writable.abort("enough") },
    "its scope": { code: 12007, end: (stream) => stream[Symbol.asyncDispose]() },
    "timeoutMs": { code: 12015, options: { timeoutMs: 20 } },
    "recvTimeoutMs": {
      code: 12014,
      options: { recvTimeoutMs: 20 },
      end: (stream) => stream[Symbol.asyncIterator]().next(),
    },
    "its signal": { code: 12015 },
  };
for (const [what, { code, options = {}, end }] of Object.entries(ends)) {
  Deno.test(`retry: ${what} ends the attempt at the server, with ${code}`, async () => {
    const begun = Promise.withResolvers<AbortSignal>();
    await using server = handlerServer(async ({ signal }) => {
      begun.resolve(signal);
      await aborted(signal);
    });
    await using connection = await connectTo(server, { serviceName: "ServiceA" });
    const opener = new InTurn(connection);
    const signal = what === "its signal" ? AbortSignal.timeout(20) : options.signal;
    const stream = retry(opener, FAST).openStream(TARGET, { ...options, signal });
    const ended = streamErrorOf(stream.closed);
    const reason = aborted(await begun.promise);
    Promise.resolve(end?.(stream)).catch(() => {});
    assertEquals((await ended).code, code);
    const there = await reason;
    assert(there instanceof TTStreamError);
    assertEquals([there.code, there.cancelPath], [code, ["ServiceA"]]);
    assertEquals(opener.opened.length, 1);
  });
}

Deno.test("retry: timeoutMs is for all attempts, and a call that waits for the next one ends in time", async () => {
  await using refusing = await Refusing.start();
  const { controller, listeners } = countingSignal();
  const slow = { backoff: { initialMs: 600_000, maxMs: 600_000 } };
  for (
    const [options, code] of [[{ timeoutMs: 20 }, 12015], [{ signal: controller.signal }, 12008]] as const
  ) {
    const opener = new InTurn(refusing.opener);
    const stream = retry(opener, slow).openStream(TARGET, options);
    const error = streamErrorOf(stream.closed);
    await rejection(opener.streams[0]?.closed ?? Promise.resolve());
    await turns(5);
    if ("signal" in options) controller.abort("enough");
    assertEquals([(await error).code, opener.opened.length], [code, 1]);
    if (code === 12015) assertEquals((await error).description, "stream timeout, timeout in ctx: 20ms");
  }
  assertEquals(listeners(), 0);
});

Deno.test("retry: gRPC's servers are told what is left of the time, and how the messages are compressed", async () => {
  const seen: { deadline: number | undefined; compressed: boolean }[] = [];
  await using server = serveLocally(async (stream) => {
    for await (const _ of stream.readable) {
      seen.push({ deadline: stream.deadline, compressed: cameCompressed(stream) });
    }
  }, { protocols: [grpc()] });
  await using connection = await connectTo(server, { protocol: grpc() });
  const opener = retry(connection);
  const parent = {
    signal: new AbortController().signal,
    metainfo: { persistent: new Map(), transient: new Map() },
    deadline: Date.now() + 10_000,
  };
  const first = Date.now();
  for (
    const options of [
      { timeoutMs: 60_000, compression: "gzip" },
      { timeoutMs: 60_000, parent },
      { parent },
      {},
    ] as const
  ) {
    const stream = opener.openStream(TARGET, options);
    await stream.sendAll([bytes("x")]);
    await stream.closed;
  }
  const [alone, within, inherited, none] = seen;
  assertEquals(alone?.compressed, true);
  assertGreaterOrEqual(alone?.deadline ?? 0, first + 50_000);
  for (const stream of [within, inherited]) {
    assertGreater(stream?.deadline ?? 0, first);
    assertLess(stream?.deadline ?? 0, first + 50_000);
  }
  assertEquals(none, { deadline: undefined, compressed: false });
});

Deno.test("retry: a signal that has aborted opens nothing", async () => {
  const opener = new InTurn();
  const stream = retry(opener, FAST).openStream(TARGET, { signal: AbortSignal.abort("no") });
  assertEquals((await streamErrorOf(stream.closed)).description, "no");
  assertEquals(opener.opened.length, 0);
});

Deno.test("retry: what is wrong with a call is thrown, and an opener that throws later ends the stream", async () => {
  await using refusing = await Refusing.start();
  const throwing: StreamOpener = {
    openStream() {
      throw new TypeError("no opener");
    },
  };
  assertThrows(() => retry(throwing).openStream(TARGET), TypeError, "no opener");
  assertThrows(
    () => retry(throwing).openStream({ service: "", method: "x" }),
    TypeError,
    "service must not be empty",
  );
  assertThrows(() => retry(throwing).openStream(TARGET, { timeoutMs: -1 }), RangeError, "timeoutMs");
  const stream = retry(new InTurn(refusing.opener, throwing), FAST).openStream(TARGET);
  assertEquals((await streamErrorOf(stream.closed)).description, "no opener");
});

Deno.test("retry: metadata, metainfo and the parent's go out with each attempt", async () => {
  await using script = new ClientScript();
  const { peer } = script;
  const parent = {
    signal: new AbortController().signal,
    metainfo: { persistent: new Map([["a", "1"]]), transient: new Map() },
  };
  const stream = retry(script.connection, FAST).openStream(TARGET, {
    parent,
    metadata: { key: "value" },
    metainfo: { transient: { b: "2" } },
  });
  for (const streamId of [1, 2]) {
    const { metadata } = await peer.expect(FrameType.Header);
    assertEquals(
      [metadata.get("key"), metadata.get("RPC_PERSIST_a"), metadata.get("RPC_TRANSIT_b")],
      ["value", "1", "2"],
    );
    if (streamId === 2) break;
    await peer.send({ type: FrameType.Header, streamId }, {
      type: FrameType.Trailer,
      streamId,
      payload: exceptionPayload({ type: 6, message: "too many streams: the limit is 1" }),
    });
    await peer.expect(FrameType.Trailer);
  }
  await Promise.all([stream.cancel(), peer.expect(FrameType.Rst)]);
});

Deno.test("retry: a reader that stops stops its server, and a writer waits for its reader", async () => {
  const message = new Uint8Array(64 * 1024);
  let sent = 0;
  await using server = handlerServer(async ({ readable, writable, method, signal }) => {
    if (method === "Deaf") return void await aborted(signal);
    const writer = writable.getWriter();
    while (!signal.aborted) {
      await writer.write(message).catch(() => {});
      sent++;
    }
    await readable.cancel();
  });
  await using connection = await connectTo(server, { maxBufferedBytes: 128 * 1024 });
  const opener = retry(connection, FAST);
  const stream = opener.openStream(TARGET);
  await until(() => sent > 0);
  let before = -1;
  while (before !== sent) {
    before = sent;
    await turns(200);
  }
  // What lies in sockets and buffers is some megabytes; without back-pressure it would go on for ever.
  assert(sent < 1_000, `${sent} messages of 64 KiB`);
  await stream.cancel();

  const deaf = opener.openStream({ ...TARGET, method: "Deaf" });
  let written = 0;
  const writing = (async () => {
    for (;;) {
      await deaf.send(message);
      written++;
    }
  })();
  before = -1;
  while (before !== written || written === 0) {
    before = written;
    await turns(200);
  }
  assert(written < 1_000, `${written} messages of 64 KiB`);
  const ended = streamErrorOf(writing);
  // It is behind what the deaf one has not read: nobody hears it.
  deaf.cancel("enough");
  assertEquals((await ended).description, "enough");
  connection.abort();
  await server.shutdown({ graceMs: 0 });
});

Deno.test("retry: codecs fail a stream as they do without", async () => {
  await using server = wordServer("a");
  await using connection = await connectTo(server);
  const broken = {
    service: "Words",
    method: "talk",
  };
  const stream = retry(connection, FAST).openStream(broken);
  await assertRejects(
    () => stream.send(JSON.parse('"no bytes"')),
    TypeError,
    "a message must be a Uint8Array",
  );
  const error = await streamErrorOf(stream.closed);
  assertEquals([error.code, error.retryable], [12008, false]);
});

Deno.test("retry: 10,000 messages come in order, and a predicate that throws retries nothing", async () => {
  await using server = handlerServer(async ({ readable, writable }) => {
    await readable.pipeTo(writable);
  });
  await using connection = await connectTo(server);
  const stream = retry(connection, FAST).openStream(TARGET);
  const sending = stream.sendAll(Array.from({ length: 10_000 }, (_, i) => bytes(`${i}`)));
  let expected = 0;
  for await (const message of stream) assertEquals(string(message), `${expected++}`);
  await sending;
  assertEquals(expected, 10_000);

  const original = console.error;
  const printed: unknown[] = [];
  console.error = (text: unknown) => printed.push(text);
  try {
    await using refusing = await Refusing.start();
    const opener = new InTurn(refusing.opener);
    const thrower = retry(opener, {
      retryable: () => {
        throw new Error("predicate");
      },
    });
    assertEquals(
      (await streamErrorOf(thrower.openStream(TARGET).closed)).description,
      "server is shutting down",
    );
    assertEquals([opener.opened.length, printed], [1, ["ttstream: retryable threw:"]]);
  } finally {
    console.error = original;
  }
});

Deno.test("retry: works over retry, and over a stream that was wrapped", async () => {
  await using refusing = await Refusing.start();
  await using server = wordServer("good");
  await using good = await connect({ port: server.addr.port });
  const inner = retry(new InTurn(refusing.opener, good), FAST);
  assertEquals(await Array.fromAsync(createClient(Words, retry(inner)).ask("x")), ["good", "x"]);

  const opener = new InTurn(refusing.opener, good);
  const wrapping: StreamOpener = {
    openStream(target, options) {
      const stream = opener.openStream(target, options);
      return wrapStream(stream, { readable: stream.readable.pipeThrough(new TransformStream()) });
    },
  };
  const talk = createClient(Words, retry(wrapping, FAST)).talk();
  await talk.sendAll(["x"]);
  assertEquals(await Array.fromAsync(talk), ["good", "x"]);
  assertEquals(opener.opened.length, 2);
});

/** How streams and connections end, frame by frame: what leaves, what may be tried again, what a shutdown lets finish. */
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  type ClientStream,
  type Codec,
  connectOver,
  createClient,
  defineService,
  implement,
  StreamError,
  TTStreamError,
} from "../../mod.ts";
import { grpc, GrpcError } from "../../src/grpc/mod.ts";
import { Setting } from "../../src/http2/settings.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { goAway, headers, rst, windowUpdate } from "../http2/wire.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { grpcErrorOf } from "../support/failures.ts";
import { serveLocally } from "../support/loopback.ts";
import { messageOf, rejection, rejectionText } from "../support/rejection.ts";
import { ANSWER, cancel, halfClose, Http2Peer, lastHeaders, messages, OK } from "./http2_peer.ts";
import { PAIRS } from "./pairs.ts";
import { ClientScript, request, ServerScript } from "./scripts.ts";

const OPEN = "HEADERS 1 :path=/Test/Echo content-type=application/grpc source-service=ServiceA";
const TARGET = { service: "Test", method: "Echo" };

const leaving: Record<string, (stream: ClientStream) => PromiseLike<unknown>> = {
  "readable.cancel()": ({ readable }) => readable.cancel(),
  "a reader's cancel()": ({ readable }) => readable.getReader().cancel("why"),
  "break in for await": async (stream) => {
    for await (const _ of stream) break;
  },
  "break in for await of readable": async ({ readable }) => {
    for await (const _ of readable) break;
  },
  "an error thrown in for await": (stream) =>
    rejection((async () => {
      for await (const _ of stream) throw new Error("the loop's own");
    })()),
  "writable.abort()": ({ writable }) => writable.abort(new Error("enough")),
  "cancel()": (stream) => stream.cancel(),
  "its scope": (stream) => stream[Symbol.asyncDispose](),
};

for (const [by, leave] of Object.entries(leaving)) {
  for (const halfClosed of [false, true]) {
    if (halfClosed && by === "writable.abort()") continue;
    Deno.test(`client: ended by ${by}${halfClosed ? " after the half close" : ""}: one RST_STREAM CANCEL, and writes reject`, async () => {
      await using script = new ClientScript();
      const stream = script.open();
      await stream.send(bytes("hi"));
      if (halfClosed) await stream.writable.close();
      await script.peer.send(headers(1, ANSWER), messages(1, "one", "two"));
      await stream.header;
      await leave(stream);
      const error = await grpcErrorOf(stream.closed);
      assertEquals(error.code, 1);
      assertStrictEquals(await rejection(stream.trailer), error);
      if (!halfClosed) assertStrictEquals(await rejection(stream.send(bytes("late"))), error);
      const end = halfClosed ? ["DATA 1 end"] : [];
      // Where the message has not left yet, the half close goes with it.
      const sent = (await script.left()).flatMap((frame) =>
        frame === 'DATA 1 "hi" end' ? ['DATA 1 "hi"', "DATA 1 end"] : frame
      );
      assertEquals(sent, [OPEN, 'DATA 1 "hi"', ...end, "RST_STREAM 1 CANCEL"]);
    });
  }
}

Deno.test("client: a signal that has aborted before the call: nothing leaves", async () => {
  await using script = new ClientScript();
  const stream = script.open({ signal: AbortSignal.abort(new Error("too late")) });
  assertEquals((await grpcErrorOf(stream.closed)).message, "rpc error: code = 1 desc = too late");
  assertEquals(await script.left(), []);
});

Deno.test("client: a stream cancelled while the server takes no more is never opened", async () => {
  await using script = new ClientScript(undefined, { settings: [[Setting.MAX_CONCURRENT_STREAMS, 1]] });
  const first = script.open();
  await script.peer.headers();
  await script.peer.send(headers(1, ANSWER));
  await first.header;
  // The second one waits: the limit has come with the server's first frames.
  const second = script.open();
  const sent = rejection(second.send(bytes("kept")));
  const third = script.open();
  await second.cancel();
  assertStrictEquals(await sent, await rejection(second.closed));
  await script.peer.send(lastHeaders(1, OK));
  await first.closed;
  assertEquals(await script.peer.line(), "RST_STREAM 1 NO_ERROR");
  assert((await script.peer.line()).startsWith("HEADERS 3 :path=/Test/Echo"));
  await script.peer.send(lastHeaders(3, [...ANSWER, ...OK]));
  await third.closed;
  await script.connection.close();
});

Deno.test("client: cancelRemoteOnRecvTimeout: false ends the reading alone", async () => {
  await using script = new ClientScript();
  const stream = script.open({ recvTimeoutMs: 10, cancelRemoteOnRecvTimeout: false });
  const error = await grpcErrorOf(stream.readable.getReader().read());
  assertEquals([error.code, error.description], [
    17,
    "stream Recv timeout, timeout config={Timeout:10ms DisableCancelRemote:true}",
  ]);
  await stream.send(bytes("still"));
  await script.peer.send(headers(1, ANSWER), messages(1, "dropped"), lastHeaders(1, [...OK, ["cost", "3"]]));
  assertEquals((await stream.trailer).get("cost"), "3");
  await stream.closed;
  assertEquals(await script.left(), [OPEN, 'DATA 1 "still"', "RST_STREAM 1 NO_ERROR"]);
});

Deno.test("client: the first message has its own time-out, and the others theirs", async () => {
  await using script = new ClientScript();
  const stream = script.open({ firstMessageTimeoutMs: 3_600_000, recvTimeoutMs: 10 });
  const reader = stream.readable.getReader();
  const first = reader.read();
  await script.peer.send(headers(1, ANSWER), messages(1, "one"));
  assertEquals(string((await first).value), "one");
  assertEquals((await grpcErrorOf(reader.read())).code, 17);
});

const broken: Codec<string> = {
  encode() {
    throw new Error("no such message");
  },
  decode() {
    throw new Error("no such payload");
  },
};

Deno.test("client: a codec that throws ends its stream alone: the read has the codec's error, the rest one of the stream's", async () => {
  await using script = new ClientScript();
  const Broken = defineService("Test", {
    out: { kind: "bidirectional", name: "Out", request: broken, response: text },
    in: { kind: "bidirectional", name: "In", request: text, response: broken },
  });
  const client = createClient(Broken, script.connection);
  const out = client.out();
  assertEquals(await rejectionText(out.send("x")), "no such message");
  const end = await grpcErrorOf(out.closed);
  assertEquals([end.message, messageOf(end.cause)], [
    "rpc error: code = 1 desc = no such message",
    "no such message",
  ]);
  const into = client.in();
  await script.peer.send(headers(3, ANSWER), messages(3, "x"));
  assertEquals(await rejectionText(Array.fromAsync(into)), "no such payload");
  assertEquals((await grpcErrorOf(into.closed)).message, "rpc error: code = 1 desc = no such payload");
  const lines = await script.left();
  assertEquals(lines.filter((line) => line.startsWith("RST")), [
    "RST_STREAM 1 CANCEL",
    "RST_STREAM 3 CANCEL",
  ]);
});

Deno.test("server: a codec that throws fails its stream alone", async () => {
  const Broken = defineService("Test", {
    out: { kind: "bidirectional", name: "Out", request: text, response: broken },
    in: { kind: "bidirectional", name: "In", request: broken, response: text },
  });
  await using script = new ServerScript(implement(Broken, {
    out: async (stream) => await stream.send("x"),
    in: async (stream) => void await Array.fromAsync(stream.readable),
  }));
  await script.call(1, [":path", "/Test/Out"]);
  const out = await script.peer.headers();
  assertEquals([out.get("grpc-status") ?? (await script.peer.headers()).get("grpc-status")], ["13"]);
  assertEquals(await script.peer.line(), "RST_STREAM 1 NO_ERROR");
  await script.call(3, [":path", "/Test/In"]);
  await script.peer.send(messages(3, "x"));
  const into = await script.peer.headers();
  assertEquals(into.get("grpc-message"), "no such payload [biz error]");
  assertEquals(script.errors.map(messageOf), ["no such message", "no such payload"]);
});

Deno.test("server: readable.cancel() drops what still comes, and gives its window back; the answer goes out", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await stream.readable.cancel();
  const size = 100_000;
  for (let i = 0; i < 30; i++) await script.peer.send(messages(1, new Uint8Array(size)));
  await stream.send(bytes("enough"));
  script.finish();
  assertEquals(await script.peer.line(), "HEADERS 1 :status=200 content-type=application/grpc");
  assertEquals(await script.peer.line(), 'DATA 1 "enough"');
  assertEquals(await script.peer.line(), "HEADERS 1 grpc-status=0 end");
  assertEquals(await script.peer.line(), "RST_STREAM 1 NO_ERROR");
  assert((script.peer.granted.get(1) ?? 0) > 15 * size);
});

Deno.test("server: writable.close() says nothing, the trailer leaves with the handler's end, from its finally too", async () => {
  await using script = new ServerScript(async (stream) => {
    try {
      await stream.send(bytes("one"));
      await stream.writable.close();
      assertEquals(
        await rejectionText(stream.send(bytes("late"))),
        "rpc error: code = 13 desc = the stream is done",
      );
    } finally {
      stream.trailer.set("cost", "3");
    }
  });
  await script.call(1);
  await script.peer.send(halfClose(1));
  assertEquals(await script.peer.line(), "HEADERS 1 :status=200 content-type=application/grpc");
  assertEquals(await script.peer.line(), 'DATA 1 "one"');
  assertEquals(await script.peer.line(), "HEADERS 1 cost=3 grpc-status=0 end");
});

Deno.test("server: a trailer that a finally sets after a cancel is accepted and ignored", async () => {
  const done = Promise.withResolvers<void>();
  await using script = new ServerScript(async (stream) => {
    try {
      await aborted(stream.signal);
    } finally {
      stream.trailer.set("cost", "3");
      stream.header.set("late", "1");
      done.resolve();
    }
  });
  await script.call(1);
  await script.peer.send(cancel(1));
  await done.promise;
  await script.call(3);
  await script.peer.send(cancel(3));
  assertEquals(script.errors, []);
});

for (
  const [code, name] of [[0, "NO_ERROR"], [1, "PROTOCOL_ERROR"], [5, "STREAM_CLOSED"], [8, "CANCEL"], [
    11,
    "ENHANCE_YOUR_CALM",
  ], [1000, "error code 1000"]] as const
) {
  Deno.test(`server: the client's RST_STREAM ${name}: reads, writes and the signal say it, and no onError`, async () => {
    const returned = Promise.withResolvers<unknown>();
    await using script = new ServerScript(async (stream) => {
      const reading = rejection(Array.fromAsync(stream.readable));
      const reason = await aborted(stream.signal);
      assertStrictEquals(await reading, reason);
      assertStrictEquals(await rejection(stream.send(bytes("x"))), reason);
      returned.resolve(reason);
      throw reason;
    });
    await script.call(1, ["source-service", "Up"]);
    await script.peer.send(messages(1, "unread"), rst(1, code));
    const text = `transport: RSTStream Frame received with error code: ${name} [triggered by Up]`;
    assertEquals(messageOf(await returned.promise), `rpc error: code = 1 desc = ${text}`);
    assertEquals(script.errors, []);
  });
}

Deno.test("server: over maxStreams handlers a stream is refused, to be tried again, and served when one has returned", async () => {
  const open = PAIRS["memory"];
  assert(open);
  const release = Promise.withResolvers<void>();
  let running = 0;
  await using pair = await open(async (stream) => {
    running++;
    // One that was cancelled counts until it has returned.
    await release.promise;
    await stream.send(bytes("served"));
  }, { server: { maxStreams: 2 } });
  const first = [pair.connection.openStream(TARGET), pair.connection.openStream(TARGET)];
  for (const stream of first) stream.closed.catch(() => {});
  while (running < 2) await new Promise((resolve) => setTimeout(resolve));
  for (const stream of first) await stream.cancel();
  const refused = await grpcErrorOf(pair.connection.openStream(TARGET).closed);
  assertEquals([refused.code, refused.retryable], [14, true]);
  assertEquals(refused.description, "stream terminated by RST_STREAM with error code: REFUSED_STREAM");
  release.resolve();
  for (let served = false; !served;) {
    const stream = pair.connection.openStream(TARGET);
    served = await Array.fromAsync(stream).then(() => true, (error) => {
      assertEquals(error.retryable, true);
      return false;
    });
  }
  assertEquals(pair.errors, []);
});

Deno.test("server: a shutdown lets streams finish: GOAWAY, draining aborts, a late stream may be tried again", async () => {
  const open = PAIRS["TCP"];
  assert(open);
  const begun = Promise.withResolvers<void>();
  await using pair = await open(async (stream) => {
    stream.sendHeader();
    begun.resolve();
    await aborted(stream.draining);
    await stream.send(bytes("goodbye"));
  });
  const stream = pair.connection.openStream(TARGET);
  await begun.promise;
  const down = pair.shutdown(5_000);
  assertEquals(await Array.fromAsync(stream, string), ["goodbye"]);
  await stream.closed;
  const late = await grpcErrorOf(pair.connection.openStream(TARGET).closed);
  assertEquals([late.code, late.retryable], [14, true]);
  await down;
  assertEquals(pair.errors, []);
});

Deno.test("server: during a shutdown new streams are refused while old ones go on, and the GOAWAY comes behind them", async () => {
  await using script = new ServerScript(undefined, {});
  const stream = await script.opened();
  await stream.send(bytes("x"));
  script.finish();
  const lines = [
    await script.peer.line(),
    await script.peer.line(),
    await script.peer.line(),
    await script.peer.line(),
  ];
  assertEquals(lines.slice(1), ['DATA 1 "x"', "HEADERS 1 grpc-status=0 end", "RST_STREAM 1 NO_ERROR"]);
  script.connection.abort("maintenance");
  const last = await script.peer.next();
  assertEquals(last?.type, "GOAWAY");
  await script.connection.finished;
});

for (const over of ["memory", "TCP"]) {
  Deno.test(`${over}: a connection that is lost ends every stream: client 14, server connection EOF`, async () => {
    const open = PAIRS[over];
    assert(open);
    const reasons: Promise<unknown>[] = [];
    const begun = Promise.withResolvers<void>();
    await using pair = await open(async ({ signal }) => {
      reasons.push(aborted(signal));
      if (reasons.length === 3) begun.resolve();
      await aborted(signal);
    });
    const streams = Array.from({ length: 3 }, () => pair.connection.openStream(TARGET));
    const closed = streams.map((stream) => grpcErrorOf(stream.closed));
    await begun.promise;
    pair.connection.abort(new Error("cut"));
    for (const error of await Promise.all(closed)) assertEquals([error.code, error.description], [1, "cut"]);
    for (const reason of await Promise.all(reasons)) assertInstanceOf(reason, GrpcError);
    const gone = await grpcErrorOf(pair.connection.openStream(TARGET).closed);
    assertEquals([gone.code, gone.retryable], [14, true]);
    await pair.connection.closed;
    assertEquals(pair.errors, []);
  });
}

Deno.test("client: what came before its connection was lost is read first; what had left is not to be tried again", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.headers();
  await script.peer.send(headers(1, ANSWER), messages(1, "one"));
  await stream.header;
  await script.peer.close();
  const reader = stream.readable.getReader();
  assertEquals(string((await reader.read()).value), "one");
  const error = await grpcErrorOf(reader.read());
  assertEquals([error.code, error.retryable, error.kind], [14, false, "protocol"]);
  assertEquals(
    error.description,
    'connection error: desc = "error reading from server, error=EOF peer close"',
  );
  assertStrictEquals(await rejection(stream.closed), error);
});

Deno.test("server: a client that hangs up: what came is read, then connection EOF, and the handler's end is nobody's fault", async () => {
  const read: string[] = [];
  const ended = Promise.withResolvers<unknown>();
  await using script = new ServerScript(async (stream) => {
    try {
      for await (const message of stream.readable) read.push(string(message));
    } catch (error) {
      ended.resolve(error);
      throw error;
    }
  });
  await script.call(1);
  await script.peer.send(messages(1, "one"));
  await script.peer.close();
  assertEquals(
    messageOf(await ended.promise),
    "rpc error: code = 1 desc = transport: connection EOF [triggered by remote service]",
  );
  assertEquals(read, ["one"]);
  await script.connection.finished;
  assertEquals(script.errors, []);
});

Deno.test("client: GOAWAY ENHANCE_YOUR_CALM is told in words", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.headers();
  await script.peer.send(goAway(0, ErrorCode.ENHANCE_YOUR_CALM, "too_many_pings"));
  const error = await grpcErrorOf(stream.closed);
  assert(error.description.includes("ENHANCE_YOUR_CALM, too_many_pings"), error.description);
  assertEquals(error.retryable, true);
});

Deno.test("client: a broken frame ends the connection: its streams read why, the server gets a GOAWAY", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.headers();
  await script.peer.send(messages(2, "x"));
  const error = await grpcErrorOf(stream.closed);
  assertEquals([error.code, error.kind, error.retryable], [14, "protocol", false]);
  assert(error.description.includes("stream 2"), error.description);
  const last = await script.peer.next();
  assert(last?.type === "GOAWAY" && last.code === ErrorCode.PROTOCOL_ERROR);
  assertInstanceOf(await rejection(script.connection.closed), GrpcError);
});

Deno.test("server: a broken frame ends the connection: finished rejects, and the handlers hear of it", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send(messages(3, "x"));
  assertInstanceOf(await aborted(stream.signal), GrpcError);
  const last = await script.peer.next();
  assert(last?.type === "GOAWAY" && last.code === ErrorCode.PROTOCOL_ERROR);
  const error = await rejection(script.connection.finished);
  assert(error instanceof StreamError && !(error instanceof TTStreamError));
});

Deno.test("client: close() waits for the open streams, and GOAWAY goes with it", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.headers();
  let closed = false;
  const closing = script.connection.close().then(() => closed = true);
  const late = await grpcErrorOf(script.open().closed);
  assertEquals([late.code, late.description, late.retryable], [14, "the connection is closing", true]);
  await script.peer.send(headers(1, ANSWER), messages(1, "one"), lastHeaders(1, OK));
  assertEquals(closed, false);
  assertEquals(await Array.fromAsync(stream, string), ["one"]);
  await closing;
  await script.connection.closed;
});

Deno.test("client: a connection whose other end never says anything is aborted at once", async () => {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const connection = connectOver({ readable: there.readable, writable: new WritableStream() }, {
    protocol: grpc(),
  });
  const stream = connection.openStream(TARGET);
  connection.abort();
  assertEquals((await grpcErrorOf(stream.closed)).code, 1);
  await connection.closed;
});

Deno.test("server: a shutdown says GOAWAY at once, while handlers still run: clients must not open streams to be refused", async () => {
  const release = Promise.withResolvers<void>();
  const server = serveLocally((stream) => {
    stream.sendHeader();
    return release.promise;
  }, { protocols: [grpc()] });
  await using peer = new Http2Peer(
    "client",
    await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }),
  );
  await peer.send(headers(1, request()));
  await peer.headers();
  const down = server.shutdown({ graceMs: 60_000 });
  let next = await peer.next();
  while (next !== undefined && next.type !== "GOAWAY") next = await peer.next();
  assertEquals(next?.type, "GOAWAY");
  release.resolve();
  while (next !== undefined && next.type !== "HEADERS") next = await peer.next();
  assert(next?.type === "HEADERS" && next.end, "the stream was cut");
  await down;
});

Deno.test("server: a shutdown waits for what the client's windows hold back, as long as its grace lasts", async () => {
  const size = 200_000;
  const server = serveLocally((stream) => stream.send(new Uint8Array(size)), { protocols: [grpc()] });
  await using peer = new Http2Peer(
    "client",
    await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }),
  );
  await peer.send(headers(1, request()), halfClose(1));
  await peer.headers();
  let came = 0;
  const take = async () => {
    const next = await peer.next();
    if (next?.type === "DATA") came += next.bytes.length;
    return next;
  };
  while (came < 65_535) await take();
  const down = server.shutdown({ graceMs: 5_000 });
  // Longer than a client gets that has nothing to wait for.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await peer.send(windowUpdate(1, size), windowUpdate(0, size));
  let last = await take();
  while (last !== undefined && last.type !== "HEADERS") last = await take();
  assert(last?.type === "HEADERS" && last.end, "the connection was cut");
  assertEquals(came, size + 5);
  await down;
});

Deno.test("server: a shutdown cuts what the client's windows hold back when its grace is over", async () => {
  const server = serveLocally((stream) => stream.send(new Uint8Array(200_000)), { protocols: [grpc()] });
  await using peer = new Http2Peer(
    "client",
    await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }),
  );
  await peer.send(headers(1, request()), halfClose(1));
  await peer.headers();
  const began = performance.now();
  await server.shutdown({ graceMs: 50 });
  assert(performance.now() - began < 4_000);
});

Deno.test("client: a stream that a GOAWAY has taken does not keep its connection from closing", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  await script.peer.headers();
  await script.peer.send(goAway(0, ErrorCode.NO_ERROR));
  assertEquals((await grpcErrorOf(stream.closed)).retryable, true);
  await script.connection.close();
});

Deno.test("client: keep-alive does not take for silence what the connection does not read", async () => {
  const options = { initialWindowBytes: 65_535, connectionWindowBytes: 65_535 };
  await using script = new ClientScript(undefined, { ...options, keepaliveMs: 20, keepaliveTimeoutMs: 20 });
  const stream = script.open();
  await script.peer.headers();
  const many = 10_000;
  await script.peer.send(headers(1, ANSWER), messages(1, ...new Array<string>(many).fill("")));
  await stream.header;
  // Nobody reads so many messages for longer than the peer may be silent.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const sent = script.peer.send(lastHeaders(1, OK));
  assertEquals((await Array.fromAsync(stream.readable)).length, many);
  await sent;
});

// A codec throws, in encode or decode, at either end: who rejects with what, and what leaves.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  type Codec,
  createClient,
  defineService,
  type Handler,
  implement,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { rejection } from "../support/rejection.ts";
import { ClientScript, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import type { FrameInit } from "../support/wire_peer.ts";

const header: FrameInit = { type: FrameType.Header };
const data = (message: string): FrameInit => ({ type: FrameType.Data, payload: bytes(message) });

/** Thrown by {@linkcode picky}, the same object each time. */
const refused = new TypeError("not a word I know");

/** Text, but for `bad`, in either direction. */
const picky: Codec<string> = {
  encode(message) {
    if (message === "bad") throw refused;
    return bytes(message);
  },
  decode(payload) {
    const message = string(payload);
    if (message === "bad") throw refused;
    return message;
  },
};

/** The same, into the connection's buffer, half of it written before it throws. */
const pickyInto: Codec<string> = {
  ...picky,
  encodeInto(message, buffer) {
    buffer.writeBytes(bytes("half a message"));
    buffer.length -= bytes("half a message").length;
    buffer.writeBytes(bytes(message));
    if (message === "bad") throw refused;
  },
};

const methodsOf = (codec: Codec<string>) => ({
  chat: { kind: "bidirectional", request: codec, response: codec },
  list: { kind: "server", request: codec, response: codec },
  sum: { kind: "client", request: codec, response: codec },
} as const);
const Picky = defineService("Test", methodsOf(picky));
const PickyInto = defineService("Test", methodsOf(pickyInto));

/** That `error` is the library's, 12008 at the client, caused by the codec's. */
function assertCausedByCodec(error: unknown): asserts error is TTStreamError {
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] not a word I know");
  assertStrictEquals(error.cause, refused);
}

for (const [name, service] of [["encode", Picky], ["encodeInto", PickyInto]] as const) {
  Deno.test(`client: ${name} throws: that write and later ones reject with it, all else with 12008; Rst 12008 leaves behind what was written`, async () => {
    await using script = new ClientScript();
    const stream = createClient(service, script.connection).chat();
    const writer = stream.writable.getWriter();
    const read = rejection(stream.readable.getReader().read());
    await writer.write("good");
    assertStrictEquals(await rejection(writer.write("bad")), refused);
    assertStrictEquals(await rejection(writer.write("good")), refused);
    assertStrictEquals(await rejection(writer.closed), refused);
    assertInstanceOf(await rejection(writer.close()), TypeError);
    const error = await read;
    assertCausedByCodec(error);
    assertStrictEquals(await rejection(stream.trailer), error);
    assertStrictEquals(await rejection(stream.header), error);
    assertEquals(await script.left(), [
      "Header {isn: Test}",
      "Data good",
      "Rst 12008 not a word I know {ttscp: ServiceA}",
      "Trailer",
    ]);
  });
}

Deno.test("client: encode throws for a write that had to wait: the same, when its turn comes", async () => {
  await using script = new ClientScript();
  const stream = createClient(Picky, script.connection).chat();
  const writer = stream.writable.getWriter();
  const read = rejection(stream.readable.getReader().read());
  await writer.write("x".repeat(300_000));
  const write = rejection(writer.write("bad"));
  await script.peer.expect(FrameType.Header);
  await script.peer.expect(FrameType.Data);
  assertStrictEquals(await write, refused);
  assertCausedByCodec(await read);
  assertEquals(await script.left(), ["Rst 12008 not a word I know {ttscp: ServiceA}", "Trailer"]);
});

Deno.test("client: decode throws: the messages before it come first, then that read and later ones reject with it, all else with 12008", async () => {
  await using script = new ClientScript();
  const stream = createClient(Picky, script.connection).chat();
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  await script.peer.send(header, data("one"), data("two"), data("bad"), data("dropped"));
  assertEquals([(await reader.read()).value, (await reader.read()).value], ["one", "two"]);
  assertStrictEquals(await rejection(reader.read()), refused);
  assertStrictEquals(await rejection(reader.read()), refused);
  assertStrictEquals(await rejection(reader.closed), refused);
  const error = await rejection(writer.closed);
  assertCausedByCodec(error);
  assertStrictEquals(await rejection(writer.write("good")), error);
  assertStrictEquals(await rejection(stream.trailer), error);
  assertEquals(await stream.header, new Map());
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Rst 12008 not a word I know {ttscp: ServiceA}",
    "Trailer",
  ]);
});

Deno.test("client: decode throws in an iteration of a call: the messages before it come first", async () => {
  await using script = new ClientScript();
  const call = createClient(Picky, script.connection).list("go");
  await script.peer.send(header, data("one"), data("two"), data("bad"), data("dropped"));
  const seen: string[] = [];
  const loop = (async () => {
    for await (const message of call) seen.push(message);
  })();
  assertStrictEquals(await rejection(loop), refused);
  assertEquals(seen, ["one", "two"]);
  assertCausedByCodec(await rejection(call.trailer));
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Data go",
    "Trailer",
    "Rst 12008 not a word I know {ttscp: ServiceA}",
  ]);
});

Deno.test("client: decode throws after the Trailer has come: nothing leaves, `trailer` keeps its keys", async () => {
  await using script = new ClientScript();
  const stream = createClient(Picky, script.connection).chat();
  await script.peer.send(header, data("bad"), { type: FrameType.Trailer, metadata: { cost: "3" } });
  assertStrictEquals(await rejection(stream.readable.getReader().read()), refused);
  assertEquals(await stream.trailer, new Map([["cost", "3"]]));
  assertEquals(await script.left(), ["Header {isn: Test}", "Trailer"]);
});

Deno.test("client: a codec that cancels its own stream in decode: the cancel wins", async () => {
  await using script = new ClientScript();
  const controller = new AbortController();
  const codec: Codec<string> = {
    ...picky,
    decode(payload) {
      controller.abort("from the codec");
      return string(payload);
    },
  };
  const service = defineService("Test", methodsOf(codec));
  const stream = createClient(service, script.connection).chat({ signal: controller.signal });
  await script.peer.send(header, data("one"));
  const error = await rejection(stream.readable.getReader().read());
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.description, "from the codec");
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Rst 12008 from the codec {ttscp: ServiceA}",
    "Trailer",
  ]);
});

Deno.test("client: a message over the frame limit is the codec's fault too: RangeError with both sizes, Rst 12008", async () => {
  await using script = new ClientScript({ maxFrameBytes: 1000 });
  const stream = createClient(Picky, script.connection).chat();
  const writer = stream.writable.getWriter();
  const error = await rejection(writer.write("x".repeat(1000)));
  assertInstanceOf(error, RangeError);
  const text = "frame of 1030 bytes exceeds the limit of 1000 bytes";
  assertEquals(error.message, text);
  assertEquals(await script.left(), ["Header {isn: Test}", `Rst 12008 ${text}`, "Trailer"]);
});

Deno.test("client: the request of a server stream cannot be encoded: an errored call, and nothing is written", async () => {
  for (const service of [Picky, PickyInto]) {
    await using script = new ClientScript();
    const call = createClient(service, script.connection).list("bad");
    const error = await rejection(call.readable.getReader().read());
    assertCausedByCodec(error);
    assertStrictEquals(await rejection(call.header), error);
    assertStrictEquals(await rejection(call.trailer), error);
    await call[Symbol.asyncDispose]();
    assertStrictEquals(
      await rejection(Array.fromAsync(createClient(service, script.connection).list("bad"))).then((e) =>
        (e as Error).cause
      ),
      refused,
    );
    assertEquals(await script.left(), []);
  }
});

Deno.test("client: the request of a server stream is over the frame limit: an errored call, nothing is thrown", async () => {
  await using script = new ClientScript({ maxFrameBytes: 1000 });
  const call = createClient(Picky, script.connection).list("x".repeat(1000));
  const error = await rejection(call.readable.getReader().read());
  assertInstanceOf(error, TTStreamError);
  assertEquals(
    error.message,
    "[ttstream error, code=12008] [client-side stream] frame of 1030 bytes exceeds the limit of 1000 bytes",
  );
  assertInstanceOf(error.cause, RangeError);
  assertStrictEquals(await rejection(call.trailer), error);
  assertEquals(await script.left(), ["Header {isn: Test}", `Rst 12008 ${error.description}`, "Trailer"]);
});

Deno.test("client: the response cannot be decoded: `response` and `trailer` reject with a TTStreamError whose cause is the codec's", async () => {
  await using script = new ClientScript();
  const call = createClient(Picky, script.connection).sum();
  await script.peer.send(header, data("bad"));
  const error = await rejection(call.response);
  assertCausedByCodec(error);
  assertCausedByCodec(await rejection(call.trailer));
  assertCausedByCodec(await rejection(call.writable.getWriter().write("good")));
});

Deno.test("client: the response cannot be decoded, and the Trailer has come: the same, and `trailer` keeps its keys", async () => {
  await using script = new ClientScript();
  const call = createClient(Picky, script.connection).sum();
  await script.peer.send(header, data("bad"), { type: FrameType.Trailer });
  assertCausedByCodec(await rejection(call.response));
  assertEquals(await call.trailer, new Map());
});

Deno.test("client: a request of a client stream cannot be encoded: the write rejects with it, `response` with 12008", async () => {
  await using script = new ClientScript();
  const call = createClient(Picky, script.connection).sum();
  const response = rejection(call.response);
  assertStrictEquals(await rejection(call.writable.getWriter().write("bad")), refused);
  assertCausedByCodec(await response);
});

/** A server whose handler is given the stream of `chat`, and what the stream said at the end. */
function chatServer(chat: (stream: ServerStream<string, string>) => Promise<void>): ServerScript {
  const handler: Handler = implement(Picky, { chat, list: () => {}, sum: () => "" });
  return new ServerScript(handler);
}

const open: FrameInit = { type: FrameType.Header, method: "chat", metadata: { isn: "Test" } };

Deno.test("server: decode throws: the messages before it come first, then as a handler that throws, and onError hears it once", async () => {
  const done = Promise.withResolvers<void>();
  await using script = chatServer(async (stream) => {
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    assertEquals([(await reader.read()).value, (await reader.read()).value], ["one", "two"]);
    const thrown = await rejection(reader.read());
    assertStrictEquals(thrown, refused);
    assertStrictEquals(await rejection(reader.read()), refused);
    const end = await aborted(stream.signal);
    assertInstanceOf(end, TTStreamError);
    assertStrictEquals(end.cause, refused);
    assertStrictEquals(await rejection(writer.write("good")), end);
    assertStrictEquals(await rejection(writer.closed), end);
    done.resolve();
    throw thrown;
  });
  await script.peer.send(open, data("one"), data("two"), data("bad"), data("dropped"));
  await done.promise;
  assertEquals(await script.left(), ["Header", "Trailer 6 biz error: not a word I know"]);
  assertEquals(script.errors, [refused]);
});

Deno.test("server: encode throws: what was written goes first, that write and later ones reject with it, the rest as a handler that throws", async () => {
  const done = Promise.withResolvers<void>();
  await using script = chatServer(async (stream) => {
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    const read = rejection(reader.read());
    await writer.write("good");
    assertStrictEquals(await rejection(writer.write("bad")), refused);
    assertStrictEquals(await rejection(writer.write("good")), refused);
    const end = await aborted(stream.signal);
    assertInstanceOf(end, TTStreamError);
    assertStrictEquals(end.cause, refused);
    assertStrictEquals(await read, end);
    done.resolve();
  });
  await script.peer.send(open);
  await done.promise;
  assertEquals(await script.left(), ["Header", "Data good", "Trailer 6 biz error: not a word I know"]);
  assertEquals(script.errors, [refused]);
});

Deno.test("server: what a generator yields cannot be encoded: its finally runs, the client reads 12001 after what was sent", async () => {
  const cleaned = Promise.withResolvers<void>();
  await using pair = await TcpPair.open(implement(Picky, {
    chat: () => {},
    async *list() {
      try {
        yield "one";
        yield "bad";
        yield "never";
      } finally {
        cleaned.resolve();
      }
    },
    sum: () => "",
  }));
  const seen: string[] = [];
  const loop = (async () => {
    for await (const message of createClient(Picky, pair.connection).list("go")) seen.push(message);
  })();
  const error = await rejection(loop);
  assertInstanceOf(error, TTStreamError);
  assertEquals(
    error.message,
    "[ttstream error, code=12001] [client-side stream] biz error: not a word I know",
  );
  assertEquals(seen, ["one"]);
  await cleaned.promise;
  assertEquals(pair.errors, [refused]);
});

Deno.test("server: the request, or the response, of a method cannot be coded: the client reads 12001, onError hears it once", async () => {
  for (const [request, response] of [["bad", "good"], ["good", "bad"]] as const) {
    let called = 0;
    await using pair = await TcpPair.open(implement(Picky, {
      chat: () => {},
      async *list() {
        called++;
        await Promise.resolve();
        yield response;
      },
      sum: () => response,
    }));
    const raw = pair.connection.openStream({ service: "Test", method: "list" });
    await raw.writable.getWriter().write(bytes(request));
    const error = await rejection(raw.readable.getReader().read());
    assertInstanceOf(error, TTStreamError);
    assertEquals(
      error.message,
      "[ttstream error, code=12001] [client-side stream] biz error: not a word I know",
    );
    assertEquals(called, request === "bad" ? 0 : 1);
    assertEquals(pair.errors, [refused]);
    if (response !== "bad") continue;
    const sum = createClient(Picky, pair.connection).sum();
    await sum.writable.close();
    assert((await rejection(sum.response) as Error).message.endsWith("biz error: not a word I know"));
    assertEquals(pair.errors, [refused, refused]);
  }
});

Deno.test("over TCP, a codec that throws at one end reads as 12008 at a handler and as 12001 at a client", async () => {
  const reasons: unknown[] = [];
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  await using pair = await TcpPair.open(async (stream) => {
    started.resolve();
    reasons.push(await aborted(stream.signal));
    ended.resolve();
  });
  const stream = createClient(Picky, pair.connection).chat();
  await started.promise;
  assertStrictEquals(await rejection(stream.writable.getWriter().write("bad")), refused);
  await ended.promise;
  assertEquals(reasons.map((reason) => (reason as Error).message), [
    "[ttstream error, code=12008] [server-side stream] [canceled path: ServiceA] not a word I know",
  ]);
});

// A peer that does not read makes writes wait. Whatever ends the stream settles them at once, and the reads that wait.
import { assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { type ClientStream, connect, type ServerStream, TTStreamError } from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes } from "../support/codecs.ts";
import { aborted } from "../support/events.ts";
import { rejection } from "../support/rejection.ts";
import { CANCELED, ClientScript, ServerScript } from "../support/script.ts";
import { TcpPair } from "../support/tcp.ts";
import { exceptionPayload, type FrameInit } from "../support/wire_peer.ts";

const header: FrameInit = { type: FrameType.Header, metadata: { isn: "Test" } };
const exception = (type: number, message: string) => exceptionPayload({ type, message });
/** More than a connection holds unsent, where the peer reads nothing: the next write waits. */
const BIG = new Uint8Array(300_000);

/** A way to end a client's stream, and what both sides of it reject with; `reads` where reading ends well. */
const atClient: {
  by: string;
  message: string;
  reads?: "end";
  end(script: ClientScript, stream: ClientStream, controller: AbortController): PromiseLike<void> | void;
}[] = [
  {
    by: "its signal",
    message: `[ttstream error, code=12007] [client-side stream] ${CANCELED}`,
    end: (_script, _stream, controller) => controller.abort(),
  },
  {
    by: "the end of its scope",
    message: `[ttstream error, code=12007] [client-side stream] ${CANCELED}`,
    end: (_script, stream) => stream[Symbol.asyncDispose](),
  },
  {
    by: "connection.abort()",
    message: "[ttstream error, code=12008] [client-side stream] leaving",
    end: ({ connection }) => connection.abort("leaving"),
  },
  {
    by: "a Rst",
    message: "[ttstream error, code=12011] [client-side stream] [canceled path: Proxy] no",
    end: ({ peer }) =>
      peer.send({ type: FrameType.Rst, metadata: { ttscp: "Proxy" }, payload: exception(12011, "no") }),
  },
  {
    by: "a Trailer with an error",
    message: "[ttstream error, code=12001] [client-side stream] biz error: boom",
    end: ({ peer }) =>
      peer.send(header, { type: FrameType.Trailer, payload: exception(6, "biz error: boom") }),
  },
  {
    by: "a Trailer without an error",
    message: "[ttstream error, code=12005] [client-side stream] stream is closed send",
    reads: "end",
    end: ({ peer }) => peer.send(header, { type: FrameType.Trailer }),
  },
  {
    by: "a second Header",
    message: "[ttstream error, code=12002] [client-side stream] stream[1] already set header",
    end: ({ peer }) => peer.send(header, header),
  },
  {
    by: "a FIN",
    message: "[ttstream error, code=12006] connection closed by peer",
    end: ({ peer }) => peer.closeWriting(),
  },
  {
    by: "a broken frame",
    message:
      "[ttstream error, code=12004] not TTHeader protocol (first4Bytes=0x6e6f7420, second4Bytes=0x61206672)",
    end: ({ peer }) => peer.sendBytes(bytes("not a frame")),
  },
  {
    by: "a time-out",
    message: "[ttstream error, code=12015] [client-side stream] stream timeout, timeout in ctx: 100ms",
    end: () => {},
  },
];

for (const { by, message, reads, end } of atClient) {
  Deno.test(`client: a stream that ends by ${by}: reads and writes that wait settle at once, those behind them too`, async () => {
    await using script = new ClientScript();
    const controller = new AbortController();
    const timeoutMs = by === "a time-out" ? 100 : undefined;
    const stream = script.open({ signal: controller.signal, timeoutMs });
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    const read = reads === "end" ? reader.read().then(({ done }) => done) : rejection(reader.read());
    await writer.write(BIG);
    const writes = [BIG, bytes("second")].map((chunk) => rejection(writer.write(chunk)));
    const ready = rejection(writer.ready);
    await end(script, stream, controller);
    const error = await writes[0];
    assertInstanceOf(error, TTStreamError);
    assertEquals(error.message, message);
    assertStrictEquals(await writes[1], error);
    assertStrictEquals(await ready, error);
    assertStrictEquals(await rejection(writer.closed), error);
    assertInstanceOf(await rejection(writer.close()), TypeError);
    assertStrictEquals(await read, reads === "end" ? true : error);
  });
}

Deno.test("client: a close() that waits behind a write rejects with the stream's error", async () => {
  await using script = new ClientScript();
  const controller = new AbortController();
  const writer = script.open({ signal: controller.signal }).writable.getWriter();
  await writer.write(BIG);
  const write = rejection(writer.write(BIG));
  const close = rejection(writer.close());
  controller.abort();
  assertStrictEquals(await close, await write);
});

Deno.test("client: readable.cancel(reason) settles the writes that wait", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const write = rejection(writer.write(BIG));
  await stream.readable.cancel("enough");
  const error = await write;
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] enough");
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Data of 300000 bytes",
    "Rst 12008 enough {ttscp: ServiceA}",
    "Trailer",
  ]);
});

Deno.test("client: writable.abort(reason) while a write waits: it rejects with ours, abort() resolves, the far end reads the reason", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const reader = stream.readable.getReader();
  const read = rejection(reader.read());
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const [first, second] = [rejection(writer.write(BIG)), rejection(writer.write(BIG))];
  const reason = new Error("changed my mind");
  await writer.abort(reason);
  const error = await first;
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, "[ttstream error, code=12008] [client-side stream] changed my mind");
  assertStrictEquals(error.cause, reason);
  assertStrictEquals(await read, error);
  // Writes that never came to us are the platform's.
  assertStrictEquals(await second, reason);
  assertEquals(await script.left(), [
    "Header {isn: Test}",
    "Data of 300000 bytes",
    "Rst 12008 changed my mind {ttscp: ServiceA}",
    "Trailer",
  ]);
});

Deno.test("client: a write that waits is sent when the peer reads on", async () => {
  await using script = new ClientScript();
  const stream = script.open();
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const order: string[] = [];
  const write = writer.write(bytes("second")).then(() => order.push("written"));
  await script.peer.expect(FrameType.Header);
  order.push("reading");
  await script.peer.expect(FrameType.Data);
  await write;
  assertEquals(order, ["reading", "written"]);
  await stream[Symbol.asyncDispose]();
});

Deno.test("client: the writes of one stream that wait do not keep another from being cancelled", async () => {
  await using script = new ClientScript();
  const [first, second] = [script.open(), script.open()];
  const writer = first.writable.getWriter();
  await writer.write(BIG);
  const write = writer.write(bytes("goes out in the end"));
  const read = rejection(second.readable.getReader().read());
  await second.writable.abort();
  assertInstanceOf(await read, TTStreamError);
  const drained = (async () => {
    for (let n = 0; n < 6; n++) await script.peer.next();
  })();
  await Promise.all([write, drained]);
  await first[Symbol.asyncDispose]();
});

/** A way to end a handler's stream, and what its signal, reads and writes then say. */
const atServer: {
  by: string;
  message: string;
  end(script: ServerScript, stream: ServerStream): PromiseLike<void> | void;
}[] = [
  {
    by: "a Rst",
    message: `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] ${CANCELED}`,
    end: ({ peer }) =>
      peer.send({
        type: FrameType.Rst,
        metadata: { ttscp: "ServiceA" },
        payload: exception(12007, CANCELED),
      }),
  },
  {
    by: "a FIN",
    message: "[ttstream error, code=12013] canceled by connection closed",
    end: ({ peer }) => peer.closeWriting(),
  },
  {
    by: "a broken frame",
    message:
      "[ttstream error, code=12013] [ttstream error, code=12004] not TTHeader protocol (first4Bytes=0x6e6f7420, second4Bytes=0x61206672)",
    end: ({ peer }) => peer.sendBytes(bytes("not a frame")),
  },
  {
    by: "a second Header",
    message: "[ttstream error, code=12002] [server-side stream] stream[1] already set header",
    end: ({ peer }) => peer.send(header),
  },
  {
    by: "the handler's throw",
    message: "[ttstream error, code=12012] [server-side stream] canceled by business handler returning",
    end: (script) => script.fail(new Error("boom")),
  },
  {
    by: "the server's shutdown",
    message: "[ttstream error, code=12013] canceled by connection closed",
    end: ({ connection }) => connection.abort(),
  },
];

for (const { by, message, end } of atServer) {
  Deno.test(`server: a stream that ends by ${by}: reads and writes that wait reject at once with signal's reason`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened();
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    const read = rejection(reader.read());
    await writer.write(BIG);
    const writes = [BIG, bytes("second")].map((chunk) => rejection(writer.write(chunk)));
    await end(script, stream);
    const error = await writes[0];
    assertInstanceOf(error, TTStreamError);
    assertEquals(error.message, message);
    assertStrictEquals(stream.signal.reason, error);
    assertStrictEquals(await writes[1], error);
    assertStrictEquals(await read, error);
    assertStrictEquals(await rejection(writer.closed), error);
    assertStrictEquals(await rejection(reader.closed), error);
    assertInstanceOf(await rejection(writer.close()), TypeError);
  });
}

Deno.test("server: writable.abort(e) while a write waits: it rejects, reads too, and abort() resolves", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  const read = rejection(stream.readable.getReader().read());
  const writer = stream.writable.getWriter();
  await writer.write(BIG);
  const write = rejection(writer.write(BIG));
  const reason = new Error("boom");
  await writer.abort(reason);
  const error = await write;
  assertInstanceOf(error, TTStreamError);
  assertStrictEquals(error.cause, reason);
  assertStrictEquals(await read, error);
  assertStrictEquals(stream.signal.reason, error);
  assertEquals(await script.left(), ["Header", "Data of 300000 bytes", "Trailer 6 biz error: boom"]);
  assertEquals(script.errors, [reason]);
});

/** Writes until a write waits, and tells what that one rejects with. */
async function writeUntilStuck(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  stuck: () => void,
): Promise<unknown> {
  for (;;) {
    let waiting = true;
    const write = writer.write(BIG).then(() => waiting = false);
    const timer = setTimeout(() => {
      if (waiting) stuck();
    }, 50);
    try {
      await write;
    } catch (error) {
      return error;
    } finally {
      clearTimeout(timer);
    }
  }
}

Deno.test("over TCP, the server's writes wait for a client that does not read, and reject when it cancels", async () => {
  const stuck = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown[]>();
  await using pair = await TcpPair.open(async (stream) => {
    const read = rejection(stream.readable.getReader().read());
    const write = writeUntilStuck(stream.writable.getWriter(), stuck.resolve);
    ended.resolve([await aborted(stream.signal), await read, await write]);
  });
  const stream = pair.connection.openStream({ service: "Test", method: "Echo" });
  await stuck.promise;
  await stream.readable.cancel("too much");
  const [reason, read, write] = await ended.promise;
  assertInstanceOf(reason, TTStreamError);
  assertEquals(
    reason.message,
    "[ttstream error, code=12008] [server-side stream] [canceled path: ServiceA] too much",
  );
  assertStrictEquals(read, reason);
  assertStrictEquals(write, reason);
});

Deno.test("over TCP, the client's writes wait for a server that does not read, and reject when its scope ends", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const accepting = listener.accept();
  const connection = await connect({ port: listener.addr.port });
  using _conn = await accepting;
  const stuck = Promise.withResolvers<void>();
  let write: Promise<unknown>;
  {
    await using stream = connection.openStream({ service: "Test", method: "Echo" });
    write = writeUntilStuck(stream.writable.getWriter(), stuck.resolve);
    await stuck.promise;
  }
  const error = await write;
  assertInstanceOf(error, TTStreamError);
  assertEquals(error.message, `[ttstream error, code=12007] [client-side stream] ${CANCELED}`);
  connection.abort();
  await connection.closed;
});

/** A peer that breaks the protocol loses its connection, over real TCP, and nobody else notices. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type Bytes,
  type ClientStream,
  connect,
  type Connection,
  ErrorCode,
  serveOver,
  type ServerOptions,
  type ServerStream,
  TTStreamError,
} from "../../mod.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { bytes, string } from "../support/codecs.ts";
import { CapturedErrors } from "../support/console.ts";
import { aborted } from "../support/events.ts";
import { streamErrorOf } from "../support/failures.ts";
import { fromHex } from "../support/hex.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { duplexPair } from "../support/pair.ts";
import { encodeFrames, WirePeer } from "../support/wire_peer.ts";

const MAX_FRAME_BYTES = 1024;

/** A frame whose bytes are changed at `at`. */
function broken(at: number, ...values: number[]): Bytes {
  const frame = encodeFrames({ type: FrameType.Data, payload: bytes("hello") });
  frame.set(values, at);
  return frame;
}

/**
 * `known` is what a server says that it was, where it knows; `unary` tells a row that is only wrong on a connection of
 * streams: at a connection's beginning it is a unary call.
 */
const rows: { name: string; bytes: Uint8Array; description: string; known?: string; unary?: true }[] = [
  {
    name: "garbage",
    bytes: bytes("THIS IS GARBAGE, NOT A FRAME AT ALL"),
    description: "not TTHeader protocol (first4Bytes=0x54484953, second4Bytes=0x20495320)",
  },
  {
    name: "an HTTP request",
    bytes: bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    description: "not TTHeader protocol (first4Bytes=0x47455420, second4Bytes=0x2f204854)",
    known: "a request of HTTP/1",
  },
  {
    name: "an HTTP/2 preface",
    bytes: bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    description: "not TTHeader protocol (first4Bytes=0x50524920, second4Bytes=0x2a204854)",
    known: "HTTP/2 (gRPC)",
  },
  {
    name: "a TLS hello",
    bytes: fromHex("1603010200 010001fc0303 0000000000000000"),
    description: "not TTHeader protocol (first4Bytes=0x16030102, second4Bytes=0x00010001)",
    known: "TLS, and this connection is not encrypted",
  },
  {
    name: "a thrift message without frames",
    bytes: fromHex("80010001 00000004 4563686f 00000001 00"),
    description: "not TTHeader protocol (first4Bytes=0x80010001, second4Bytes=0x00000004)",
    known: "a unary Thrift call (Buffered Binary) on a connection of streams",
    unary: true,
  },
  {
    name: "a thrift message in a frame",
    bytes: fromHex("00000011 80010001 00000004 4563686f 00000001 00"),
    description: "not TTHeader protocol (first4Bytes=0x00000011, second4Bytes=0x80010001)",
    known: "a unary Thrift call (Framed Binary) on a connection of streams",
    unary: true,
  },
  {
    name: "zeros",
    bytes: new Uint8Array(64),
    description: "not TTHeader protocol (first4Bytes=0x00000000, second4Bytes=0x00000000)",
  },
  {
    name: "a frame over the limit",
    bytes: broken(0, 0, 0, 4, 1),
    description: "frame of 1025 bytes exceeds the limit of 1024 bytes",
  },
  {
    name: "an announced 512 MiB",
    bytes: broken(0, 0x20, 0, 0, 0),
    description: "frame of 536870912 bytes exceeds the limit of 1024 bytes",
  },
  {
    name: "a frame shorter than its fixed part",
    bytes: broken(0, 0, 0, 0, 4),
    description: "frame of 4 bytes is shorter than its fixed part of 10 bytes",
  },
  {
    name: "a frame without the streaming flag",
    bytes: broken(7, 0),
    description: "unexpected header flags: 0",
    known: "a unary call over TTHeader on a connection of streams",
    unary: true,
  },
  {
    name: "a frame with a header of no bytes",
    bytes: broken(12, 0, 0),
    description: "invalid header length[0]",
  },
  {
    name: "a frame whose header is longer than itself",
    bytes: broken(12, 0xff, 0xff),
    description: "header of 262140 bytes exceeds the 25 bytes that the frame has left",
  },
  { name: "a frame of another protocol id", bytes: broken(14, 2), description: "unsupported ProtocolID[2]" },
  {
    name: "a frame with more transforms than bytes",
    bytes: broken(15, 0xff),
    description: "need read 255 transformIDs, but not enough",
  },
];

/** Echoes, and hands every stream that it gets to the test. */
class Echo implements AsyncDisposable {
  readonly server;
  readonly #streams: ServerStream[] = [];
  #arrival = Promise.withResolvers<void>();

  constructor(options: ServerOptions<Deno.NetAddr> = {}) {
    this.server = serveLocally(async (stream) => {
      this.#streams.push(stream);
      this.#arrival.resolve();
      await stream.readable.pipeTo(stream.writable);
    }, { maxFrameBytes: MAX_FRAME_BYTES, ...options });
  }

  /** The next stream that came. */
  async opened(): Promise<ServerStream> {
    for (;;) {
      const stream = this.#streams.shift();
      if (stream !== undefined) return stream;
      this.#arrival = Promise.withResolvers();
      await this.#arrival.promise;
    }
  }

  /** A connection without a library behind it. */
  async raw(): Promise<WirePeer> {
    return new WirePeer(await Deno.connect({ hostname: "127.0.0.1", port: this.server.addr.port }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ graceMs: 0 });
  }
}

/** A stream of an honest client, that goes on whatever others do. */
class Witness {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #count = 0;

  constructor(stream: ClientStream) {
    this.#writer = stream.writable.getWriter();
    this.#reader = stream.readable.getReader();
  }

  /** One message there and back. */
  async echo(): Promise<void> {
    const message = `message ${++this.#count}`;
    await this.#writer.write(bytes(message));
    assertEquals(string((await this.#reader.read()).value), message);
  }

  /** The stream ends as it should. */
  async finish(): Promise<void> {
    await this.#writer.close();
    assertEquals((await this.#reader.read()).done, true);
  }
}

async function witnessOf(connection: Connection, echo: Echo): Promise<Witness> {
  const witness = new Witness(connection.openStream({ service: "Test", method: "Echo" }));
  await echo.opened();
  return witness;
}

/** Waits for the peer to hang up, which is a reset where bytes of ours were still unread. */
async function hungUp(peer: WirePeer): Promise<void> {
  try {
    assertEquals(await peer.next(), undefined);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}

for (const row of rows.filter(({ unary }) => unary !== true)) {
  Deno.test(`a server closes the connection on which ${row.name} comes, and its other connections stream on`, async () => {
    using errors = new CapturedErrors();
    await using echo = new Echo();
    await using connection = await connectTo(echo.server);
    const witness = await witnessOf(connection, echo);
    await witness.echo();

    await using fresh = await echo.raw();
    await fresh.sendBytes(row.bytes);
    await hungUp(fresh);
    const [line] = await errors.count(1);
    assertMatch(line ?? "", /^ttstream: connection from 127\.0\.0\.1:\d+: /);
    const [, text] = line?.split("[ttstream error, code=12004] ") ?? [];
    assertEquals(
      text,
      row.known === undefined ? row.description : `${row.description}: this is ${row.known}`,
    );

    await witness.echo();
    await witness.finish();
    assertEquals(errors.lines.length, 1);
  });

  Deno.test(`serveOver's finished rejects with the 12004 when ${row.name} comes`, async () => {
    using errors = new CapturedErrors();
    const [near, far] = duplexPair();
    const { finished } = serveOver(near, () => {}, { maxFrameBytes: MAX_FRAME_BYTES });
    await using peer = new WirePeer(far);
    const sending = peer.sendBytes(row.bytes);
    const error = await streamErrorOf(finished);
    assertEquals(error.message, `[ttstream error, code=12004] ${row.description}`);
    await sending.catch(() => {}); // it was closed under the write
    assertEquals(errors.lines, []); // whoever holds `finished` is told by it
  });
}

for (const row of rows) {
  Deno.test(`the streams of a connection on which ${row.name} comes end with 12013 at the server, the 12004 within`, async () => {
    using errors = new CapturedErrors();
    await using echo = new Echo();
    await using connection = await connectTo(echo.server);
    const witness = await witnessOf(connection, echo);

    await using used = await echo.raw();
    await used.send({ type: FrameType.Header, metadata: { isn: "Test" } }, {
      type: FrameType.Header,
      streamId: 7,
    });
    const streams = [await echo.opened(), await echo.opened()];
    await used.sendBytes(row.bytes);
    for (const { signal } of streams) {
      const reason = await aborted(signal);
      if (!(reason instanceof TTStreamError)) throw reason;
      assertEquals(
        reason.message,
        `[ttstream error, code=12013] [ttstream error, code=12004] ${row.description}`,
      );
      assertEquals([reason.code, reason.kind, reason.side], [
        ErrorCode.ConnectionClosed,
        "canceled",
        undefined,
      ]);
      const { cause } = reason;
      if (!(cause instanceof TTStreamError)) throw new Error("no cause");
      assertEquals([cause.code, cause.description, cause.side], [
        ErrorCode.IllegalFrame,
        row.description,
        undefined,
      ]);
    }
    await hungUp(used);
    await witness.echo();
    await witness.finish();
    // The connection's end is told once; the handlers that it ended are not at fault.
    assertEquals(errors.lines.length, 1);
  });

  Deno.test(`a client's streams end with the 12004 when ${row.name} comes from the server, and its other connections stream on`, async () => {
    await using echo = new Echo();
    await using connection = await connectTo(echo.server);
    const witness = await witnessOf(connection, echo);
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [bad, conn] = await Promise.all([
      connect({ port: listener.addr.port, maxFrameBytes: MAX_FRAME_BYTES }),
      listener.accept(),
    ]);
    await using client = bad;
    await using server = new WirePeer(conn);
    const first = client.openStream({ service: "Test", method: "Echo" });
    const second = client.openStream({ service: "Test", method: "Echo" });
    const reading = streamErrorOf(first.readable.getReader().read());
    const writer = second.writable.getWriter();
    await server.sendBytes(row.bytes);

    const error = await reading;
    assertEquals(error.message, `[ttstream error, code=12004] ${row.description}`);
    assertEquals([error.kind, error.side, error.cancelPath], ["protocol", undefined, []]);
    for (
      const settled of [
        client.closed,
        writer.closed,
        writer.write(bytes("late")),
        first.header,
        second.trailer,
      ]
    ) {
      const same = await assertRejects(() => settled, TTStreamError);
      assertEquals([same.message, same.kind], [error.message, "protocol"]);
    }
    assertEquals([error.service, error.method], ["Test", "Echo"]);
    for (let frame = await server.next(); frame !== undefined; frame = await server.next()) {
      assertEquals(frame.type, FrameType.Header); // nothing but the two opened streams left
    }
    await witness.echo();
    await witness.finish();
  });
}

Deno.test("what came before the broken bytes is served: the handler reads it, then its end", async () => {
  using _errors = new CapturedErrors();
  const read = Promise.withResolvers<string[]>();
  const ended = Promise.withResolvers<unknown>();
  await using server = serveLocally(async ({ readable }) => {
    const messages: string[] = [];
    try {
      for await (const message of readable) messages.push(string(message));
    } catch (error) {
      ended.resolve(error);
    }
    read.resolve(messages);
  });
  await using peer = new WirePeer(await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port }));
  const frames = encodeFrames(
    { type: FrameType.Header },
    { type: FrameType.Data, payload: bytes("one") },
    { type: FrameType.Data, payload: bytes("two") },
  );
  await peer.sendBytes(new Uint8Array([...frames, ...bytes("garbage!")]));
  assertEquals(await read.promise, ["one", "two"]);
  assertMatch(
    String(await ended.promise),
    /code=12013\] \[ttstream error, code=12004\] not TTHeader protocol/,
  );
});

const frame = encodeFrames({ type: FrameType.Header, metadata: { isn: "Test" } });

for (const size of [1, 7, 8, 14, frame.length - 1]) {
  Deno.test(`a frame of which ${size} bytes come, and then nothing, ends its connection after frameTimeoutMs`, async () => {
    using errors = new CapturedErrors();
    await using echo = new Echo({ frameTimeoutMs: 30 });
    await using connection = await connectTo(echo.server);
    const witness = await witnessOf(connection, echo);
    await using peer = await echo.raw();
    await peer.sendBytes(encodeFrames({ type: FrameType.Header, streamId: 9 }));
    const { signal } = await echo.opened();
    await peer.sendBytes(frame.subarray(0, size));
    const reason = await aborted(signal);
    const text = `[ttstream error, code=12004] frame not complete after 30 ms: ${size} bytes of it came`;
    assertEquals(reason instanceof Error && reason.message, `[ttstream error, code=12013] ${text}`);
    await hungUp(peer);
    assertEquals((await errors.count(1))[0]?.endsWith(text), true);
    await witness.echo();
    await witness.finish();
  });
}

Deno.test("a connection that ends in the middle of a frame is lost, not broken: 12013 and not a word on the console", async () => {
  using errors = new CapturedErrors();
  await using echo = new Echo();
  const peer = await echo.raw();
  await peer.sendBytes(encodeFrames({ type: FrameType.Header }));
  const { signal } = await echo.opened();
  await peer.sendBytes(frame.subarray(0, 20));
  await peer.close();
  const reason = await aborted(signal);
  assertEquals(
    reason instanceof Error && reason.message,
    "[ttstream error, code=12013] canceled by connection closed",
  );
  assertEquals(errors.lines, []);
});

Deno.test("an HTTP client that comes to the wrong port is turned away, and the server serves on", async () => {
  using errors = new CapturedErrors();
  await using echo = new Echo();
  await assertRejects(() => fetch(`http://127.0.0.1:${echo.server.addr.port}/`), TypeError);
  // fetch may try again on a second connection.
  const lines = await errors.count(1);
  assertEquals(lines.every((line) => line.includes("first4Bytes=0x47455420")), true);
  await using connection = await connectTo(echo.server);
  const witness = await witnessOf(connection, echo);
  await witness.echo();
  await witness.finish();
});

Deno.test("a TLS client that comes to a plain port is turned away with an error that names the address", async () => {
  using errors = new CapturedErrors();
  await using echo = new Echo();
  const { port } = echo.server.addr;
  const error = await assertRejects(
    () => connect({ port, tls: true }),
    Error,
    `cannot connect to 127.0.0.1:${port}: `,
  );
  assertEquals(error.cause instanceof Error, true);
  assertMatch((await errors.count(1))[0] ?? "", /not TTHeader protocol \(first4Bytes=0x1603/);
});

Deno.test("a handler's error text of 20 MiB is cut: its client's other streams go on", async () => {
  await using server = serveLocally((stream) => {
    if (stream.method === "Fail") throw new Error("x".repeat(20 * 1024 * 1024));
    return stream.readable.pipeTo(stream.writable);
  }, { onError: () => {} });
  await using connection = await connectTo(server);
  const witness = new Witness(connection.openStream({ service: "Test", method: "Echo" }));
  const failing = connection.openStream({ service: "Test", method: "Fail" });
  const error = await streamErrorOf(failing.readable.getReader().read());
  assertEquals([error.code, error.description.length], [ErrorCode.ApplicationException, 65_537]);
  await witness.echo();
  await witness.finish();
});

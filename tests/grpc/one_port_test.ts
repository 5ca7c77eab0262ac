/** Both protocols on one port, told apart by a connection's first bytes. */
import { assert, assertEquals } from "@std/assert";
import {
  connect,
  createClient,
  defineService,
  type Handler,
  implement,
  type Server,
  type ServerOptions,
  ttheader,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { PREFACE } from "../../src/http2/frame.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { headers, settings } from "../http2/wire.ts";
import { bytes, string, text } from "../support/codecs.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { messageOf, rejectionText } from "../support/rejection.ts";
import { encodeFrames } from "../support/wire_peer.ts";
import { halfClose, messages } from "./http2_peer.ts";
import { request } from "./scripts.ts";

const Words = defineService("Words", {
  echo: { kind: "bidirectional", name: "Echo", request: text, response: text },
});
const handler = implement(Words, {
  async *echo(stream) {
    for await (const word of stream.readable) yield `${word} over ${stream.protocol}`;
  },
});

/** What a connection was ended for. */
class Reports {
  readonly texts: string[] = [];
  #arrival = Promise.withResolvers<void>();

  readonly options: ServerOptions<Deno.NetAddr> = {
    protocols: [ttheader(), grpc()],
    onConnectionError: (error) => {
      const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : "";
      this.texts.push(`${messageOf(error)}${cause}`);
      this.#arrival.resolve();
    },
  };

  async first(): Promise<string> {
    await this.#arrival.promise;
    return this.texts[0] ?? "";
  }
}

function serveBoth(
  options: ServerOptions<Deno.NetAddr> = {},
  serving: Handler = handler,
): Server<Deno.NetAddr> {
  return serveLocally(serving, { protocols: [ttheader(), grpc()], ...options });
}

async function rawTo({ addr: { port } }: Server<Deno.NetAddr>): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  return conn;
}

/** Everything that comes until the other end has hung up. */
async function restOf(conn: Deno.TcpConn): Promise<string> {
  let rest = "";
  const buffer = new Uint8Array(4096);
  for (;;) {
    const size = await conn.read(buffer).catch(() => null);
    if (size === null) return rest;
    rest += string(buffer.subarray(0, size));
  }
}

Deno.test("one handler serves clients of both protocols, at the same time", async () => {
  await using server = serveBoth();
  const answers = await Promise.all([undefined, grpc(), ttheader(), grpc()].map(async (protocol) => {
    await using connection = await connectTo(server, { protocol });
    const stream = createClient(Words, connection).echo();
    await stream.sendAll(["hi"]);
    return await Array.fromAsync(stream);
  }));
  assertEquals(answers.flat(), ["hi over ttheader", "hi over grpc", "hi over ttheader", "hi over grpc"]);
});

const grpcCall = [
  PREFACE,
  settings(),
  headers(1, request([":path", "/Words/Echo"])),
  messages(1, "hi"),
  halfClose(1),
];
const ttheaderCall = encodeFrames(
  { type: FrameType.Header, metadata: { isn: "Words" } },
  { type: FrameType.Data, payload: bytes("hi") },
  { type: FrameType.Trailer },
);

for (
  const [name, sent, answer] of [
    ["gRPC", grpcCall.flatMap((part) => [...part]), "hi over grpc"],
    ["TTHeader Streaming", [...ttheaderCall], "hi over ttheader"],
  ] as const
) {
  Deno.test(`${name}: the first bytes may come one at a time`, async () => {
    await using server = serveBoth();
    const conn = await rawTo(server);
    for (const [i, byte] of sent.entries()) {
      await conn.write(Uint8Array.of(byte));
      // So that they are read one by one where it counts.
      if (i < 30) await new Promise((resolve) => setTimeout(resolve));
    }
    const buffer = new Uint8Array(4096);
    let came = "";
    while (!came.includes(answer)) {
      const size = await conn.read(buffer);
      assert(size !== null, came);
      came += string(buffer.subarray(0, size));
    }
    conn.close();
  });
}

for (
  const [name, sent, said] of [
    ["HTTP/1", bytes("GET / HTTP/1.1\r\n\r\n"), "HTTP/1"],
    ["what begins like HTTP/2 and is not", bytes("PRI * FTP/2.0\r\n\r\nSM\r\n\r\n"), ""],
    ["POST", bytes("POST / HTTP/1.1\r\n\r\n"), "HTTP/1"],
    ["TLS", new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 0, 0, 0, 0, 0]), "TLS"],
  ] as const
) {
  Deno.test(`a connection that speaks ${name} is ended and reported, and the next is served`, async () => {
    const reports = new Reports();
    await using server = serveBoth(reports.options);
    const conn = await rawTo(server);
    await conn.write(sent);
    const report = await reports.first();
    assert(report.includes(said), report);
    await restOf(conn);
    conn.close();
    await using connection = await connectTo(server, { protocol: grpc() });
    const stream = createClient(Words, connection).echo();
    await stream.sendAll(["hi"]);
    assertEquals(await Array.fromAsync(stream), ["hi over grpc"]);
    assertEquals(reports.texts.length, 1);
  });
}

Deno.test("half a preface is waited for until frameTimeoutMs, and told", async () => {
  for (const size of [1, 3, 6]) {
    const reports = new Reports();
    await using server = serveBoth({ ...reports.options, frameTimeoutMs: 30 });
    const conn = await rawTo(server);
    await conn.write(PREFACE.subarray(0, size));
    assertEquals(await reports.first(), `no protocol known after 30 ms: ${size} bytes came`);
    assertEquals(await restOf(conn), "");
    conn.close();
  }
});

Deno.test("a preface that stops where the protocol is known is held to frameTimeoutMs as well", async () => {
  const reports = new Reports();
  await using server = serveBoth({ ...reports.options, frameTimeoutMs: 30 });
  const conn = await rawTo(server);
  await conn.write(PREFACE.subarray(0, 12));
  const report = await reports.first();
  assert(report.includes("frame not complete after 30 ms"), report);
  await restOf(conn);
  conn.close();
});

Deno.test("a client that says nothing may go on doing so, and one that hangs up undecided is no fault", async () => {
  const reports = new Reports();
  await using server = serveBoth({ ...reports.options, frameTimeoutMs: 10 });
  const [silent, half] = [await rawTo(server), await rawTo(server)];
  await half.write(PREFACE.subarray(0, 2));
  half.close();
  await using connection = await connectTo(server, { protocol: grpc() });
  const stream = createClient(Words, connection).echo();
  await stream.sendAll(["hi"]);
  await Array.fromAsync(stream);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assertEquals(reports.texts, []);
  await silent.write(ttheaderCall);
  const buffer = new Uint8Array(4096);
  const size = await silent.read(buffer);
  assert(size !== null && size > 0);
  silent.close();
});

for (const graceMs of [0, 5_000]) {
  Deno.test(`shutdown({ graceMs: ${graceMs} }) ends connections whose protocol is not known at once`, async () => {
    const server = serveBoth();
    const [silent, half] = [await rawTo(server), await rawTo(server)];
    await half.write(PREFACE.subarray(0, 2));
    await using connection = await connectTo(server, { protocol: grpc() });
    const stream = createClient(Words, connection).echo();
    await stream.sendAll(["hi"]);
    await Array.fromAsync(stream);
    const began = performance.now();
    await server.shutdown({ graceMs });
    assert(performance.now() - began < 3_000);
    for (const conn of [silent, half]) {
      assertEquals(await restOf(conn), "");
      conn.close();
    }
  });
}

Deno.test("connections that are not decided count among maxConnections", async () => {
  const reports = new Reports();
  await using server = serveBoth({ ...reports.options, maxConnections: 1 });
  const silent = await rawTo(server);
  // Over TCP it is accepted in the order in which it has come.
  const connection = await connect({ hostname: "127.0.0.1", port: server.addr.port, protocol: grpc() });
  const stream = createClient(Words, connection).echo();
  await rejectionText(stream.closed);
  assertEquals(await reports.first(), "too many connections: the limit is 1");
  silent.close();
  await connection.closed.catch(() => {});
});

Deno.test("a server of gRPC alone says what came instead", async () => {
  const reports = new Reports();
  await using server = serveLocally(handler, { ...reports.options, protocols: [grpc()] });
  const conn = await rawTo(server);
  await conn.write(ttheaderCall);
  const report = await reports.first();
  assert(report.includes("not the HTTP/2 connection preface"), report);
  await restOf(conn);
  conn.close();
});

Deno.test("a protocol that is given twice is refused in words", async () => {
  const wrong = () =>
    serveLocally(() => {}, { protocols: [grpc(), ttheader(), grpc({ compression: "gzip" })] });
  assertEquals(
    await rejectionText(Promise.try(wrong)),
    "protocols: grpc is given twice, and a connection's first bytes tell no more",
  );
});

/** Messages: their prefixes, wherever they are cut; sizes, compression, and what is wrong with them. */
import { deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import type { ClientStream, Handler, ServerStream } from "../../mod.ts";
import { cameCompressed, grpc, GrpcError, setCompression } from "../../src/grpc/mod.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { data, frame, headers, join } from "../http2/wire.ts";
import { bytes, string } from "../support/codecs.ts";
import { grpcErrorOf } from "../support/failures.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { messageOf, rejection } from "../support/rejection.ts";
import { ANSWER, halfClose, lastHeaders, message, messages, OK } from "./http2_peer.ts";
import { ClientScript, request, ServerScript } from "./scripts.ts";

const echo: Handler = ({ readable, writable }) => readable.pipeTo(writable);
const TARGET = { service: "Test", method: "Echo" };

const CONVERSATION = ["", "one", "", "a".repeat(300), "two"];

Deno.test("messages come whole wherever their frames are cut, at either end", async () => {
  const all = join(...CONVERSATION.map((text) => message(text)));
  for (let at = 0; at <= all.length; at++) {
    const parts = [data(1, string(all.subarray(0, at))), data(1, string(all.subarray(at)))];
    await using client = new ClientScript();
    const stream = client.open();
    await client.peer.send(headers(1, ANSWER), ...parts, lastHeaders(1, OK));
    assertEquals(await Array.fromAsync(stream.readable, string), CONVERSATION, `client, cut at ${at}`);

    await using server = new ServerScript();
    const handled = await server.opened();
    await server.peer.send(...parts, halfClose(1));
    assertEquals(await Array.fromAsync(handled.readable, string), CONVERSATION, `server, cut at ${at}`);
  }
});

Deno.test("messages come whole byte by byte, with padding and empty frames between them", async () => {
  const all = join(...CONVERSATION.map((text) => message(text)));
  const frames = [...all].flatMap((byte, i) => {
    const padded = frame(FrameType.DATA, Flag.PADDED, 1, [2, byte, 0, 0]);
    return [i % 2 === 0 ? padded : frame(FrameType.DATA, 0, 1, [byte]), data(1, "")];
  });
  await using client = new ClientScript();
  const stream = client.open();
  await client.peer.send(headers(1, ANSWER), ...frames, lastHeaders(1, OK));
  assertEquals(await Array.fromAsync(stream.readable, string), CONVERSATION);
});

Deno.test("a message may come with the END_STREAM flag of a request", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send(frame(FrameType.DATA, Flag.END_STREAM, 1, message("last")));
  assertEquals(await Array.fromAsync(stream.readable, string), ["last"]);
});

for (
  const [what, sent, code, text] of [
    [
      "the flag 2",
      frame(FrameType.DATA, 0, 1, message("x", 2)),
      13,
      "a message begins with the flag 2, not 0 or 1",
    ],
    [
      "the flag 255",
      frame(FrameType.DATA, 0, 1, message("x", 255)),
      13,
      "a message begins with the flag 255, not 0 or 1",
    ],
    [
      "the flag 1 without an encoding",
      frame(FrameType.DATA, 0, 1, message("x", 1)),
      13,
      "a message is compressed, and the header named no grpc-encoding",
    ],
    [
      "a length beyond the limit",
      frame(FrameType.DATA, 0, 1, [0, 0xff, 0xff, 0xff, 0xff]),
      8,
      "message of 4294967295 bytes exceeds the limit of 1000 bytes",
    ],
    [
      "one byte more than the limit",
      frame(FrameType.DATA, 0, 1, message(new Uint8Array(1001))),
      8,
      "message of 1001 bytes exceeds the limit of 1000 bytes",
    ],
  ] as const
) {
  Deno.test(`client: ${what}: the stream ends with code ${code}, and its neighbour goes on`, async () => {
    await using script = new ClientScript({ maxFrameBytes: 1000 });
    const [stream, neighbour] = [script.open(), script.open()];
    await script.peer.headers();
    await script.peer.headers();
    await script.peer.send(
      headers(1, ANSWER),
      sent,
      messages(1, "more"),
      headers(3, ANSWER),
      messages(3, "yes"),
      lastHeaders(3, OK),
    );
    const error = await grpcErrorOf(stream.closed);
    assertEquals([error.code, error.description, error.kind], [code, text, "protocol"]);
    assertEquals(await rejection(Array.fromAsync(stream.readable)), error);
    assertEquals(await script.peer.line(), "RST_STREAM 1 CANCEL");
    assertEquals(await Array.fromAsync(neighbour.readable, string), ["yes"]);
  });

  Deno.test(`server: ${what}: the stream is answered with code ${code}, and its neighbour goes on`, async () => {
    await using script = new ServerScript(undefined, { maxFrameBytes: 1000 });
    const stream = await script.opened();
    await script.call(3);
    const neighbour = await script.handled();
    const read = rejection(Array.fromAsync(stream.readable));
    await script.peer.send(sent, messages(1, "more"), messages(3, "yes"), halfClose(3));
    const error = await read;
    assertInstanceOf(error, GrpcError);
    assertEquals([error.code, error.description], [code, text]);
    assertEquals(stream.signal.reason, error);
    const status = `grpc-status=${code} grpc-message=${text}`;
    assertEquals(
      await script.peer.line(),
      `HEADERS 1 :status=200 content-type=application/grpc ${status} end`,
    );
    assertEquals(await script.peer.line(), "RST_STREAM 1 NO_ERROR");
    assertEquals(await Array.fromAsync(neighbour.readable, string), ["yes"]);
    assertEquals(script.errors, []);
  });
}

Deno.test("server: a client that ends within a message is answered with code 13", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  await script.peer.send(frame(FrameType.DATA, Flag.END_STREAM, 1, message("whole").subarray(0, 7)));
  const error = await grpcErrorOf(Array.fromAsync(stream.readable));
  assertEquals([error.code, error.description], [
    13,
    "the client ended within a message, after 7 bytes of it",
  ]);
  const headersOf = await script.peer.headers();
  assertEquals(headersOf.get("grpc-status"), "13");
});

Deno.test("a message of the limit's size goes both ways, and one byte more fails its sender alone", async () => {
  await using server = serveLocally(echo, { protocols: [grpc()], maxFrameBytes: 4096, onError() {} });
  await using connection = await connectTo(server, { protocol: grpc(), maxFrameBytes: 4096 });
  const stream = connection.openStream(TARGET);
  const reader = stream.readable.getReader();
  await stream.send(new Uint8Array(4096));
  assertEquals((await reader.read()).value?.length, 4096);
  const error = await rejection(stream.send(new Uint8Array(4097)));
  assertInstanceOf(error, RangeError);
  assertEquals(error.message, "message of 4097 bytes exceeds the limit of 4096 bytes");
  const end = await grpcErrorOf(stream.closed);
  assertEquals([end.code, end.cause], [1, error]);
  const next = connection.openStream(TARGET);
  await next.sendAll([bytes("still")]);
  assertEquals(await Array.fromAsync(next.readable, string), ["still"]);
});

for (
  const [what, options, size] of [
    ["every window", { initialWindowBytes: 1000, connectionWindowBytes: 65_535 }, 3_000_000],
    ["the stream's window", { initialWindowBytes: 65_535 }, 1_000_000],
    ["the stream's window by one byte", { initialWindowBytes: 10_000 }, 9_996],
    ["the connection's window", { initialWindowBytes: 10_000_000, connectionWindowBytes: 65_535 }, 3_000_000],
    ["a window of one byte", { initialWindowBytes: 1 }, 5_000],
  ] as const
) {
  Deno.test(`messages larger than ${what} go both ways, several in a row`, async () => {
    await using server = serveLocally(echo, { protocols: [grpc(options)] });
    await using connection = await connectTo(server, { protocol: grpc(options) });
    const sent = [size, 3, size].map((length, i) => new Uint8Array(length).map((_, at) => at * 31 + i));
    const stream = connection.openStream(TARGET);
    const [received] = await Promise.all([Array.fromAsync(stream.readable), stream.sendAll(sent)]);
    assertEquals(received.map(({ length }) => length), sent.map(({ length }) => length));
    assertEquals(received.every((message, i) => message.every((byte, at) => byte === sent[i]?.[at])), true);
  });
}

Deno.test("a reader that stops stalls its own stream alone, and goes on later where it was", async () => {
  const sizes = { initialWindowBytes: 65_535, connectionWindowBytes: 65_535 };
  const flood: Handler = async (stream) => {
    for (let i = 0; i < 100; i++) await stream.send(new Uint8Array(10_000).fill(i));
  };
  await using server = serveLocally((stream) => stream.method === "Flood" ? flood(stream) : echo(stream), {
    protocols: [grpc(sizes)],
  });
  await using connection = await connectTo(server, { protocol: grpc(sizes) });
  const flooded = connection.openStream({ service: "Test", method: "Flood" });
  const reader = flooded.readable.getReader();
  assertEquals((await reader.read()).value?.[0], 0);
  for (let i = 0; i < 20; i++) {
    const stream = connection.openStream(TARGET);
    await stream.sendAll([new Uint8Array(20_000)]);
    assertEquals((await Array.fromAsync(stream.readable))[0]?.length, 20_000);
  }
  let count = 1;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    assertEquals(next.value[0], count++);
  }
  assertEquals(count, 100);
});

for (const [compression, compress] of [["gzip", gzipSync], ["deflate", deflateSync]] as const) {
  Deno.test(`client: messages that came by ${compression} and plain ones are read, and tell which they were`, async () => {
    await using script = new ClientScript();
    const stream = script.open();
    await script.peer.send(headers(1, [...ANSWER, ["grpc-encoding", compression]]));
    const reader = stream.readable.getReader();
    for (
      const [text, compressed] of [["packed", true], ["plain", false], ["", true], [
        "x".repeat(50_000),
        true,
      ]] as const
    ) {
      const payload = compressed ? new Uint8Array(compress(bytes(text))) : bytes(text);
      await script.peer.send(frame(FrameType.DATA, 0, 1, message(payload, compressed ? 1 : 0)));
      assertEquals(string((await reader.read()).value), text);
      assertEquals(cameCompressed(stream), compressed);
    }
  });

  Deno.test(`server: messages that came by ${compression} and plain ones are read`, async () => {
    await using script = new ServerScript();
    const stream = await script.opened(["grpc-encoding", compression]);
    const payload = new Uint8Array(compress(bytes("packed")));
    await script.peer.send(
      frame(FrameType.DATA, 0, 1, message(payload, 1)),
      messages(1, "plain"),
      halfClose(1),
    );
    assertEquals(await Array.fromAsync(stream.readable, string), ["packed", "plain"]);
  });
}

for (
  const [what, payload, code, text] of [
    [
      "a bomb",
      new Uint8Array(gzipSync(new Uint8Array(10_000_000))),
      8,
      "a decompressed message exceeds the limit of 100000 bytes",
    ],
    ["no gzip", bytes("plain"), 13, "cannot decompress a message: incorrect header check"],
    [
      "a cut gzip",
      new Uint8Array(gzipSync(bytes("hello"))).slice(0, 12),
      13,
      "cannot decompress a message: unexpected end of file",
    ],
    ["nothing", new Uint8Array(), 13, "cannot decompress a message: unexpected end of file"],
  ] as const
) {
  Deno.test(`a compressed message that is ${what} ends its stream at either end, with code ${code}`, async () => {
    const sent = frame(FrameType.DATA, 0, 1, message(payload, 1));
    await using client = new ClientScript({ maxFrameBytes: 100_000 });
    const stream = client.open();
    await client.peer.send(headers(1, [...ANSWER, ["grpc-encoding", "gzip"]]), sent);
    const error = await grpcErrorOf(stream.closed);
    assertEquals([error.code, error.description], [code, text]);
    await using server = new ServerScript(undefined, { maxFrameBytes: 100_000 });
    const handled = await server.opened(["grpc-encoding", "gzip"]);
    const read = grpcErrorOf(Array.fromAsync(handled.readable));
    await server.peer.send(sent);
    assertEquals((await read).description, text);
    assertEquals((await server.peer.headers()).get("grpc-status"), String(code));
  });
}

Deno.test("an encoding that is not read ends the stream, and says which there are", async () => {
  await using client = new ClientScript();
  const stream = client.open();
  await client.peer.send(headers(1, [...ANSWER, ["grpc-encoding", "br"]]));
  const error = await grpcErrorOf(stream.closed);
  assertEquals([error.code, error.description], [
    13,
    `the server compresses with "br", and only gzip and deflate are read`,
  ]);
  await using server = new ServerScript();
  await server.call(1, ["grpc-encoding", "br"]);
  const answer = await server.peer.headers();
  assertEquals([answer.get("grpc-status"), answer.get("grpc-message")], [
    "12",
    `grpc-encoding "br" is not supported: gzip, deflate and identity are`,
  ]);
  // A client may send the call again in one of these (grpc `doc/compression.md`).
  assertEquals(answer.get("grpc-accept-encoding"), "identity,gzip,deflate");
  assertEquals(await server.peer.line(), "RST_STREAM 1 NO_ERROR");
  await server.call(3, ["grpc-encoding", "identity"]);
  await server.handled();
});

function sentMessages(frameBytes: Uint8Array): { flag: number; text: string } {
  const payload = new Uint8Array(frameBytes.subarray(5));
  const flag = frameBytes[0] ?? 0;
  return { flag, text: string(flag === 1 ? new Uint8Array(gunzipSync(payload)) : payload) };
}

Deno.test("client: what it sends is compressed where its connection, its call or setCompression says so", async () => {
  const rows: [
    string,
    ConstructorParameters<typeof ClientScript>[1],
    (script: ClientScript) => ClientStream,
    number,
    string | undefined,
  ][] = [
    ["by default", {}, (script) => script.open(), 0, undefined],
    ["its connection", { compression: "gzip" }, (script) => script.open(), 1, "gzip"],
    ["its call", {}, (script) => script.open({ compression: "gzip" }), 1, "gzip"],
    [
      "its call, over its connection",
      { compression: "gzip" },
      (script) => script.open({ compression: "identity" }),
      0,
      undefined,
    ],
  ];
  for (const [what, options, open, flag, encoding] of rows) {
    await using script = new ClientScript({}, options);
    const stream = open(script);
    await stream.send(bytes("hello"));
    assertEquals((await script.peer.headers()).get("grpc-encoding"), encoding, what);
    const next = await script.peer.next();
    assert(next?.type === "DATA");
    assertEquals(sentMessages(next.bytes), { flag, text: "hello" }, what);
  }
});

Deno.test("setCompression switches within a stream, at either end, and takes nothing else", async () => {
  await using script = new ServerScript();
  const stream = await script.opened();
  setCompression(stream, "gzip");
  await stream.send(bytes("packed"));
  assertEquals((await script.peer.headers()).get("grpc-encoding"), "gzip");
  setCompression(stream, "identity");
  await stream.send(bytes("plain"));
  const flags: number[] = [];
  for (let i = 0; i < 2; i++) {
    const next = await script.peer.next();
    assert(next?.type === "DATA");
    flags.push(sentMessages(next.bytes).flag);
  }
  assertEquals(flags, [1, 0]);
  const wrong = () => setCompression(stream, JSON.parse('"br"'));
  assertEquals(
    messageOf(await rejection(Promise.try(wrong))),
    'compression must be "identity" or "gzip", got "br"',
  );
  assertEquals(
    messageOf(await rejection(Promise.try(() => cameCompressed({})))),
    "the stream does not speak gRPC: [object Object]",
  );
});

Deno.test("behind a header without grpc-encoding nothing can be compressed, and setCompression says so", async () => {
  const text = 'compression "gzip": the header has been sent, and names no grpc-encoding';
  await using server = new ServerScript();
  const stream = await server.opened();
  stream.sendHeader();
  await using client = new ClientScript();
  for (const sent of [stream, client.open()]) {
    assertEquals(messageOf(await rejection(Promise.try(() => setCompression(sent, "gzip")))), text);
    setCompression(sent, "identity");
    await sent.send(bytes("hello"));
  }
  for (const peer of [server.peer, client.peer]) {
    await peer.headers();
    const next = await peer.next();
    assert(next?.type === "DATA");
    assertEquals(sentMessages(next.bytes), { flag: 0, text: "hello" });
  }
});

Deno.test("what a client accepts has identity in it: Kitex takes it for what to compress with", async () => {
  await using script = new ClientScript();
  script.open();
  assertEquals((await script.peer.headers()).get("grpc-accept-encoding"), "identity,gzip,deflate");
});

for (
  const [what, over, status, text] of [
    [
      "another content-type",
      ["content-type", "application/json"],
      "415",
      `the content-type "application/json": this server speaks gRPC, application/grpc\n`,
    ],
    [
      "grpc-web",
      ["content-type", "application/grpc-web"],
      "415",
      `the content-type "application/grpc-web": this server speaks gRPC, application/grpc\n`,
    ],
    [
      "no content-type",
      ["content-type", ""],
      "415",
      "no content-type: this server speaks gRPC, application/grpc\n",
    ],
    ["GET", [":method", "GET"], "405", "GET: gRPC's requests are POST\n"],
  ] as const
) {
  Deno.test(`server: a request with ${what} is answered by HTTP ${status} when it has ended`, async () => {
    await using script = new ServerScript();
    await script.peer.send(headers(1, request(over)), data(1, "a body"));
    // Only gRPC's is served before its end.
    await script.call(3);
    await script.handled();
    await script.peer.send(halfClose(1));
    const type = "content-type=text/plain; charset=utf-8";
    const allow = status === "405" ? " allow=POST" : "";
    assertEquals(await script.peer.line(), `HEADERS 1 :status=${status} ${type}${allow}`);
    let body = "";
    for (let next = await script.peer.next(); next?.type === "DATA"; next = await script.peer.next()) {
      body += string(next.bytes);
      if (next.end) break;
    }
    assertEquals(body, text);
  });
}

Deno.test("server: HEAD is answered without a body, and 405 says which method there is", async () => {
  await using script = new ServerScript();
  await script.peer.send(lastHeaders(1, request([":method", "HEAD"])));
  const type = "content-type=text/plain; charset=utf-8";
  assertEquals(await script.peer.line(), `HEADERS 1 :status=405 ${type} allow=POST end`);
});

for (
  const type of [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+thrift",
    "application/grpc;x=y",
    "Application/gRPC",
  ]
) {
  Deno.test(`server: a request of ${type} is answered with the same`, async () => {
    await using script = new ServerScript();
    const stream: ServerStream = await script.opened(["content-type", type]);
    stream.sendHeader();
    assertEquals((await script.peer.headers()).get("content-type"), type);
  });
}

Deno.test("messages that have come in part on many streams hold no window that they need: all of them become whole", async () => {
  const sizes = { initialWindowBytes: 65_536, connectionWindowBytes: 65_535 };
  await using server = serveLocally(echo, { protocols: [grpc(sizes)] });
  await using connection = await connectTo(server, { protocol: grpc(sizes) });
  const echoed = await Promise.all(Array.from({ length: 64 }, async (_, i) => {
    const stream = connection.openStream(TARGET);
    const [received] = await Promise.all([
      Array.fromAsync(stream.readable),
      stream.sendAll([new Uint8Array(60_000).fill(i)]),
    ]);
    return received.map((message) => [message.length, message[59_999]]);
  }));
  assertEquals(echoed, Array.from({ length: 64 }, (_, i) => [[60_000, i]]));
});

import { assertEquals, assertRejects } from "@std/assert";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { HpackEncoder } from "../../src/http2/hpack/encoder.ts";
import { ByteBuffer, type Bytes } from "../../src/base/buffer.ts";
import { PREFACE } from "../../src/http2/frame.ts";
import { Harness } from "./harness.ts";
import {
  block,
  data,
  frame,
  goAway,
  headers,
  join,
  ping,
  REQUEST,
  RESPONSE,
  rst,
  settings,
  SETTINGS_ACK,
  TRAILERS,
  u32,
  windowUpdate,
} from "./wire.ts";

const END = Flag.END_STREAM;
const { CONTINUATION, DATA, HEADERS, PRIORITY } = FrameType;

/** A conversation with everything in it that a client may send. */
function conversation(): Bytes {
  const encoder = new HpackEncoder();
  const encode = (id: number) => {
    const buffer = new ByteBuffer();
    encoder.encode(buffer, [...REQUEST, ["id", `${id}`], ["same", "x"]]);
    return buffer.toBytes();
  };
  const [one, three, five] = [encode(1), encode(3), encode(5)];
  return join(
    PREFACE,
    settings([4, 100_000], [99, 1]),
    SETTINGS_ACK,
    frame(HEADERS, Flag.END_HEADERS, 1, one),
    windowUpdate(0, 1000),
    frame(HEADERS, Flag.PADDED, 3, [4, ...three.subarray(0, 3), 0, 0, 0, 0]),
    frame(CONTINUATION, 0, 3, three.subarray(3, 5)),
    frame(CONTINUATION, 0, 3),
    frame(CONTINUATION, Flag.END_HEADERS, 3, three.subarray(5)),
    data(1, "hello"),
    frame(77, 0xff, 3, [1, 2, 3]),
    frame(PRIORITY, 0, 9, [...u32(3), 15]),
    frame(DATA, Flag.PADDED, 1, [2, 65, 66, 0, 0]),
    data(3, 5_000),
    ping(42),
    frame(HEADERS, Flag.END_HEADERS | Flag.PRIORITY | END, 5, [...u32(3), 1, ...five]),
    headers(1, TRAILERS, END),
    rst(3, ErrorCode.CANCEL),
    windowUpdate(3, 1),
    goAway(0, 0, "bye"),
  );
}

const TOLD = [
  "opened 1 te=trailers id=1 same=x",
  "opened 3 te=trailers id=3 same=x",
  "data 1 5",
  "data 1 2",
  "data 3 5000",
  "opened 5 end te=trailers id=5 same=x",
  "trailers 1 grpc-status=0",
  "released",
  "reset 3 CANCEL",
  "peerReset",
  "goneAway NO_ERROR bye",
];

for (const size of [1, 2, 3, 7, 8, 9, 10, 64, 1000, 100_000]) {
  Deno.test(`A conversation in chunks of ${size} bytes says the same as in one.`, async () => {
    const harness = new Harness("server");
    harness.connection.start();
    const bytes = conversation();
    for (let at = 0; at < bytes.length; at += size) {
      // A buffer of its own for each chunk, as some sockets have it.
      harness.connection.receive(bytes.slice(at, at + size));
    }
    assertEquals(harness.told(), TOLD);
    assertEquals(harness.connection.pendingBytes, 0);
    const sent = await harness.sent();
    assertEquals(sent, ["SETTINGS (5)", "WINDOW_UPDATE 983041", "SETTINGS ack", "PING ack 42"]);
  });
}

Deno.test("Chunks that follow each other in one buffer are read as one.", async () => {
  const harness = new Harness("server");
  harness.connection.start();
  const bytes = conversation();
  for (let at = 0; at < bytes.length; at += 11) harness.connection.receive(bytes.subarray(at, at + 11));
  assertEquals(harness.told(), TOLD);
  await harness.sent();
});

Deno.test("Every cut of a conversation leaves its streams lost, and none of them hears more.", async () => {
  const bytes = conversation();
  for (let cut = 0; cut < bytes.length; cut += cut < 400 ? 1 : 97) {
    const harness = new Harness("server");
    harness.connection.start();
    harness.connection.receive(bytes.subarray(0, cut));
    const open = [...harness.connection.streams()].map((stream) => `lost ${stream.id} begun`);
    harness.told();
    harness.connection.lost(new Error("cut"));
    assertEquals(harness.told(), open);
    await harness.sent();
  }
});

Deno.test("What is unfinished is counted: the preface, a frame, a header block.", async () => {
  const harness = new Harness("server");
  harness.connection.start();
  harness.receive(PREFACE.subarray(0, 10));
  assertEquals(harness.connection.pendingBytes, 10);
  harness.receive(PREFACE.subarray(10), settings());
  assertEquals(harness.connection.pendingBytes, 0);
  const request = block(REQUEST);
  harness.receive(frame(HEADERS, 0, 1, request.subarray(0, 5)));
  assertEquals(harness.connection.pendingBytes, 5);
  harness.receive(frame(CONTINUATION, Flag.END_HEADERS, 1, request.subarray(5)), data(1, "a").subarray(0, 4));
  assertEquals(harness.connection.pendingBytes, 4);
  await harness.sent();
});

Deno.test("A header list larger than the limit resets its stream alone, and the table knows its fields.", async () => {
  const harness = await Harness.started("server");
  const encoder = new HpackEncoder();
  const [first, second] = [new ByteBuffer(), new ByteBuffer()];
  const large: [string, string][] = Array.from({ length: 20 }, (_, i) => [`x${i}`, "y".repeat(1000)]);
  encoder.encode(first, [...REQUEST, ["a", "b"], ...large]);
  encoder.encode(second, [...REQUEST, ["a", "b"]]);
  const bytes = first.toBytes();
  harness.receive(
    frame(HEADERS, 0, 1, bytes.subarray(0, 16_384)),
    frame(CONTINUATION, Flag.END_HEADERS, 1, bytes.subarray(16_384)),
    frame(HEADERS, Flag.END_HEADERS, 3, second.toBytes()),
  );
  assertEquals(harness.told(), ["opened 3 te=trailers a=b"]);
  assertEquals(await harness.sent(), ["RST_STREAM 1 ENHANCE_YOUR_CALM"]);
});

Deno.test("What is deferred runs behind the frames of a chunk, and at once between chunks.", async () => {
  const harness = await Harness.started("server");
  harness.opened = (stream) => {
    harness.connection.defer(() => harness.log.push(`deferred ${stream.id}`));
    return true;
  };
  harness.receive(headers(1, REQUEST), headers(3, REQUEST));
  harness.connection.defer(() => harness.log.push("at once"));
  assertEquals(harness.told(), [
    "opened 1 te=trailers",
    "opened 3 te=trailers",
    "deferred 1",
    "deferred 3",
    "at once",
  ]);
  await harness.sent();
});

Deno.test("A stream that is reset in an event hears no more of the chunk.", async () => {
  const harness = await Harness.started("server");
  harness.opened = (stream) => {
    harness.connection.defer(() => {});
    if (stream.id === 1) stream.reset(ErrorCode.CANCEL);
    return true;
  };
  harness.receive(headers(1, REQUEST), data(1, "a"), headers(1, TRAILERS, END), headers(3, REQUEST));
  assertEquals(harness.told(), ["opened 1 te=trailers", "released", "opened 3 te=trailers"]);
  await harness.sent();
});

Deno.test("A stream may be answered and ended from within its events.", async () => {
  const harness = await Harness.started("server");
  harness.opened = (stream) => {
    stream.sendHeaders(RESPONSE, true);
    return true;
  };
  harness.receive(headers(1, REQUEST, END));
  assertEquals(harness.told(), ["opened 1 end te=trailers", "released"]);
  assertEquals(await harness.sent(), ["HEADERS 1 :status=200 end"]);
});

Deno.test("A ping resolves with its answer, in any number, and rejects when the connection ends.", async () => {
  const harness = await Harness.started("client");
  const [first, second, third] = [
    harness.connection.ping(),
    harness.connection.ping(),
    harness.connection.ping(),
  ];
  assertEquals(await harness.sent(), ["PING 1", "PING 2", "PING 3"]);
  harness.receive(ping(99, Flag.ACK), ping(2, Flag.ACK));
  await first;
  await second;
  const rejected = assertRejects(() => third, Error, "gone");
  harness.connection.lost(new Error("gone"));
  await rejected;
  await assertRejects(() => harness.connection.ping(), Error, "ended");
});

Deno.test("More pings than can be waited for are refused.", async () => {
  const harness = await Harness.started("client");
  const waiting = Array.from({ length: 100 }, () => harness.connection.ping());
  await assertRejects(() => harness.connection.ping(), RangeError, "100 PINGs");
  await harness.sent();
  harness.receive(ping(100, Flag.ACK));
  await Promise.all(waiting);
});

Deno.test("A silent peer is asked, and cut when it does not answer.", async () => {
  const harness = await Harness.started("client", { keepaliveMs: 50, keepaliveTimeoutMs: 5 });
  const stream = harness.open(REQUEST);
  await harness.ended.promise;
  assertEquals(harness.error?.description, "the peer has not answered a PING for 5 ms");
  assertEquals(stream.gone, true);
  // On a busy machine the question may leave before the request.
  assertEquals((await harness.sent()).filter((frame) => !frame.startsWith("HEADERS")).at(-1), "PING 1");
});

Deno.test("Where the connection is not read nobody is called silent, and afterwards again.", async () => {
  const harness = await Harness.started("client", { keepaliveMs: 1, keepaliveTimeoutMs: 1 });
  const looked = Promise.withResolvers<void>();
  let looks = 0;
  harness.paused = () => {
    if (++looks === 10) looked.resolve();
    return looks <= 10;
  };
  await Promise.race([looked.promise, harness.ended.promise]);
  assertEquals(harness.error, undefined);
  await harness.ended.promise;
  assertEquals(harness.error?.description, "the peer has not answered a PING for 1 ms");
  await harness.sent();
});

Deno.test("A peer that answers is not cut, and is asked again.", async () => {
  const harness = await Harness.started("server", { keepaliveMs: 2, keepaliveTimeoutMs: 10_000 });
  const asked = Promise.withResolvers<void>();
  let pings = 0;
  harness.onSent = () => {
    pings++;
    if (pings === 3) asked.resolve();
    queueMicrotask(() => harness.receive(ping(pings, Flag.ACK)));
  };
  await asked.promise;
  assertEquals(harness.error, undefined);
  harness.connection.lost(new Error("done"));
});

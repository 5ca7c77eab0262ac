import { assertEquals, assertThrows } from "@std/assert";
import type { ByteBuffer } from "../../src/base/buffer.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag } from "../../src/http2/frame.ts";
import { Setting } from "../../src/http2/settings.ts";
import type { Http2Stream } from "../../src/http2/stream.ts";
import { Harness } from "./harness.ts";
import { data, headers, REQUEST, RESPONSE, rst, settings, TRAILERS, windowUpdate } from "./wire.ts";

const END = Flag.END_STREAM;

function send(stream: Http2Stream, message: string | number): void {
  const bytes = typeof message === "string" ? new TextEncoder().encode(message) : new Uint8Array(message);
  stream.sendData((buffer) => buffer.writeBytes(bytes));
}

/** A server's stream whose client's side has ended, and whose window is `windowBytes`. */
async function answering(windowBytes = 65_535): Promise<{ harness: Harness; stream: Http2Stream }> {
  const harness = await Harness.started("server", {}, [Setting.INITIAL_WINDOW_SIZE, windowBytes]);
  harness.receive(headers(1, REQUEST, END));
  harness.stream.sendHeaders(RESPONSE, false);
  await harness.sent();
  return { harness, stream: harness.stream };
}

/** The lengths of DATA frames, and other frames as they are. */
function lengths(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/\((\d+) bytes\)/, "$1"));
}

Deno.test("A client begins with the preface, its SETTINGS and the connection's window; a server without a preface.", async () => {
  const client = new Harness("client");
  client.connection.start();
  assertEquals(await client.sent(), ["preface", "SETTINGS (5)", "WINDOW_UPDATE 983041"]);
  const server = new Harness("server");
  server.connection.start();
  assertEquals(await server.sent(), ["SETTINGS (5)", "WINDOW_UPDATE 983041"]);
});

Deno.test("Messages of one turn share a DATA frame, and the end is on it.", async () => {
  const { harness, stream } = await answering();
  for (const message of ["a", "b", "c"]) send(stream, message);
  stream.end();
  assertEquals(await harness.sent(), ['DATA 1 "abc" end']);
  assertEquals(harness.connection.size, 0);
});

Deno.test("Messages of two streams by turns do not share DATA frames.", async () => {
  const { harness, stream } = await answering();
  harness.receive(headers(3, REQUEST, END));
  const other = harness.stream;
  send(stream, "a");
  send(other, "b");
  send(stream, "c");
  assertEquals(await harness.sent(), ['DATA 1 "a"', 'DATA 3 "b"', 'DATA 1 "c"']);
});

Deno.test("A message that does not fit into the frame before it gets one of its own.", async () => {
  const { harness, stream } = await answering();
  send(stream, 10_000);
  send(stream, 6_384);
  send(stream, 10_000);
  send(stream, 6_385);
  assertEquals(lengths(await harness.sent()), ["DATA 1 16384", "DATA 1 10000", "DATA 1 6385"]);
});

Deno.test("A message larger than the peer's frames is sent in several, byte for byte.", async () => {
  for (const size of [16_384, 16_385, 32_768, 40_000]) {
    const { harness, stream } = await answering();
    const message = Uint8Array.from({ length: size }, (_, i) => i * 7);
    const sent: number[] = [];
    harness.onSent = undefined;
    const buffer = harness.queue.buffer;
    stream.sendData((into) => into.writeBytes(message));
    for (let at = 0; at < buffer.length;) {
      const length = (buffer.bytes[at + 1] ?? 0) << 8 | (buffer.bytes[at + 2] ?? 0);
      sent.push(...buffer.bytes.subarray(at + 9, at + 9 + length));
      at += 9 + length;
    }
    assertEquals(Uint8Array.from(sent), message);
    const lines = lengths(await harness.sent());
    assertEquals(lines.length, Math.ceil(size / 16_384));
  }
});

Deno.test("A peer that takes larger frames gets them.", async () => {
  const { harness, stream } = await answering();
  harness.receive(settings([Setting.MAX_FRAME_SIZE, 32_768]));
  send(stream, 40_000);
  assertEquals(lengths(await harness.sent()), ["SETTINGS ack", "DATA 1 32768", "DATA 1 7232"]);
});

Deno.test("What goes beyond a stream's window waits for it, and what ends the stream waits behind it.", async () => {
  const { harness, stream } = await answering(4);
  send(stream, "abcdef");
  assertEquals(stream.congested, true);
  send(stream, "gh");
  stream.sendHeaders(TRAILERS, true);
  assertEquals(await harness.sent(), ['DATA 1 "abcd"']);
  harness.receive(windowUpdate(1, 3));
  assertEquals(await harness.sent(), ['DATA 1 "efg"']);
  harness.receive(windowUpdate(1, 100));
  assertEquals(await harness.sent(), ['DATA 1 "h"', "HEADERS 1 grpc-status=0 end"]);
  assertEquals(harness.connection.size, 0);
});

Deno.test("END_STREAM is on the last of the bytes that have waited.", async () => {
  const { harness, stream } = await answering(1);
  send(stream, "abc");
  stream.end();
  send(stream, "too late");
  harness.receive(windowUpdate(1, 10));
  assertEquals(await harness.sent(), ['DATA 1 "a"', 'DATA 1 "bc" end']);
});

Deno.test("A stream that has sent nothing yet ends with an empty DATA frame, whatever its window.", async () => {
  const { harness, stream } = await answering(0);
  stream.end();
  assertEquals(await harness.sent(), ['DATA 1 "" end']);
});

Deno.test("Streams whose bytes wait for the connection's window take turns.", async () => {
  const { harness, stream } = await answering(200_000);
  harness.receive(headers(3, REQUEST, END));
  const other = harness.stream;
  send(stream, 65_535 + 40_000);
  send(other, 40_000);
  stream.end();
  other.end();
  await harness.sent();
  harness.receive(windowUpdate(0, 80_000));
  // The queue is congested before the last one.
  assertEquals(lengths([...await harness.sent(), ...await harness.sent()]), [
    "DATA 1 16384",
    "DATA 3 16384",
    "DATA 1 16384",
    "DATA 3 16384",
    "DATA 1 7232 end",
    "DATA 3 7232 end",
  ]);
});

Deno.test("A window that becomes negative holds messages back until it is positive again.", async () => {
  const { harness, stream } = await answering(10);
  send(stream, "0123456789");
  harness.receive(settings([Setting.INITIAL_WINDOW_SIZE, 4]));
  send(stream, "a");
  await harness.sent();
  harness.receive(windowUpdate(1, 6));
  assertEquals(await harness.sent(), []);
  harness.receive(windowUpdate(1, 1));
  assertEquals(await harness.sent(), ['DATA 1 "a"']);
});

Deno.test("A larger initial window lets go what waits, behind its acknowledgement.", async () => {
  const { harness, stream } = await answering(0);
  send(stream, "abc");
  harness.receive(settings([Setting.INITIAL_WINDOW_SIZE, 2]));
  assertEquals(await harness.sent(), ["SETTINGS ack", 'DATA 1 "ab"']);
});

Deno.test("A codec that throws sends nothing, and the error goes on.", async () => {
  const { harness, stream } = await answering();
  send(stream, "a");
  const broken = (buffer: ByteBuffer) => {
    buffer.writeUtf8("half");
    throw new Error("no codec");
  };
  assertThrows(() => stream.sendData(broken), Error, "no codec");
  send(stream, "b");
  assertEquals(await harness.sent(), ['DATA 1 "ab"']);
});

Deno.test("A codec that throws while bytes wait leaves those as they were.", async () => {
  const { harness, stream } = await answering(1);
  send(stream, "ab");
  const broken = (buffer: ByteBuffer) => {
    buffer.writeUtf8("half");
    throw new Error("no codec");
  };
  assertThrows(() => stream.sendData(broken), Error, "no codec");
  harness.receive(windowUpdate(1, 100));
  assertEquals(await harness.sent(), ['DATA 1 "a"', 'DATA 1 "b"']);
});

Deno.test("A codec may send and end streams: that goes behind its message, in its order.", async () => {
  const { harness, stream } = await answering();
  harness.receive(headers(3, REQUEST, END));
  const other = harness.stream;
  stream.sendData((buffer) => {
    buffer.writeUtf8("a");
    send(stream, "b");
    other.sendHeaders(RESPONSE, false);
    send(other, "x");
    other.end();
    stream.sendHeaders(TRAILERS, true);
    buffer.writeUtf8("A");
  });
  assertEquals(await harness.sent(), [
    'DATA 1 "aAb"',
    "HEADERS 3 :status=200",
    'DATA 3 "x" end',
    "HEADERS 1 grpc-status=0 end",
  ]);
});

Deno.test("What a codec sends goes behind its own message too where that waits for a window.", async () => {
  const { harness, stream } = await answering(1);
  stream.sendData((buffer) => {
    buffer.writeUtf8("ab");
    send(stream, "cd");
    stream.end();
  });
  harness.receive(windowUpdate(1, 10));
  assertEquals(await harness.sent(), ['DATA 1 "a"', 'DATA 1 "bcd" end']);
});

Deno.test("A codec that resets its own stream sends no message.", async () => {
  const { harness, stream } = await answering();
  stream.sendData((buffer) => {
    buffer.writeUtf8("a");
    stream.reset(ErrorCode.CANCEL);
  });
  assertEquals(await harness.sent(), ["RST_STREAM 1 CANCEL"]);
});

Deno.test("A codec that ends the whole connection harms nobody.", async () => {
  const { harness, stream } = await answering();
  stream.sendData((buffer) => {
    buffer.writeUtf8("a");
    harness.connection.lost(new Error("gone"));
    harness.queue.close();
  });
  assertEquals(harness.told().slice(1), ["lost 1 begun"]);
  assertEquals(await harness.sent(), []);
});

Deno.test("A reset drops what waits, and no event follows.", async () => {
  const { harness, stream } = await answering(1);
  send(stream, "abc");
  harness.told();
  stream.reset(ErrorCode.CANCEL);
  stream.reset(ErrorCode.CANCEL);
  send(stream, "d");
  stream.end();
  harness.receive(windowUpdate(1, 10), windowUpdate(0, 10));
  assertEquals(await harness.sent(), ['DATA 1 "a"', "RST_STREAM 1 CANCEL"]);
  assertEquals(harness.told(), ["released"]);
});

Deno.test("A reset of the peer's drops what waits.", async () => {
  const { harness, stream } = await answering(1);
  send(stream, "abc");
  harness.receive(rst(1, 1000));
  assertEquals(harness.told().slice(1), ["released", "reset 1 error code 1000", "peerReset"]);
  assertEquals(await harness.sent(), ['DATA 1 "a"']);
});

Deno.test("A stream leaves when both sides have ended, whichever ends first.", async () => {
  const harness = await Harness.started("server");
  harness.receive(headers(1, REQUEST));
  harness.stream.sendHeaders(RESPONSE, true);
  assertEquals(harness.connection.size, 1);
  harness.receive(data(1, "a", END));
  assertEquals(harness.connection.size, 0);
  assertEquals(harness.told().slice(1), ["data 1 1 end", "released"]);
  await harness.sent();
});

Deno.test("Headers larger than a frame go on in CONTINUATIONs.", async () => {
  const { harness, stream } = await answering();
  stream.sendHeaders([["a", "~".repeat(40_000)]], true);
  assertEquals(await harness.sent(), [
    "HEADERS 1 (16384 bytes) end",
    "CONTINUATION 1 (16384 bytes)",
    "CONTINUATION 1 (7239 bytes) end",
  ]);
});

for (
  const [name, value] of [["a", "line\nbreak"], ["a", "\u0100"], ["A", "b"], ["connection", "close"]] as const
) {
  Deno.test(`The field ${name} with ${JSON.stringify(value)} is not sent.`, async () => {
    const { harness, stream } = await answering();
    assertThrows(() => stream.sendHeaders([[name, value]], true), TypeError, "cannot be sent");
    stream.sendHeaders(TRAILERS, true);
    assertEquals(await harness.sent(), ["HEADERS 1 grpc-status=0 end"]);
  });
}

for (
  const [name, windowBytes, free] of [
    ["the stream's window", 1, (harness: Harness) => harness.receive(windowUpdate(1, 10))],
    ["a stream's window that SETTINGS raise", 1, (harness: Harness) => harness.receive(settings([4, 100]))],
    ["a reset", 1, (harness: Harness) => harness.receive(rst(1, 8))],
    ["the end of the connection", 1, (harness: Harness) => harness.connection.lost(new Error("gone"))],
  ] as const
) {
  Deno.test(`Whoever waits for a stream is woken, once, by ${name}.`, async () => {
    const { harness, stream } = await answering(windowBytes);
    send(stream, "ab");
    let woken = 0;
    stream.wait(() => woken++);
    const taken = () => woken += 100;
    stream.wait(taken);
    stream.unwait(taken);
    await harness.sent();
    assertEquals(woken, 0);
    free(harness);
    assertEquals(woken, 1);
    harness.receive(windowUpdate(0, 10));
    assertEquals(woken, 1);
    await harness.sent();
  });
}

Deno.test("Whoever waits for the connection's window is woken by it.", async () => {
  const { harness, stream } = await answering(100_000);
  harness.receive(headers(3, REQUEST, END));
  send(harness.stream, 65_535);
  send(stream, 0);
  await harness.sent();
  assertEquals(stream.congested, true);
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.wait(resolve);
  harness.receive(windowUpdate(0, 1));
  await promise;
  assertEquals(stream.congested, false);
});

Deno.test("Whoever waits for a queue that is congested is woken when it has sent.", async () => {
  const { harness, stream } = await answering(2 ** 20);
  harness.receive(windowUpdate(0, 2 ** 20));
  const socket = Promise.withResolvers<void>();
  harness.blocked = socket.promise;
  for (let i = 0; i < 6; i++) send(stream, 100_000);
  assertEquals(stream.congested, true);
  const woken = Promise.withResolvers<void>();
  stream.wait(woken.resolve);
  socket.resolve();
  await woken.promise;
  assertEquals(stream.congested, false);
  await harness.sent();
});

Deno.test("A codec may end the connection in good order: GOAWAY goes behind its message.", async () => {
  const { harness, stream } = await answering();
  stream.sendData((buffer) => {
    buffer.writeUtf8("a");
    harness.connection.goAway(ErrorCode.NO_ERROR, "bye", false);
    stream.grant(100_000);
  });
  assertEquals(await harness.sent(), ['DATA 1 "a"', "GOAWAY 1 NO_ERROR bye"]);
});

Deno.test("Whoever waits for a stream that has left is woken at once.", async () => {
  const { stream } = await answering();
  stream.reset(ErrorCode.CANCEL);
  await new Promise<void>((resolve) => stream.wait(resolve));
  assertEquals(stream.congested, true);
});

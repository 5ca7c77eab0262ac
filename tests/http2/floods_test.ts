import { assertEquals, assertMatch } from "@std/assert";
import type { Bytes } from "../../src/base/buffer.ts";
import { Budget } from "../../src/http2/budget.ts";
import { ErrorCode } from "../../src/http2/error_code.ts";
import { Flag, FrameType } from "../../src/http2/frame.ts";
import { Harness } from "./harness.ts";
import {
  block,
  data,
  frame,
  headers,
  join,
  ping,
  REQUEST,
  RESPONSE,
  rst,
  settings,
  TRAILERS,
  u32,
  windowUpdate,
} from "./wire.ts";

const { CONTINUATION, HEADERS, PRIORITY } = FrameType;

/** What costs the peer next to nothing, and is cut. */
const FLOODS: readonly (readonly [name: string, flood: Bytes])[] = [
  ["PINGs", ping(1)],
  ["answers to no PING", ping(1, Flag.ACK)],
  ["SETTINGS", settings()],
  ["SETTINGS that change the window of every stream", join(settings([4, 1]), settings([4, 2]))],
  ["acknowledgements of SETTINGS", frame(FrameType.SETTINGS, Flag.ACK, 0)],
  ["PRIORITY", frame(PRIORITY, 0, 7, [...u32(1), 0])],
  ["empty DATA", data(1, 0)],
  ["DATA of padding", frame(FrameType.DATA, Flag.PADDED, 1, [3, 0, 0, 0])],
  ["WINDOW_UPDATEs of the connection", windowUpdate(0, 1)],
  ["WINDOW_UPDATEs of a stream", windowUpdate(1, 1)],
  ["unknown frames", frame(99, 0, 0)],
  ["HEADERS of a stream that was reset", headers(3, TRAILERS, Flag.END_STREAM)],
  ["DATA beyond the window of a stream that was reset", data(3, 16_384)],
  ["resets of a stream that was reset", rst(3, 8)],
  ["DATA of a stream that the peer has reset", data(5, 0)],
];

for (const [name, flood] of FLOODS) {
  Deno.test(`A flood of ${name} ends the connection with ENHANCE_YOUR_CALM.`, async () => {
    const harness = await Harness.started("server");
    harness.receive(headers(1, REQUEST), headers(3, REQUEST));
    harness.stream.reset(ErrorCode.CANCEL);
    harness.receive(headers(5, REQUEST), rst(5, 8));
    const many = join(...Array.from({ length: 100 }, () => flood));
    let rounds = 0;
    for (; harness.error === undefined && rounds < 1000; rounds++) harness.receive(many);
    assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
    assertMatch(harness.error?.description ?? "", /10000 at once and 1000 a second/);
    await harness.sent();
  });
}

Deno.test("SETTINGS cost as much as they have settings: a few large ones are a flood too.", async () => {
  const harness = await Harness.started("server");
  const large = settings(...Array.from({ length: 2_700 }, () => [4, 65_535] as const));
  for (let i = 0; harness.error === undefined && i < 1_000; i++) harness.receive(large);
  assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
  await harness.sent();
});

Deno.test("A flood of requests beyond what may be open ends the connection.", async () => {
  const harness = await Harness.started("server", { maxStreams: 1 });
  let id = 1;
  for (; harness.error === undefined && id < 100_000; id += 2) harness.receive(headers(id, REQUEST));
  assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
  await harness.sent();
});

Deno.test("A flood of interim answers ends the connection.", async () => {
  const harness = await Harness.started("client");
  harness.open(REQUEST);
  const many = join(...Array.from({ length: 100 }, () => headers(1, [[":status", "100"]])));
  for (let i = 0; harness.error === undefined && i < 1000; i++) harness.receive(many);
  assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
  await harness.sent();
});

Deno.test("CONTINUATIONs without end end the connection, by their count.", async () => {
  const harness = await Harness.started("server");
  harness.receive(frame(HEADERS, 0, 1, block(REQUEST)));
  for (let i = 0; i < 128; i++) harness.receive(frame(CONTINUATION, 0, 1));
  assertEquals(harness.error, undefined);
  harness.receive(frame(CONTINUATION, 0, 1));
  assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
  assertMatch(harness.error?.description ?? "", /more than 128 CONTINUATION/);
  await harness.sent();
});

Deno.test("CONTINUATIONs without end end the connection, by their bytes.", async () => {
  const harness = await Harness.started("server");
  harness.receive(frame(HEADERS, 0, 1, new Uint8Array(16_384)));
  for (let i = 0; i < 3; i++) harness.receive(frame(CONTINUATION, 0, 1, new Uint8Array(16_384)));
  assertEquals(harness.error, undefined);
  harness.receive(frame(CONTINUATION, 0, 1, [0]));
  assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
  assertMatch(harness.error?.description ?? "", /65537 bytes exceeds the limit of 65536 bytes/);
  await harness.sent();
});

Deno.test("WINDOW_UPDATEs and PINGs that answer DATA are free.", async () => {
  const harness = await Harness.started("server");
  harness.receive(headers(1, REQUEST));
  harness.stream.sendHeaders(RESPONSE, false);
  const answer = join(windowUpdate(0, 100), windowUpdate(1, 100), ping(1));
  for (let i = 0; i < 12_000; i++) {
    harness.stream.sendData((buffer) => buffer.writeBytes(new Uint8Array(100)));
    harness.receive(answer);
    if (i % 100 === 0) await harness.sent();
  }
  assertEquals(harness.error, undefined);
  await harness.sent();
});

Deno.test("WINDOW_UPDATEs for each 4 KiB of large messages are free: net/http of Go sends them.", async () => {
  const windows = 2 ** 31 - 1 - 65_535;
  const harness = await Harness.started("server", {}, [4, 2 ** 30]);
  harness.receive(headers(1, REQUEST), windowUpdate(0, windows));
  harness.stream.sendHeaders(RESPONSE, false);
  const message = new Uint8Array(1 << 20);
  const updates = join(windowUpdate(0, 4096), windowUpdate(1, 4096));
  const answer = join(...Array.from({ length: message.length / 4096 }, () => updates));
  for (let i = 0; i < 100 && harness.error === undefined; i++) {
    harness.stream.sendData((buffer) => buffer.writeBytes(message));
    harness.receive(answer);
    await harness.sent();
  }
  assertEquals(harness.error, undefined);
});

Deno.test("Resets that come when a client has seen its answer are free: servers end early streams by both.", async () => {
  const harness = await Harness.started("client");
  for (let id = 1; id < 40_000 && harness.error === undefined; id += 2) {
    const stream = harness.open(REQUEST);
    harness.receive(headers(id, RESPONSE), headers(id, TRAILERS, Flag.END_STREAM));
    stream.reset(ErrorCode.NO_ERROR);
    harness.receive(rst(id, ErrorCode.NO_ERROR));
    if (id % 100 === 1) await harness.sent();
  }
  assertEquals(harness.error, undefined);
  await harness.sent();
});

Deno.test("What thousands of streams still get that are cancelled together is no flood.", async () => {
  const harness = await Harness.started("client");
  const streams = Array.from({ length: 8_000 }, () => harness.open(REQUEST));
  for (const { id } of streams) harness.receive(headers(id, RESPONSE));
  await harness.sent();
  for (const stream of streams) stream.reset(ErrorCode.CANCEL);
  for (const { id } of streams) {
    harness.receive(
      ...Array.from({ length: 10 }, () => data(id, 100)),
      headers(id, TRAILERS, Flag.END_STREAM),
    );
    if (harness.error !== undefined) break;
  }
  assertEquals(harness.error, undefined);
  await harness.sent();
});

Deno.test("Windows of one byte are not: a message is not taken apart for ever.", async () => {
  const harness = await Harness.started("server", {}, [4, 0]);
  harness.receive(headers(1, REQUEST));
  harness.stream.sendData((buffer) => buffer.writeBytes(new Uint8Array(100_000)));
  let updates = 0;
  for (; harness.error === undefined && updates < 100_000; updates++) {
    harness.receive(windowUpdate(1, 1));
    if (updates % 100 === 0) await harness.sent();
  }
  assertEquals(harness.error?.code, ErrorCode.ENHANCE_YOUR_CALM);
  await harness.sent();
});

Deno.test("Everything that makes the server reset a stream counts as a reset of the peer's.", async () => {
  const harness = await Harness.started("server");
  let resets = 0;
  for (let id = 1; id < 200; id += 2) {
    harness.receive(headers(id, REQUEST), windowUpdate(id, 0));
    resets += harness.told().filter((line) => line === "peerReset").length;
  }
  assertEquals(resets, 100);
  await harness.sent();
});

Deno.test("What has been answered is counted as control bytes, which the owner bounds.", async () => {
  const harness = await Harness.started("server");
  const socket = Promise.withResolvers<void>();
  harness.blocked = socket.promise;
  for (let i = 0; i < 1000; i++) harness.receive(ping(i));
  assertEquals(harness.queue.controlBytes, 17_000);
  socket.resolve();
  await harness.sent();
});

Deno.test("A budget comes back with time, and not beyond its size.", () => {
  let now = 0;
  const budget = new Budget(10, 2, () => now);
  assertEquals(budget.spend(10), true);
  assertEquals(budget.spend(1), false);
  now = 2_000;
  assertEquals(budget.spend(3), true);
  assertEquals(budget.spend(1), false);
  now = 1e9;
  assertEquals(budget.spend(10), true);
  assertEquals(budget.spend(1), false);
});

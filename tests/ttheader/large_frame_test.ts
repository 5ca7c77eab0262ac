import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { Bytes } from "../../src/base/buffer.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { encodeFrames } from "../support/wire_peer.ts";

const LIMIT = 16 * 1024 * 1024;
const MIB = 1024 * 1024;

const payload = Uint8Array.from({ length: MIB }, (_, at) => at * 31 >> 3);
const small = { type: FrameType.Data, payload: new Uint8Array(10).fill(1) };
const large = { type: FrameType.Data, payload };
const largeFrame = encodeFrames(large);

/** Pushes what fits of `bytes` where the decoder wants it. @returns The rest. */
function pushToRoom(decoder: FrameDecoder, bytes: Bytes): Bytes {
  const room = decoder.room();
  assert(room !== undefined, "the decoder has no room");
  const part = bytes.subarray(0, room.length);
  room.set(part);
  decoder.push(room.subarray(0, part.length));
  return bytes.subarray(part.length);
}

Deno.test("a large frame is read into one buffer of its size, once an eighth of it has come", () => {
  const decoder = new FrameDecoder(LIMIT);
  const eighth = Math.ceil(largeFrame.length / 8);
  decoder.push(largeFrame.slice(0, eighth - 1));
  assertEquals(decoder.next(), undefined);
  assertStrictEquals(decoder.room(), undefined);
  decoder.push(largeFrame.slice(eighth - 1, eighth));
  assertEquals(decoder.next(), undefined);
  assertEquals(decoder.room()?.length, largeFrame.length - eighth);

  let rest: Bytes = largeFrame.subarray(eighth);
  for (const size of [1, 70_000, 500_000]) {
    pushToRoom(decoder, rest.subarray(0, size));
    rest = rest.subarray(size);
    assertEquals(decoder.next(), undefined);
    assertEquals(decoder.pendingBytes, largeFrame.length - rest.length);
  }
  assertEquals(pushToRoom(decoder, rest).length, 0);
  const frame = decoder.next();
  assertEquals(frame?.payload, payload);
  assertEquals(frame?.payload.buffer.byteLength, largeFrame.length);
  assertEquals(decoder.pendingBytes, 0);
  assertStrictEquals(decoder.room(), undefined);
});

Deno.test("the room of a large frame ends with it: what comes behind is no part of its buffer", () => {
  const decoder = new FrameDecoder(LIMIT);
  const bytes = encodeFrames(small, large, small, large);
  const first = bytes.slice(0, 300_000);
  decoder.push(first);
  assertEquals(decoder.next()?.payload, small.payload);
  assertEquals(decoder.next(), undefined);
  const rest = pushToRoom(decoder, bytes.subarray(first.length));
  assertEquals(decoder.next()?.payload, payload);
  assertEquals(decoder.next(), undefined);
  decoder.push(rest.slice(0, 400_000));
  assertEquals(decoder.next()?.payload, small.payload);
  assertEquals(decoder.next(), undefined);
  assertEquals(pushToRoom(decoder, rest.subarray(400_000)).length, 0);
  assertEquals(decoder.next()?.payload, payload);
});

Deno.test("a large frame is whole also where its bytes come elsewhere than into its room", () => {
  const decoder = new FrameDecoder(LIMIT);
  decoder.push(largeFrame.slice(0, 200_000));
  assertEquals(decoder.next(), undefined);
  pushToRoom(decoder, largeFrame.subarray(200_000, 300_000));
  assertEquals(decoder.next(), undefined);
  assert(decoder.room() !== undefined);
  decoder.push(largeFrame.slice(300_000, 400_000));
  assertEquals(decoder.next(), undefined);
  assertEquals(pushToRoom(decoder, largeFrame.subarray(400_000)).length, 0);
  assertEquals(decoder.next()?.payload, payload);
});

Deno.test("a frame that may fit into one read has no room of its own", () => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = encodeFrames({ type: FrameType.Data, payload: payload.subarray(0, 200_000) });
  decoder.push(frame.slice(0, 150_000));
  assertEquals(decoder.next(), undefined);
  assertStrictEquals(decoder.room(), undefined);
  decoder.push(frame.slice(150_000));
  assertEquals(decoder.next()?.payload, payload.subarray(0, 200_000));
});

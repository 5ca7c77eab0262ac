/** Bytes that no honest peer sends, the same ones in every run: whatever they are, only the documented errors come of them. */
import { assertEquals } from "@std/assert";
import { TTStreamError } from "../../mod.ts";
import type { Bytes } from "../../src/base/buffer.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { FrameType } from "../../src/ttheader/frame.ts";
import { metainfoOf } from "../../src/ttheader/metadata.ts";
import { errorOfRst, errorOfTrailer } from "../../src/ttheader/status.ts";
import { toHex } from "../support/hex.ts";
import { Random } from "../support/random.ts";
import { conversations } from "../support/vectors.ts";

const LIMIT = 1024 * 1024;

/** Decodes chunks to their end or first error, and does with the frames what streams do. Fails on anything but a 12004. */
function survive(chunks: readonly Bytes[]): "frames" | "nothing" | "refused" {
  const decoder = new FrameDecoder(LIMIT);
  let frames = 0;
  let came = 0;
  try {
    for (const chunk of chunks) {
      came += chunk.length;
      decoder.push(chunk);
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        frames++;
        if (frame.payload.length > came) throw new Error("a payload of more bytes than came");
        metainfoOf(frame.metadata);
        if (frame.type === FrameType.Rst) errorOfRst(frame, { side: "server" });
        if (frame.type === FrameType.Trailer) errorOfTrailer(frame, { side: "client" });
      }
      if (decoder.pendingBytes > came) throw new Error("more pending bytes than came");
    }
    return frames > 0 ? "frames" : "nothing";
  } catch (error) {
    if (error instanceof TTStreamError && error.code === 12004 && error.side === undefined) return "refused";
    throw new Error(`after ${chunks.map(toHex).join(" | ")}`, { cause: error });
  }
}

function cut(bytes: Bytes, random: Random): Bytes[] {
  const chunks: Bytes[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.below(64));
    chunks.push(bytes.slice(at, end));
    at = end;
  }
  return chunks;
}

/** How many runs ended how. */
type Tally = Record<ReturnType<typeof survive>, number>;

function tally(runs: number, run: () => ReturnType<typeof survive>): Tally {
  const counts: Tally = { frames: 0, nothing: 0, refused: 0 };
  for (let i = 0; i < runs; i++) counts[run()]++;
  return counts;
}

Deno.test("20,000 chunks of random bytes are refused with 12004", () => {
  const random = new Random(1);
  const counts = tally(20_000, () => survive(cut(random.bytes(8 + random.below(100)), random)));
  assertEquals(counts, { frames: 0, nothing: 0, refused: 20_000 });
});

Deno.test("20,000 frames with random headers behind an honest beginning are frames, or refused with 12004", () => {
  const random = new Random(2);
  const counts = tally(20_000, () => {
    const size = 1 + random.below(12);
    const rest = random.bytes(size * 4 + random.below(20));
    const view = new DataView(new ArrayBuffer(14 + rest.length));
    view.setUint32(0, 10 + rest.length);
    view.setUint32(4, 0x10000002);
    view.setInt32(8, 1 + random.below(3));
    view.setUint16(12, size);
    const bytes = new Uint8Array(view.buffer);
    // Mostly an honest protocol id, an honest first block and frame type, so that the rest is looked at.
    if (random.below(4) > 0) rest.set([0x10, 0]);
    if (random.below(4) > 0) {
      rest.set([random.pick([0x00, 0x01, 0x10, 0x11]), 0, random.below(3)].slice(0, size * 4 - 2), 2);
    }
    bytes.set(rest, 14);
    return survive(cut(bytes, random));
  });
  assertEquals(counts.refused > 1000, true);
});

Deno.test("40,000 mutations of recorded frames are frames, unfinished ones, or refused with 12004", () => {
  const random = new Random(3);
  const frames = conversations().flatMap((conversation) => conversation.frames.map(({ bytes }) => bytes))
    .filter(({ length }) => length > 0 && length < 2048);
  const counts = tally(40_000, () => {
    let bytes: Bytes = new Uint8Array([...random.pick(frames), ...random.pick(frames)]);
    for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = mutate(bytes, random);
    return survive(random.below(2) === 0 ? [bytes] : cut(bytes, random));
  });
  // All three must be common, or the mutations test one thing alone.
  assertEquals(Object.values(counts).every((count) => count > 1000), true);
});

function mutate(bytes: Bytes, random: Random): Bytes {
  if (bytes.length < 4) return bytes;
  const at = random.below(Math.min(bytes.length, random.pick([16, 64, 4096])));
  const changed = bytes.slice();
  switch (random.below(6)) {
    case 0: // a bit
      changed[at] = (bytes[at] ?? 0) ^ 1 << random.below(8);
      return changed;
    case 1: // a byte
      changed[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
      return changed;
    case 2: // bytes that are missing
      return new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.below(4))]);
    case 3: // bytes too many
      return new Uint8Array([
        ...bytes.subarray(0, at),
        ...random.bytes(1 + random.below(4)),
        ...bytes.subarray(at),
      ]);
    case 4: // the end
      return bytes.slice(0, at + 1);
    default: { // a length
      const length = random.pick([
        0,
        9,
        10,
        bytes.length - 5,
        bytes.length,
        LIMIT,
        LIMIT + 1,
        2 ** 29,
        2 ** 32 - 1,
      ]);
      changed.set([length >>> 24, length >>> 16, length >>> 8, length]);
      return changed;
    }
  }
}

Deno.test("no announcement makes the decoder hold more than what came: 200 of 1 MiB at once stay small", () => {
  const random = new Random(4);
  const before = Deno.memoryUsage().external;
  const decoders = Array.from({ length: 200 }, () => {
    const decoder = new FrameDecoder(LIMIT);
    const head = Uint8Array.of(0, 0x10, 0, 0, 0x10, 0, 0, 2, 0, 0, 0, 1, 0, 8, ...random.bytes(100));
    for (const chunk of cut(head, random)) {
      decoder.push(chunk);
      assertEquals(decoder.next(), undefined);
    }
    return decoder;
  });
  assertEquals(decoders.every(({ pendingBytes }) => pendingBytes === 114), true);
  assertEquals(Deno.memoryUsage().external - before < 10 * LIMIT, true);
});

import { assertEquals, assertStrictEquals, assertStringIncludes } from "@std/assert";
import type { TTStreamError } from "../../mod.ts";
import type { Bytes } from "../../src/base/buffer.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { type Frame, FrameType } from "../../src/ttheader/frame.ts";
import { streamErrorThrown } from "../support/failures.ts";
import { fromHex } from "../support/hex.ts";
import { encodeFrames } from "../support/wire_peer.ts";

const LIMIT = 16 * 1024 * 1024;

function decodeAll(chunks: Iterable<Bytes>, limit = LIMIT): Frame[] {
  const decoder = new FrameDecoder(limit);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(frame);
  }
  return frames;
}

/** The 12004 that decoding `bytes` throws. */
function refusal(bytes: Bytes, limit = LIMIT): TTStreamError {
  const error = streamErrorThrown(() => decodeAll([bytes], limit));
  assertEquals([error.code, error.kind, error.side, error.cancelPath], [12004, "protocol", undefined, []]);
  assertEquals(error.message, `[ttstream error, code=12004] ${error.description}`);
  return error;
}

const conversation = [
  { type: FrameType.Header, metadata: { isn: "Test", RPC_PERSIST_a: "ä" } },
  { type: FrameType.Data, payload: fromHex("0102030405") },
  { type: FrameType.Data, payload: new Uint8Array(0) },
  { type: FrameType.Data, payload: new Uint8Array(300).fill(7), streamId: -1 },
  { type: FrameType.Trailer, metadata: { "biz-status": "1" } },
  { type: FrameType.Rst, method: "", payload: fromHex("ff") },
] as const;
const encoded = encodeFrames(...conversation);
const whole = decodeAll([encoded]);

Deno.test("FrameDecoder gives back what was encoded, every type and block", () => {
  assertEquals(
    whole,
    conversation.map((init) => ({
      type: init.type,
      streamId: "streamId" in init ? init.streamId : 1,
      method: "method" in init ? init.method : "Echo",
      metadata: new Map("metadata" in init ? Object.entries(init.metadata) : []),
      payload: "payload" in init ? new Uint8Array(init.payload) : new Uint8Array(0),
    })),
  );
});

Deno.test("FrameDecoder.next gives undefined before anything came, and again after the last frame", () => {
  const decoder = new FrameDecoder(LIMIT);
  assertEquals(decoder.next(), undefined);
  decoder.push(encodeFrames(conversation[1]));
  assertEquals(decoder.next()?.payload, conversation[1].payload);
  assertEquals(decoder.next(), undefined);
  assertEquals(decoder.pendingBytes, 0);
});

for (const size of [1, 2, 3, 7, 8, 9, 13, 14, 64]) {
  Deno.test(`FrameDecoder finds the same frames in chunks of ${size} bytes, each a buffer of its own`, () => {
    const chunks: Bytes[] = [];
    for (let at = 0; at < encoded.length; at += size) chunks.push(encoded.slice(at, at + size));
    assertEquals(decodeAll(chunks), whole);
  });

  Deno.test(`FrameDecoder finds the same frames in chunks of ${size} bytes, all views on one buffer`, () => {
    const chunks: Bytes[] = [];
    for (let at = 0; at < encoded.length; at += size) chunks.push(encoded.subarray(at, at + size));
    assertEquals(decodeAll(chunks), whole);
  });
}

Deno.test("FrameDecoder takes empty chunks anywhere", () => {
  const empty = () => new Uint8Array(0);
  const chunks = [empty()];
  for (let at = 0; at < encoded.length; at += 5) chunks.push(empty(), encoded.slice(at, at + 5), empty());
  assertEquals(decodeAll(chunks), whole);
});

Deno.test("FrameDecoder.pendingBytes counts an unfinished frame's bytes, over chunks", () => {
  const decoder = new FrameDecoder(LIMIT);
  const bytes = encodeFrames(conversation[3]);
  for (let at = 0; at < bytes.length - 1; at++) {
    decoder.push(bytes.slice(at, at + 1));
    assertEquals(decoder.next(), undefined);
    assertEquals(decoder.pendingBytes, at + 1);
  }
  decoder.push(bytes.slice(-1));
  assertEquals(decoder.next()?.payload.length, 300);
  assertEquals(decoder.pendingBytes, 0);
});

Deno.test("FrameDecoder hands out a payload as a view on its chunk, without a copy", () => {
  const bytes = encodeFrames(conversation[3]);
  const [frame] = decodeAll([bytes]);
  assertStrictEquals(frame?.payload.buffer, bytes.buffer);
});

Deno.test("FrameDecoder reads the two header blocks that Kitex alternates between, and then another method's", () => {
  const methodFirst = fromHex(
    "00000023 1000 0002 00000001 0006 1000 10 0002 0009 0008 4563686f42696469 001b 0001 33 0000 aa",
  );
  const typeFirst = fromHex(
    "00000023 1000 0002 00000002 0006 1000 10 0002 001b 0001 33 0009 0008 4563686f42696469 0000 bb",
  );
  const other = fromHex(
    "00000023 1000 0002 00000003 0006 1000 10 0002 001b 0001 33 0009 0008 4563686f42696470 0000 cc",
  );
  const order = [methodFirst, typeFirst, methodFirst, other, typeFirst, methodFirst, other];
  assertEquals(
    decodeAll(order.map((bytes) => bytes.slice())).map((
      { streamId, method, payload },
    ) => [streamId, method, payload[0]]),
    order.map((bytes) =>
      bytes === methodFirst
        ? [1, "EchoBidi", 0xaa]
        : bytes === typeFirst
        ? [2, "EchoBidi", 0xbb]
        : [3, "EchoBidp", 0xcc]
    ),
  );
});

Deno.test("FrameDecoder keeps no view on a chunk for later frames: what is written over it is not remembered", () => {
  const chunk = encodeFrames({ type: FrameType.Data, method: "First", payload: fromHex("01") });
  const other = encodeFrames({ type: FrameType.Data, method: "Other", payload: fromHex("02") });
  const decoder = new FrameDecoder(LIMIT);
  decoder.push(chunk);
  assertEquals(decoder.next()?.method, "First");
  chunk.set(other);
  decoder.push(other);
  assertEquals(decoder.next()?.method, "Other");
});

/** A frame of the given header block and payload. */
function frameOf(header: string, payload: string): Bytes {
  const [block, rest] = [fromHex(header), fromHex(payload)];
  const bytes = new Uint8Array(14 + block.length + rest.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length - 4);
  view.setUint32(4, 0x10000002);
  view.setUint16(12, block.length / 4);
  bytes.set(block, 14);
  bytes.set(rest, 14 + block.length);
  return bytes;
}

const known = "1000 10 0001 001b 0001 33 0000";

Deno.test("FrameDecoder does not take a header for a known one that it begins with", () => {
  const longer = `${known} 01 0001 0001 6b 0001 76 000000`;
  const [first, second] = decodeAll([frameOf(known, "aa"), frameOf(longer, "bb")]);
  assertEquals([first?.metadata.size, first?.payload], [0, fromHex("aa")]);
  assertEquals([second?.metadata.get("k"), second?.payload], ["v", fromHex("bb")]);
});

Deno.test("FrameDecoder does not take a header for a known one that goes on as its payload does", () => {
  const [first, second] = decodeAll([frameOf(`${known} 00000000`, "aa"), frameOf(known, "00000000 bb")]);
  assertEquals([first?.payload, second?.payload], [fromHex("aa"), fromHex("00000000bb")]);
});

Deno.test("FrameDecoder ignores flag bits beside the streaming one", () => {
  const bytes = encodeFrames(conversation[1]);
  bytes[6] = 0xff;
  bytes[7] = 0xff;
  assertEquals(decodeAll([bytes])[0]?.payload, conversation[1].payload);
});

const refusals: { name: string; hex: string; description: string }[] = [
  {
    name: "garbage",
    hex: "5448495320495320474152",
    description: "not TTHeader protocol (first4Bytes=0x54484953, second4Bytes=0x20495320)",
  },
  {
    name: "a magic that is wrong in its last bit",
    hex: "00000022 1001 0002 00000001",
    description: "not TTHeader protocol (first4Bytes=0x00000022, second4Bytes=0x10010002)",
  },
  {
    name: "a length of 512 MiB",
    hex: "20000000 1000 0002",
    description: "frame of 536870912 bytes exceeds the limit of 16777216 bytes",
  },
  {
    name: "a length with the highest bit set",
    hex: "ffffffff 1000 0002",
    description: "frame of 4294967295 bytes exceeds the limit of 16777216 bytes",
  },
  {
    name: "a length one over the limit",
    hex: "01000001 1000 0002",
    description: "frame of 16777217 bytes exceeds the limit of 16777216 bytes",
  },
  {
    name: "a length of 0",
    hex: "00000000 1000 0002",
    description: "frame of 0 bytes is shorter than its fixed part of 10 bytes",
  },
  {
    name: "a length that ends inside the fixed part",
    hex: "00000009 1000 0002 00000001 00",
    description: "frame of 9 bytes is shorter than its fixed part of 10 bytes",
  },
  {
    name: "no streaming flag",
    hex: "00000022 1000 0000 00000001 0006 1000 10 0002 0009 0008 4563686f42696469 001b 0001 34 0000",
    description: "unexpected header flags: 0",
  },
  {
    name: "all flags but the streaming one",
    hex: "00000022 1000 fffd 00000001 0006 1000 10 0002 0009 0008 4563686f42696469 001b 0001 34 0000",
    description: "unexpected header flags: 65533",
  },
  {
    name: "a header size of 0",
    hex: "0000000a 1000 0002 00000001 0000",
    description: "invalid header length[0]",
  },
  {
    name: "a header longer than the frame",
    hex: "0000000e 1000 0002 00000001 0002 10000000",
    description: "header of 8 bytes exceeds the 4 bytes that the frame has left",
  },
  {
    name: "a header one byte longer than the frame",
    hex: "0000000d 1000 0002 00000001 0001 100000",
    description: "header of 4 bytes exceeds the 3 bytes that the frame has left",
  },
  {
    name: "an unknown protocol id",
    hex: "0000000e 1000 0002 00000001 0001 05000000",
    description: "unsupported ProtocolID[5]",
  },
];

for (const { name, hex, description } of refusals) {
  Deno.test(`FrameDecoder refuses ${name} with 12004`, () => {
    assertEquals(refusal(fromHex(hex)).description, description);
  });

  Deno.test(`FrameDecoder refuses ${name} with the same words when it comes byte by byte`, () => {
    const decoder = new FrameDecoder(LIMIT);
    const error = streamErrorThrown(() => {
      for (const byte of fromHex(hex)) {
        decoder.push(Uint8Array.of(byte));
        decoder.next();
      }
    });
    assertEquals(error.description, description);
  });
}

Deno.test("FrameDecoder refuses a length over the limit from its first 8 bytes, before the rest has come", () => {
  const decoder = new FrameDecoder(100);
  decoder.push(fromHex("00000065 1000 00"));
  assertEquals(decoder.next(), undefined);
  decoder.push(fromHex("02"));
  const error = streamErrorThrown(() => decoder.next());
  assertEquals(error.description, "frame of 101 bytes exceeds the limit of 100 bytes");
});

Deno.test("FrameDecoder takes a frame of exactly the limit: its length field does not count", () => {
  const bytes = encodeFrames(conversation[3]);
  assertEquals(decodeAll([bytes], bytes.length - 4).length, 1);
  assertEquals(
    refusal(bytes, bytes.length - 5).description,
    `frame of ${bytes.length - 4} bytes exceeds the limit of ${bytes.length - 5} bytes`,
  );
});

Deno.test("FrameDecoder gives the frames before a broken one first", () => {
  const decoder = new FrameDecoder(LIMIT);
  decoder.push(
    new Uint8Array([...encodeFrames(conversation[0], conversation[1]), ...fromHex("de".repeat(8))]),
  );
  assertEquals(decoder.next()?.type, FrameType.Header);
  assertEquals(decoder.next()?.type, FrameType.Data);
  assertStringIncludes(streamErrorThrown(() => decoder.next()).message, "first4Bytes=0xdededede");
});

Deno.test("FrameDecoder holds no more than what has come: 100 bytes of an announced 15 MiB stay 100 bytes", () => {
  const decoder = new FrameDecoder(LIMIT);
  const head = encodeFrames(conversation[1]);
  new DataView(head.buffer).setUint32(0, 15 * 1024 * 1024);
  const before = Deno.memoryUsage().external;
  decoder.push(head.slice(0, 20));
  assertEquals(decoder.next(), undefined);
  for (let i = 0; i < 80; i++) {
    decoder.push(Uint8Array.of(i));
    assertEquals(decoder.next(), undefined);
  }
  assertEquals(decoder.pendingBytes, 100);
  assertEquals(Deno.memoryUsage().external - before < 1024 * 1024, true);
});

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ByteBuffer } from "../../mod.ts";
import { beginDataFrame, beginFrame, dataPrefix, endFrame } from "../../src/ttheader/frame_encoder.ts";
import { FrameDecoder } from "../../src/ttheader/frame_decoder.ts";
import { type Frame, FrameType, NO_PAYLOAD } from "../../src/ttheader/frame.ts";
import { fromHex, toHex } from "../support/hex.ts";
import { writeFrame } from "../support/write_frame.ts";

const header: Frame = {
  type: FrameType.Header,
  streamId: 1,
  method: "EchoBidi",
  metadata: new Map([["isn", "TestService"]]),
  payload: NO_PAYLOAD,
};

function encode(frame: Frame): Uint8Array {
  const buffer = new ByteBuffer();
  writeFrame(buffer, frame);
  return buffer.toBytes();
}

const METHOD = "0009 0008 4563686f42696469";
const rows: { name: string; frame: Frame; hex: string }[] = [
  {
    name: "a Header frame with its service",
    frame: header,
    hex: `00000036 1000 0002 00000001 000b 10 00 01 0001 0003 69736e 000b 5465737453657276696365
      10 0002 ${METHOD} 001b 0001 32 00`,
  },
  {
    name: "a Data frame with its payload",
    frame: { ...header, type: FrameType.Data, metadata: new Map(), payload: fromHex("0a0b0c") },
    hex: `00000025 1000 0002 00000001 0006 10 00 10 0002 ${METHOD} 001b 0001 33 0000 0a0b0c`,
  },
  {
    name: "a Trailer frame",
    frame: { ...header, type: FrameType.Trailer, metadata: new Map() },
    hex: `00000022 1000 0002 00000001 0006 10 00 10 0002 ${METHOD} 001b 0001 34 0000`,
  },
  {
    name: "a Rst frame with a cancel path",
    frame: { ...header, type: FrameType.Rst, metadata: new Map([["ttscp", "A,B"]]) },
    hex: `00000032 1000 0002 00000001 000a 10 00 01 0001 0005 7474736370 0003 412c42
      10 0002 ${METHOD} 001b 0001 35 000000`,
  },
  {
    name: "a Meta frame",
    frame: { ...header, type: FrameType.Meta, metadata: new Map(), method: "" },
    hex: "0000001a 1000 0002 00000001 0004 10 00 10 0002 0009 0000 001b 0001 31 0000",
  },
  {
    name: "an ACL token in a block of its own, before the other keys",
    frame: { ...header, metadata: new Map([["a", "1"], ["RPC_TRANSIT_gdpr-token", "tok"]]) },
    hex: `00000032 1000 0002 00000001 000a 10 00 11 0003 746f6b 01 0001 0001 61 0001 31
      10 0002 ${METHOD} 001b 0001 32 000000`,
  },
  {
    name: "an ACL token alone, without a block of string pairs",
    frame: { ...header, metadata: new Map([["RPC_TRANSIT_gdpr-token", "tok"]]) },
    hex: `00000026 1000 0002 00000001 0007 10 00 11 0003 746f6b 10 0002 ${METHOD} 001b 0001 32`,
  },
  {
    name: "a negative stream id",
    frame: { ...header, type: FrameType.Trailer, streamId: -2, metadata: new Map() },
    hex: `00000022 1000 0002 fffffffe 0006 10 00 10 0002 ${METHOD} 001b 0001 34 0000`,
  },
];

for (const { name, frame, hex } of rows) {
  Deno.test(`writeFrame writes ${name}, byte for byte`, () => {
    assertEquals(toHex(encode(frame)), toHex(fromHex(hex)));
  });
}

Deno.test("writeFrame appends: what was in the buffer stays, and the length counts the new frame alone", () => {
  const buffer = new ByteBuffer(1);
  writeFrame(buffer, header);
  const first = buffer.length;
  writeFrame(buffer, header);
  assertEquals(buffer.length, 2 * first);
  assertEquals(buffer.toBytes().subarray(0, first), buffer.toBytes().subarray(first));
});

Deno.test("writeFrame pads the header block to a multiple of four, whatever the method's length", () => {
  for (let size = 0; size < 9; size++) {
    const bytes = encode({ ...header, method: "m".repeat(size) });
    assertEquals((bytes.length - 14) % 4, 0);
    assertEquals(((bytes[12] ?? 0) << 8 | (bytes[13] ?? 0)) * 4, bytes.length - 14);
  }
});

const big = "x".repeat(65_536);
const tooLong: { name: string; frame: Frame; message: string }[] = [
  {
    name: "a key of 65,536 bytes",
    frame: { ...header, metadata: new Map([[big, ""]]) },
    message: "metadata key: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a value of 65,536 bytes",
    frame: { ...header, metadata: new Map([["k", big]]) },
    message: "k: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a value of fewer units but 65,536 bytes",
    frame: { ...header, metadata: new Map([["k", "é".repeat(32_768)]]) },
    message: "k: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "an ACL token of 65,536 bytes",
    frame: { ...header, metadata: new Map([["RPC_TRANSIT_gdpr-token", big]]) },
    message: "RPC_TRANSIT_gdpr-token: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a method of 65,536 bytes",
    frame: { ...header, method: big },
    message: "method: 65536 bytes exceed the limit of 65535 bytes",
  },
  {
    name: "a header block of more than 262,140 bytes",
    frame: { ...header, metadata: new Map(["a", "b", "c", "d"].map((key) => [key, big.slice(1)])) },
    message: "header block of 262188 bytes exceeds the limit of 262140 bytes",
  },
  {
    name: "65,536 pairs",
    frame: { ...header, metadata: new Map(Array.from({ length: 65_536 }, (_, i) => [String(i), ""])) },
    message: "65536 metadata pairs exceed the limit of 65535",
  },
];

for (const { name, frame, message } of tooLong) {
  Deno.test(`writeFrame refuses ${name} and leaves the buffer as it was`, () => {
    const buffer = new ByteBuffer();
    writeFrame(buffer, header);
    const before = buffer.toBytes();
    assertThrows(() => writeFrame(buffer, frame), RangeError, message);
    assertEquals(buffer.toBytes(), before);
  });
}

Deno.test("writeFrame names a long key by its beginning", () => {
  const frame = { ...header, metadata: new Map([["k".repeat(100), big]]) };
  assertThrows(() => encode(frame), RangeError, `${"k".repeat(64)}…: 65536 bytes exceed`);
});

Deno.test("writeFrame takes strings of 65,535 bytes, and the decoder gives them back", () => {
  const limit = "x".repeat(65_535);
  const frame = { ...header, method: limit, metadata: new Map([[limit, limit]]) };
  const decoder = new FrameDecoder(1 << 20);
  decoder.push(new Uint8Array(encode(frame)));
  assertEquals(decoder.next(), frame);
});

Deno.test("dataPrefix is the head of a method's Data frame, built once", () => {
  const prefix = dataPrefix("EchoBidi");
  assertStrictEquals(dataPrefix("EchoBidi"), prefix);
  const buffer = new ByteBuffer(1);
  buffer.writeUint8(0xff);
  const start = beginDataFrame(buffer, prefix, -5);
  buffer.writeBytes(fromHex("0102"));
  endFrame(buffer, start);
  const whole = {
    ...header,
    type: FrameType.Data,
    streamId: -5,
    metadata: new Map(),
    payload: fromHex("0102"),
  };
  assertEquals(start, 1);
  assertEquals(toHex(buffer.toBytes()), `ff${toHex(encode(whole))}`);
});

Deno.test("dataPrefix stays right after more methods than it keeps", () => {
  const of = (method: string) => {
    const buffer = new ByteBuffer();
    beginFrame(buffer, { type: FrameType.Data, streamId: 0, method, metadata: new Map() });
    return buffer.toBytes();
  };
  for (let i = 0; i < 1100; i++) dataPrefix(`method ${i}`);
  for (const method of ["method 0", "method 1023", "method 1024", "method 1099"]) {
    assertEquals(dataPrefix(method), of(method));
  }
});

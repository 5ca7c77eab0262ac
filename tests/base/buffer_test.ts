import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { ByteBuffer } from "../../mod.ts";
import { fromHex, toHex } from "../support/hex.ts";

const numbers: { name: string; write: (buffer: ByteBuffer) => void; hex: string }[] = [
  { name: "writeUint8(0)", write: (b) => b.writeUint8(0), hex: "00" },
  { name: "writeUint8(255)", write: (b) => b.writeUint8(255), hex: "ff" },
  { name: "writeUint8(-1)", write: (b) => b.writeUint8(-1), hex: "ff" },
  { name: "writeUint8(0x1234)", write: (b) => b.writeUint8(0x1234), hex: "34" },
  { name: "writeInt16(0x1234)", write: (b) => b.writeInt16(0x1234), hex: "1234" },
  { name: "writeInt16(-2)", write: (b) => b.writeInt16(-2), hex: "fffe" },
  { name: "writeInt16(65535)", write: (b) => b.writeInt16(65535), hex: "ffff" },
  { name: "writeInt32(0x12345678)", write: (b) => b.writeInt32(0x12345678), hex: "12345678" },
  { name: "writeInt32(-1)", write: (b) => b.writeInt32(-1), hex: "ffffffff" },
  { name: "writeInt32(2 ** 31)", write: (b) => b.writeInt32(2 ** 31), hex: "80000000" },
  { name: "writeInt64(1n)", write: (b) => b.writeInt64(1n), hex: "0000000000000001" },
  { name: "writeInt64(-1n)", write: (b) => b.writeInt64(-1n), hex: "ffffffffffffffff" },
  { name: "writeInt64(2n ** 63n)", write: (b) => b.writeInt64(2n ** 63n), hex: "8000000000000000" },
  { name: "writeFloat64(1.5)", write: (b) => b.writeFloat64(1.5), hex: "3ff8000000000000" },
  { name: "writeFloat64(-Infinity)", write: (b) => b.writeFloat64(-Infinity), hex: "fff0000000000000" },
  { name: "writeBytes(3 bytes)", write: (b) => b.writeBytes(fromHex("010203")), hex: "010203" },
  { name: "writeBytes(no bytes)", write: (b) => b.writeBytes(new Uint8Array()), hex: "" },
];

for (const { name, write, hex } of numbers) {
  Deno.test(`ByteBuffer.${name} appends ${hex || "nothing"}, however full the buffer was`, () => {
    for (const capacity of [0, 1, 256]) {
      const buffer = new ByteBuffer(capacity);
      write(buffer);
      buffer.writeUint8(0x5a);
      write(buffer);
      assertEquals(toHex(buffer.toBytes()), `${hex}5a${hex}`);
    }
  });
}

const texts = [
  "",
  "a",
  "TestService",
  "é",
  "日本語",
  "🙂",
  "ascii, then é",
  "x".repeat(32),
  "x".repeat(33),
  "x".repeat(5000),
  "é".repeat(5000),
  "🙂".repeat(100),
  "\ud800",
  "a\udc00b",
  "\u0000",
];

for (const text of texts) {
  const shown = text.length > 20 ? `${text.slice(0, 4)}… of ${text.length} units` : JSON.stringify(text);
  Deno.test(`ByteBuffer.writeUtf8 writes ${shown} as TextEncoder does, at any offset`, () => {
    const expected = new TextEncoder().encode(text);
    for (const offset of [0, 1, 7]) {
      const buffer = new ByteBuffer(4);
      for (let i = 0; i < offset; i++) buffer.writeUint8(i);
      assertEquals(buffer.writeUtf8(text), expected.length);
      assertEquals(buffer.length, offset + expected.length);
      assertEquals(buffer.toBytes().subarray(offset), expected);
      assertEquals(
        Array.from(buffer.toBytes().subarray(0, offset)),
        Array.from({ length: offset }, (_, i) => i),
      );
    }
  });
}

Deno.test("ByteBuffer.reserve makes room at length and does not move it", () => {
  const buffer = new ByteBuffer(2);
  buffer.writeInt16(0x0102);
  assertEquals(buffer.reserve(1000), 2);
  assertEquals(buffer.length, 2);
  assertEquals(buffer.bytes.length >= 1002, true);
  assertEquals(toHex(buffer.toBytes()), "0102");
});

Deno.test("ByteBuffer.reserve keeps bytes and view where there is room", () => {
  const buffer = new ByteBuffer(16);
  const { bytes, view } = buffer;
  buffer.reserve(16);
  assertStrictEquals(buffer.bytes, bytes);
  assertStrictEquals(buffer.view, view);
});

Deno.test("ByteBuffer replaces bytes and view together when it grows", () => {
  const buffer = new ByteBuffer(1);
  const { bytes, view } = buffer;
  buffer.reserve(2);
  assertNotStrictEquals(buffer.bytes, bytes);
  assertNotStrictEquals(buffer.view, view);
  assertStrictEquals(buffer.view.buffer, buffer.bytes.buffer);
});

Deno.test("ByteBuffer.setInt32 overwrites in place and moves nothing", () => {
  const buffer = new ByteBuffer();
  buffer.writeInt32(0);
  buffer.writeUint8(9);
  buffer.setInt32(0, -2);
  assertEquals(toHex(buffer.toBytes()), "fffffffe09");
});

Deno.test("ByteBuffer.length set lower takes the last bytes back", () => {
  const buffer = new ByteBuffer();
  buffer.writeInt32(0x01020304);
  buffer.length = 2;
  buffer.writeUint8(0xff);
  assertEquals(toHex(buffer.toBytes()), "0102ff");
});

Deno.test("ByteBuffer.toBytes and writeBytes copy: neither side sees the other's changes", () => {
  const buffer = new ByteBuffer();
  const source = fromHex("0102");
  buffer.writeBytes(source);
  source.fill(0xff);
  const copy = buffer.toBytes();
  copy.fill(0xee);
  assertEquals(toHex(buffer.toBytes()), "0102");
});

Deno.test("ByteBuffer.writeBytes takes a view on the middle of another buffer", () => {
  const buffer = new ByteBuffer();
  buffer.writeBytes(fromHex("0001020304").subarray(1, 4));
  assertEquals(toHex(buffer.toBytes()), "010203");
});

import { assertEquals, assertThrows } from "@std/assert";
import { ByteBuffer } from "../../../src/base/buffer.ts";
import { HpackEncoder } from "../../../src/http2/hpack/encoder.ts";
import type { HeaderField } from "../../../src/http2/hpack/field.ts";
import { STATIC_TABLE } from "../../../src/http2/hpack/static_table.ts";
import { toHex } from "../../support/hex.ts";
import { decoder, encode } from "./block.ts";

const request: HeaderField[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/testsvc.TestService/EchoBidi"],
  [":authority", "ServiceB"],
  ["content-type", "application/grpc"],
  ["user-agent", "kitex/v0.16.3"],
  ["te", "trailers"],
];

Deno.test("a request that is encoded again takes one byte for each field", () => {
  const encoder = new HpackEncoder();
  const hpack = decoder();
  assertEquals(hpack.decode(encode(encoder, request)).fields, request);
  const again = encode(encoder, request);
  assertEquals(again.length, request.length);
  assertEquals(hpack.decode(again).fields, request);
});

Deno.test("every field of the static table is its index", () => {
  STATIC_TABLE.forEach((field, i) => {
    assertEquals(encode(new HpackEncoder(), [field]), Uint8Array.of(0x81 + i));
  });
});

Deno.test("blocks are appended to what is in the buffer", () => {
  const buffer = new ByteBuffer(1);
  buffer.writeInt32(7);
  new HpackEncoder().encode(buffer, [[":method", "GET"], ["a", "b"]]);
  assertEquals(toHex(buffer.toBytes()), "00000007824001610162");
});

const secret: HeaderField[] = [
  ["authorization", "Bearer abc"],
  ["cookie", "a=b"],
  ["proxy-authorization", "Basic abc"],
  ["set-cookie", "a=b"],
];
for (const field of secret) {
  Deno.test(`${field[0]} is never indexed`, () => {
    const encoder = new HpackEncoder();
    const hpack = decoder();
    for (let i = 0; i < 2; i++) {
      const block = encode(encoder, [field]);
      assertEquals((block[0] ?? 0) & 0xf0, 0x10);
      assertEquals(hpack.decode(block).fields, [field]);
    }
  });
}

for (
  const name of [
    "grpc-timeout",
    "grpc-message",
    "grpc-status-details-bin",
    "traceparent",
    "rpc-transit-traceparent",
    "grpc-trace-bin",
  ]
) {
  Deno.test(`${name} goes into the table once, for its name, and after that without indexing`, () => {
    const encoder = new HpackEncoder();
    const hpack = decoder();
    for (let i = 0; i < 3; i++) {
      const block = encode(encoder, [[name, `value ${i}`]]);
      // Without indexing, and index 62 for the name.
      assertEquals(toHex(block).slice(0, 4), i === 0 ? "40" + toHex(block).slice(2, 4) : "0f2f");
      assertEquals(hpack.decode(block).fields, [[name, `value ${i}`]]);
    }
  });
}

Deno.test("content-length, whose name is in the static table, is without indexing from the first", () => {
  const encoder = new HpackEncoder();
  assertEquals(toHex(encode(encoder, [["content-length", "7"]])), "0f0d0137");
  assertEquals(toHex(encode(encoder, [["content-length", "7"]])), "0f0d0137");
});

Deno.test("values of 1024 bytes are indexed, longer ones and those that do not fit the table are not", () => {
  const first = (length: number, limit: number) => {
    const encoder = new HpackEncoder();
    encode(encoder, []);
    encoder.limit(limit);
    encode(encoder, []);
    return encode(encoder, [["a", "x".repeat(length)]])[0];
  };
  assertEquals(first(1024, 4096), 0x40);
  assertEquals(first(1025, 4096), 0);
  assertEquals(first(67, 100), 0x40);
  assertEquals(first(68, 100), 0);
});

const limits: { limits: number[]; says: string }[] = [
  { limits: [], says: "" },
  { limits: [4096], says: "" },
  { limits: [65_536], says: "" },
  { limits: [2 ** 32 - 1], says: "" },
  { limits: [0], says: "20" },
  { limits: [256], says: "3fe101" },
  { limits: [256, 100], says: "3f45" },
  { limits: [100, 256], says: "3f453fe101" },
  { limits: [0, 65_536], says: "203fe11f" },
  { limits: [256, 0, 100, 4096], says: "203fe11f" },
];
for (const { limits: sizes, says } of limits) {
  Deno.test(`the limits [${sizes}] between two blocks are ${says || "nothing"} at the next, once`, () => {
    const encoder = new HpackEncoder();
    const hpack = decoder();
    hpack.decode(encode(encoder, request));
    for (const size of sizes) encoder.limit(size);
    const block = encode(encoder, []);
    assertEquals(toHex(block), says);
    hpack.decode(block);
    assertEquals(toHex(encode(encoder, [])), "");
    for (let i = 0; i < 2; i++) assertEquals(hpack.decode(encode(encoder, request)).fields, request);
  });
}

const wrong: { field: HeaderField; says: string }[] = [
  {
    field: ["x-city", "Zürich, 東京"],
    says: 'The header field "x-city" cannot be sent: its value has U+6771 at 8, and a byte ends at U+00FF',
  },
  {
    field: ["x-\u0100", "a"],
    says: 'The header field "x-\u0100" cannot be sent: its name has U+0100 at 2, and a byte ends at U+00FF',
  },
  {
    field: ["x-face", "🙂"],
    says: 'The header field "x-face" cannot be sent: its value has U+D83D at 0, and a byte ends at U+00FF',
  },
];
for (const { field, says } of wrong) {
  Deno.test(`${JSON.stringify(field)} is refused, and the blocks before and after it are sound`, () => {
    const encoder = new HpackEncoder();
    const hpack = decoder();
    hpack.decode(encode(encoder, request));
    const buffer = new ByteBuffer();
    buffer.writeUint8(7);
    // The limits would have been said in the block that fails, and a field before it is in no table of the peer's.
    encoder.limit(100);
    encoder.limit(2000);
    assertThrows(() => encoder.encode(buffer, [["x-new", "1"], field]), RangeError, says);
    assertEquals(toHex(buffer.toBytes()), "07");
    const next: HeaderField[] = [["x-other", "2"], ["x-new", "1"], ...request];
    for (let i = 0; i < 2; i++) assertEquals(hpack.decode(encode(encoder, next)).fields, next);
  });
}

Deno.test("an error of the iterable passes through, and the next block is sound", () => {
  const encoder = new HpackEncoder();
  const hpack = decoder();
  function* fields(): Generator<HeaderField> {
    yield ["a", "b"];
    throw new Error("no more");
  }
  assertThrows(() => encode(encoder, fields()), Error, "no more");
  assertEquals(hpack.decode(encode(encoder, [["c", "d"], ["a", "b"]])).fields, [["c", "d"], ["a", "b"]]);
});

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes";
import type { HeaderField } from "../../../src/http2/hpack/field.ts";
import { HpackEncoder } from "../../../src/http2/hpack/encoder.ts";
import { HpackError } from "../../../src/http2/hpack/hpack_error.ts";
import { STATIC_TABLE } from "../../../src/http2/hpack/static_table.ts";
import { fromHex } from "../../support/hex.ts";
import { decoder, encode, indexedLiteral, literal } from "./block.ts";

/** The newest field of the dynamic table. */
const NEWEST = Uint8Array.of(0xbe);

Deno.test("a list of exactly maxHeaderListBytes is whole, and one byte less is too large", () => {
  const fields: HeaderField[] = [["a", "b"], ["cc", "dd"]];
  const block = encode(new HpackEncoder(), fields);
  assertEquals(decoder({ maxHeaderListBytes: 34 + 36 }).decode(block), { fields, tooLarge: false });
  assertEquals(decoder({ maxHeaderListBytes: 34 + 35 }).decode(block), {
    fields: [["a", "b"]],
    tooLarge: true,
  });
});

Deno.test("after the first field that is too much no smaller one is kept, and the next block is whole again", () => {
  const hpack = decoder({ maxHeaderListBytes: 100 });
  const block = concat([indexedLiteral("a", "x".repeat(100)), literal(0, "b", "c")]);
  assertEquals(hpack.decode(block), { fields: [], tooLarge: true });
  assertEquals(hpack.decode(literal(0, "b", "c")), { fields: [["b", "c"]], tooLarge: false });
});

Deno.test("fields beyond the limit go into the dynamic table as any other", () => {
  const hpack = decoder({ maxHeaderListBytes: 40 });
  const block = concat([indexedLiteral("a", "b"), indexedLiteral("c", "d"), indexedLiteral("e", "f")]);
  assertEquals(hpack.decode(block), { fields: [["a", "b"]], tooLarge: true });
  assertEquals(hpack.decode(NEWEST).fields, [["e", "f"]]);
  assertEquals(hpack.decode(Uint8Array.of(0xbf)).fields, [["c", "d"]]);
});

Deno.test("a field that is larger than the list may be goes into a table that has room for it", () => {
  const hpack = decoder({ maxHeaderListBytes: 40 });
  const long = "x".repeat(2000);
  assertEquals(hpack.decode(indexedLiteral("a", long)), { fields: [], tooLarge: true });
  // Its name can be referred to.
  assertEquals(hpack.decode(fromHex("0f2f 0162")).fields, [["a", "b"]]);
});

for (const huffman of [false, true]) {
  const how = huffman ? "with" : "without";
  Deno.test(`a value ${how} Huffman code that is larger than the list and the table empties the table`, () => {
    // 10,000 times "0", whose code is five zeros: 6250 bytes.
    const large = huffman
      ? fromHex(`400161 ffeb2f ${"00".repeat(6250)}`)
      : indexedLiteral("a", "0".repeat(10_000));
    const hpack = decoder({ maxHeaderListBytes: 200 });
    hpack.decode(indexedLiteral("k", "v"));
    assertEquals(hpack.decode(concat([Uint8Array.of(0x82), large, Uint8Array.of(0x82)])), {
      fields: [[":method", "GET"]],
      tooLarge: true,
    });
    assertThrows(() => hpack.decode(NEWEST), HpackError, "index 62, and the tables end at 61");
  });
}

Deno.test("a name that is larger than the list and the table empties the table too", () => {
  const hpack = decoder({ maxHeaderListBytes: 200 });
  hpack.decode(indexedLiteral("k", "v"));
  assertEquals(hpack.decode(indexedLiteral("n".repeat(5000), "v")), { fields: [], tooLarge: true });
  assertThrows(() => hpack.decode(NEWEST), HpackError, "the tables end at 61");
});

Deno.test("a field that is larger than the table, but not than the list, is returned and empties the table", () => {
  const hpack = decoder();
  hpack.decode(indexedLiteral("k", "v"));
  const value = "x".repeat(5000);
  assertEquals(hpack.decode(indexedLiteral("a", value)), { fields: [["a", value]], tooLarge: false });
  assertThrows(() => hpack.decode(NEWEST), HpackError, "the tables end at 61");
});

Deno.test("a field of exactly the table's size stays in it, and evicts all others", () => {
  const hpack = decoder();
  const value = "x".repeat(4096 - 32 - 1);
  hpack.decode(concat([indexedLiteral("k", "v"), indexedLiteral("a", value)]));
  assertEquals(hpack.decode(NEWEST).fields, [["a", value]]);
  assertThrows(() => hpack.decode(Uint8Array.of(0xbf)), HpackError, "index 63, and the tables end at 62");
});

Deno.test("a new field may have the name of a field that it evicts", () => {
  const hpack = decoder();
  hpack.decode(indexedLiteral("name", "x".repeat(4000)));
  // Literal with indexing, the name of index 62, a value of 200 bytes.
  const value = "y".repeat(200);
  const block = concat([fromHex("7e"), indexedLiteral("", value).slice(2)]);
  assertEquals(hpack.decode(block).fields, [["name", value]]);
  assertEquals(hpack.decode(NEWEST).fields, [["name", value]]);
});

Deno.test("an HPACK bomb keeps no more fields than the limit, and the same tuple for each", () => {
  const hpack = decoder({ maxHeaderListBytes: 16 * 1024 });
  hpack.decode(indexedLiteral("a", "x".repeat(4000)));
  const { fields, tooLarge } = hpack.decode(new Uint8Array(100_000).fill(0xbe));
  assertEquals(tooLarge, true);
  assertEquals(fields.length, 4);
  for (const field of fields) assertStrictEquals(field, fields[0]);
});

Deno.test("indexed fields are the tables' own tuples", () => {
  const hpack = decoder();
  const [literalField] = hpack.decode(indexedLiteral("a", "b")).fields;
  assertStrictEquals(hpack.decode(NEWEST).fields[0], literalField);
  STATIC_TABLE.forEach((field, i) => {
    assertStrictEquals(hpack.decode(Uint8Array.of(0x81 + i)).fields[0], field);
  });
});

Deno.test("a size update evicts, and a table can be made larger than 4096 where that was announced", () => {
  const hpack = decoder({ maxTableBytes: 65_536 });
  hpack.decode(indexedLiteral("a", "b"));
  // To 0, then to 65536.
  hpack.decode(fromHex("203fe1ff03"));
  assertThrows(() => hpack.decode(NEWEST), HpackError, "the tables end at 61");
  for (let i = 0; i < 1000; i++) hpack.decode(indexedLiteral("n", String(i)));
  // 1000 fields of 34 to 36 bytes.
  assertEquals(hpack.decode(fromHex("ffa607")).fields, [["n", "0"]]);
});

Deno.test("bytes are read as Latin-1, those from 0x80 to 0x9f too, however long the string is", () => {
  for (const length of [1, 3, 4, 5, 32, 33, 100, 5000]) {
    const value = Array.from({ length }, (_, i) => String.fromCharCode(255 - i % 256)).join("");
    assertEquals(decoder().decode(literal(0, "a", value)).fields, [["a", value]]);
  }
});

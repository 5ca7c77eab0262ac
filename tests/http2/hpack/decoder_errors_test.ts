import { assertEquals, assertThrows } from "@std/assert";
import { HpackError } from "../../../src/http2/hpack/hpack_error.ts";
import { fromHex } from "../../support/hex.ts";
import { decoder } from "./block.ts";

const broken: { what: string; hex: string; says: string; maxTableBytes?: number }[] = [
  { what: "index 0", hex: "80", says: "A header field has index 0" },
  { what: "an index behind an empty dynamic table", hex: "be", says: "index 62, and the tables end at 61" },
  {
    what: "an index behind its dynamic table",
    hex: "400161 0162 bf",
    says: "index 63, and the tables end at 62",
  },
  {
    what: "a literal with a name behind the table",
    hex: "7f00 0161",
    says: "index 63, and the tables end at 61",
  },
  { what: "a huge index", hex: "ffffffffff07", says: "An integer is larger than 2147483647" },
  { what: "an index of 2^31 - 1", hex: "ff80ffffff07", says: "index 2147483647, and the tables end at 61" },
  {
    what: "an integer that overflows 32 bits",
    hex: "ffffffffff7f",
    says: "An integer is larger than 2147483647",
  },
  { what: "an integer of zeros without end", hex: "ff808080808080", says: "goes on for more than 5 bytes" },
  { what: "an integer of six bytes", hex: "ff808080808000", says: "goes on for more than 5 bytes" },
  { what: "an end after an integer's prefix", hex: "ff", says: "ends within an integer" },
  { what: "an end within an integer", hex: "ff80", says: "ends within an integer" },
  { what: "an end before a name", hex: "40", says: "ends where a string should begin" },
  { what: "an end before a value", hex: "400161", says: "ends where a string should begin" },
  { what: "an end after the index of a name", hex: "41", says: "ends where a string should begin" },
  { what: "an end within a string's length", hex: "407f", says: "ends within an integer" },
  {
    what: "an end within a name",
    hex: "400361 62",
    says: "A string of 3 bytes is in a header block with 2 left",
  },
  {
    what: "an end within a value",
    hex: "4101",
    says: "A string of 1 bytes is in a header block with 0 left",
  },
  {
    what: "a length of 2^31 - 1",
    hex: "407f80ffffff07 61",
    says: "A string of 2147483647 bytes is in a header block with 1 left",
  },
  { what: "EOS in a name", hex: "4084ffffffff 0161", says: "contains EOS" },
  { what: "EOS in a value", hex: "4184ffffffff", says: "contains EOS" },
  { what: "zeros as padding", hex: "418118", says: "0 to 7 bits of ones" },
  { what: "8 bits of padding", hex: "4182 1fff", says: "0 to 7 bits of ones" },
  { what: "a size update after a field", hex: "8220", says: "size update comes after a header field" },
  { what: "three size updates", hex: "202020", says: "more than 2 dynamic table size updates" },
  { what: "a size update over the limit", hex: "3fe21f", says: "to 4097 bytes is over the limit of 4096" },
  {
    what: "a size update over a smaller limit",
    hex: "3fe201",
    says: "to 257 bytes is over the limit of 256",
    maxTableBytes: 256,
  },
];

for (const { what, hex, says, maxTableBytes = 4096 } of broken) {
  Deno.test(`a header block with ${what} is an error that says so`, () => {
    assertThrows(() => decoder({ maxTableBytes }).decode(fromHex(hex)), HpackError, says);
  });
}

Deno.test("a header block that is too large is checked all the same", () => {
  for (const { hex, maxTableBytes = 4096 } of broken) {
    assertThrows(
      () => decoder({ maxTableBytes, maxHeaderListBytes: 0 }).decode(fromHex(hex)),
      HpackError,
    );
  }
});

Deno.test("an HpackError says what it is", () => {
  assertEquals(String(new HpackError("broken")), "HpackError: broken");
});

Deno.test("every beginning of a block that is cut within a field is an error, and no other is", () => {
  // Three fields: an indexed one, a literal with Huffman code, a literal without.
  const block = fromHex("82 418cf1e3c2e5f23a6ba0ab90f4ff 0401 2f");
  const whole = new Set([0, 1, 15, block.length]);
  for (let end = 0; end <= block.length; end++) {
    const cut = () => decoder().decode(block.slice(0, end));
    if (whole.has(end)) cut();
    else assertThrows(cut, HpackError);
  }
});

Deno.test("an empty block, and one of two size updates alone, have no fields", () => {
  assertEquals(decoder().decode(fromHex("")), { fields: [], tooLarge: false });
  assertEquals(decoder().decode(fromHex("203fe11f")), { fields: [], tooLarge: false });
});

import { assertEquals, assertThrows } from "@std/assert";
import { ByteBuffer } from "../../../src/base/buffer.ts";
import { HpackError } from "../../../src/http2/hpack/hpack_error.ts";
import {
  decodedBytes,
  decodeHuffman,
  huffmanBytes,
  mostDecodedBytes,
  writeHuffman,
} from "../../../src/http2/hpack/huffman.ts";
import { fromHex, toHex } from "../../support/hex.ts";

function huffman(text: string): Uint8Array<ArrayBuffer> {
  // A small buffer that is not empty: the code must begin where it ends, and make it grow.
  const buffer = new ByteBuffer(2);
  buffer.writeUint8(0xaa);
  writeHuffman(buffer, text, huffmanBytes(text));
  assertEquals(buffer.bytes[0], 0xaa);
  return buffer.toBytes().slice(1);
}

// Each length of code that there is, from RFC 7541 Appendix B; the last byte is filled up with ones.
const codes: { symbol: number; bits: string }[] = [
  { symbol: 0x30, bits: "00000" },
  { symbol: 0x74, bits: "01001" },
  { symbol: 0x20, bits: "010100" },
  { symbol: 0x75, bits: "101101" },
  { symbol: 0x3a, bits: "1011100" },
  { symbol: 0x7a, bits: "1111011" },
  { symbol: 0x26, bits: "11111000" },
  { symbol: 0x5a, bits: "11111101" },
  { symbol: 0x21, bits: "1111111000" },
  { symbol: 0x7c, bits: "11111111100" },
  { symbol: 0x23, bits: "111111111010" },
  { symbol: 0x00, bits: "1111111111000" },
  { symbol: 0x5e, bits: "11111111111100" },
  { symbol: 0x3c, bits: "111111111111100" },
  { symbol: 0x5c, bits: "1111111111111110000" },
  { symbol: 0x80, bits: "11111111111111100110" },
  { symbol: 0x99, bits: "111111111111111011100" },
  { symbol: 0x81, bits: "1111111111111111010010" },
  { symbol: 0x01, bits: "11111111111111111011000" },
  { symbol: 0x09, bits: "111111111111111111101010" },
  { symbol: 0xc7, bits: "1111111111111111111101100" },
  { symbol: 0xc0, bits: "11111111111111111111100000" },
  { symbol: 0xcb, bits: "111111111111111111111011110" },
  { symbol: 0xf9, bits: "1111111111111111111111111110" },
  { symbol: 0x16, bits: "111111111111111111111111111110" },
];
for (const { symbol, bits } of codes) {
  Deno.test(`the code of byte ${symbol} has ${bits.length} bits: ${bits}`, () => {
    const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
    const expected = Uint8Array.from(padded.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
    assertEquals(huffman(String.fromCharCode(symbol)), expected);
    assertEquals(decodeHuffman(expected, 0, expected.length), String.fromCharCode(symbol));
  });
}

Deno.test("every pair of bytes comes back from Huffman code, at every offset of bits", () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const text = String.fromCharCode(first, second);
      const code = huffman(text);
      if (code.length !== huffmanBytes(text)) throw new Error(`the length of ${first}, ${second} is wrong`);
      if (decodeHuffman(code, 0, code.length) !== text) {
        throw new Error(`${first}, ${second} does not come back`);
      }
    }
  }
});

for (const length of [0, 1, 32, 33, 2560, 2561, 4096, 20_000]) {
  Deno.test(`a string of ${length} bytes comes back from Huffman code, ASCII or not, and is counted`, () => {
    for (const char of ["0", "~", "\xe9", "\x9f"]) {
      const code = huffman(char.repeat(length));
      assertEquals(decodeHuffman(code, 0, code.length), char.repeat(length));
      assertEquals(decodedBytes(code, 0, code.length), length);
      assertEquals(mostDecodedBytes(code.length) >= length, true);
    }
  });
}

Deno.test("a text with a character that is no byte has no Huffman code", () => {
  assertEquals(huffmanBytes("ab\u0100"), -1);
  assertEquals(huffmanBytes("\ud83d\ude42"), -1);
  assertEquals(huffmanBytes("\xff"), 4);
});

const broken = [
  { what: "8 bits of padding", hex: "ff", says: "0 to 7 bits of ones" },
  { what: "a byte of padding too many", hex: "1fff", says: "0 to 7 bits of ones" },
  { what: "two bytes of padding too many", hex: "1fffff", says: "0 to 7 bits of ones" },
  { what: "padding of zeros", hex: "18", says: "0 to 7 bits of ones" },
  { what: "padding with a zero at its end", hex: "1e", says: "0 to 7 bits of ones" },
  { what: "a code that is cut short", hex: "fffffe", says: "0 to 7 bits of ones" },
  { what: "29 ones after a symbol", hex: "ff9fffffff", says: "0 to 7 bits of ones" },
  { what: "EOS", hex: "ffffffff", says: "EOS" },
  { what: "EOS after a symbol", hex: "1fffffffff", says: "EOS" },
  { what: "EOS before a symbol", hex: "fffffffc", says: "EOS" },
];
for (const { what, hex, says } of broken) {
  Deno.test(`Huffman code with ${what} is an error, whether it is decoded or counted`, () => {
    const code = fromHex(hex);
    assertThrows(() => decodeHuffman(code, 0, code.length), HpackError, says);
    assertThrows(() => decodedBytes(code, 0, code.length), HpackError, says);
  });
}

Deno.test("Huffman code is read between its bounds alone", () => {
  const code = fromHex(`00${toHex(huffman("abc"))}00`);
  assertEquals(decodeHuffman(code, 1, code.length - 1), "abc");
  assertEquals(decodedBytes(code, 1, code.length - 1), 3);
});

/** The examples of RFC 7541 Appendix C, down to the dynamic tables that it draws. */
import { assertEquals } from "@std/assert";
import { BlockReader } from "../../../src/http2/hpack/block_reader.ts";
import type { HpackDecoder } from "../../../src/http2/hpack/decoder.ts";
import { HpackEncoder } from "../../../src/http2/hpack/encoder.ts";
import type { HeaderField } from "../../../src/http2/hpack/field.ts";
import { HpackError } from "../../../src/http2/hpack/hpack_error.ts";
import { writeInteger } from "../../../src/http2/hpack/write.ts";
import { ByteBuffer } from "../../../src/base/buffer.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import { decoder, encode } from "./block.ts";

/** The decoder's dynamic table, the newest field first, as indices from 62 on read it. */
function dynamicTable(hpack: HpackDecoder): HeaderField[] {
  const table: HeaderField[] = [];
  for (let index = 62;; index++) {
    try {
      table.push(...hpack.decode(Uint8Array.of(0x80 | index)).fields);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      return table;
    }
  }
}

const integers = [
  { section: "C.1.1", value: 10, mask: 0x1f, hex: "0a" },
  { section: "C.1.2", value: 1337, mask: 0x1f, hex: "1f9a0a" },
  { section: "C.1.3", value: 42, mask: 0xff, hex: "2a" },
];
for (const { section, value, mask, hex } of integers) {
  Deno.test(`${section}: the integer ${value} with the prefix ${mask} is ${hex}`, () => {
    const buffer = new ByteBuffer();
    writeInteger(buffer, 0, mask, value);
    assertEquals(toHex(buffer.toBytes()), hex);
    const reader = new BlockReader(fromHex(hex));
    assertEquals(reader.integer(reader.next(), mask), value);
    assertEquals(reader.next(), -1);
  });
}

const single: { section: string; hex: string; field: HeaderField; table: HeaderField[] }[] = [
  {
    section: "C.2.1: a literal with indexing",
    hex: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
    field: ["custom-key", "custom-header"],
    table: [["custom-key", "custom-header"]],
  },
  {
    section: "C.2.2: a literal without indexing",
    hex: "040c 2f73 616d 706c 652f 7061 7468",
    field: [":path", "/sample/path"],
    table: [],
  },
  {
    section: "C.2.3: a literal never indexed",
    hex: "1008 7061 7373 776f 7264 0673 6563 7265 74",
    field: ["password", "secret"],
    table: [],
  },
  { section: "C.2.4: an indexed field", hex: "82", field: [":method", "GET"], table: [] },
];
for (const { section, hex, field, table } of single) {
  Deno.test(`${section} is decoded`, () => {
    const hpack = decoder();
    assertEquals(hpack.decode(fromHex(hex)), { fields: [field], tooLarge: false });
    assertEquals(dynamicTable(hpack), table);
  });
}

const authority: HeaderField = [":authority", "www.example.com"];
const noCache: HeaderField = ["cache-control", "no-cache"];
const custom: HeaderField = ["custom-key", "custom-value"];
const requests: { fields: HeaderField[]; table: HeaderField[] }[] = [
  {
    fields: [[":method", "GET"], [":scheme", "http"], [":path", "/"], authority],
    table: [authority],
  },
  {
    fields: [[":method", "GET"], [":scheme", "http"], [":path", "/"], authority, noCache],
    table: [noCache, authority],
  },
  {
    fields: [[":method", "GET"], [":scheme", "https"], [":path", "/index.html"], authority, custom],
    table: [custom, noCache, authority],
  },
];

const location: HeaderField = ["location", "https://www.example.com"];
const date21: HeaderField = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
const date22: HeaderField = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"];
const cached: HeaderField = ["cache-control", "private"];
const gzip: HeaderField = ["content-encoding", "gzip"];
const cookie: HeaderField = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];
const responses: { fields: HeaderField[]; table: HeaderField[] }[] = [
  {
    fields: [[":status", "302"], cached, date21, location],
    table: [location, date21, cached, [":status", "302"]],
  },
  {
    fields: [[":status", "307"], cached, date21, location],
    table: [[":status", "307"], location, date21, cached],
  },
  {
    fields: [[":status", "200"], cached, date22, location, gzip, cookie],
    table: [cookie, gzip, date22],
  },
];

/** A size update to 256: the RFC's examples of responses have such a table from the beginning. */
const TO_256 = "3fe101";

const C4 = [
  "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
  "8286 84be 5886 a8eb 1064 9cbf",
  "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
];

const series = [
  {
    section: "C.3: requests without Huffman code",
    before: "",
    blocks: [
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ],
    expected: requests,
  },
  { section: "C.4: requests with Huffman code", before: "", blocks: C4, expected: requests },
  {
    section: "C.5: responses without Huffman code",
    before: TO_256,
    blocks: [
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
       474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      "4803 3330 37c1 c0bf",
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738
       666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33
       3630 303b 2076 6572 7369 6f6e 3d31`,
    ],
    expected: responses,
  },
  {
    section: "C.6: responses with Huffman code",
    before: TO_256,
    blocks: [
      `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
       63c7 8f0b 97c8 e9ae 82ae 43d3`,
      "4883 640e ffc1 c0bf",
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7
       b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ],
    expected: responses,
  },
];

for (const { section, before, blocks, expected } of series) {
  Deno.test(`${section} are decoded, and leave the tables of the RFC`, () => {
    expected.forEach(({ fields, table }, last) => {
      // Reading the table breaks the decoder, so each block is the last of a connection of its own.
      const hpack = decoder();
      hpack.decode(fromHex(before));
      const decoded = blocks.slice(0, last + 1).map((block) => hpack.decode(fromHex(block)));
      assertEquals(decoded.at(-1), { fields, tooLarge: false });
      assertEquals(dynamicTable(hpack), table);
    });
  });
}

Deno.test("C.4: requests are encoded as in the RFC, byte for byte", () => {
  const encoder = new HpackEncoder();
  requests.forEach(({ fields }, i) => {
    assertEquals(toHex(encode(encoder, fields)), (C4[i] ?? "").replaceAll(" ", ""));
  });
});

Deno.test("C.6: the responses are encoded through a table of 256 bytes, and come back", () => {
  const encoder = new HpackEncoder();
  encoder.limit(256);
  const hpack = decoder({ maxTableBytes: 256 });
  responses.forEach(({ fields }, i) => {
    const block = encode(encoder, fields);
    if (i === 0) assertEquals(toHex(block).slice(0, 6), TO_256);
    assertEquals(hpack.decode(block).fields, fields);
  });
});

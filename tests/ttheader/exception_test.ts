import { assertEquals, assertThrows } from "@std/assert";
import { ByteBuffer } from "../../mod.ts";
import { exceptionText, readException, writeException } from "../../src/ttheader/exception.ts";
import { fromHex, toHex } from "../support/hex.ts";
import { Random } from "../support/random.ts";
import { exceptionPayload } from "../support/wire_peer.ts";

const HEAD = "80010003 00000004 4563686f 00000001";
const MESSAGE = "0b 0001 00000002 6869";
const TYPE = "08 0002 00002ee7";

Deno.test("writeException writes a thrift Binary message whose sequence id is the stream's", () => {
  const buffer = new ByteBuffer();
  writeException(buffer, "Echo", 1, { type: 12007, message: "hi" });
  assertEquals(toHex(buffer.toBytes()), toHex(fromHex(`${HEAD} ${MESSAGE} ${TYPE} 00`)));
});

for (const message of ["", "hi", "日本語 🙂", "x".repeat(65_536)]) {
  for (const type of [0, 6, 12015, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    Deno.test(`readException reads back type ${type} and a message of ${message.length} units`, () => {
      assertEquals(readException(exceptionPayload({ type, message }, "日本", -7)), { type, message });
    });
  }
}

Deno.test("writeException cuts a message of more than 65,536 units: it must not be over the peer's frame limit", () => {
  const payload = exceptionPayload({ type: 6, message: "x".repeat(65_537) });
  assertEquals(readException(payload), { type: 6, message: `${"x".repeat(65_536)}…` });
});

const rows: { name: string; body: string; message?: string; type?: number }[] = [
  { name: "the type before the message", body: `${TYPE} ${MESSAGE} 00`, message: "hi", type: 12007 },
  { name: "no field at all", body: "00" },
  { name: "a message alone", body: `${MESSAGE} 00`, message: "hi" },
  { name: "a type alone", body: `${TYPE} 00`, type: 12007 },
  {
    name: "a message field of another type, which is skipped",
    body: `08 0001 00000009 ${TYPE} 00`,
    type: 12007,
  },
  {
    name: "a type field of another type, which is skipped",
    body: `0b 0002 00000001 78 ${MESSAGE} 00`,
    message: "hi",
  },
  {
    name: "unknown fields of every fixed size",
    body:
      `02 0003 01 03 0004 ff 04 0005 0000000000000000 06 0006 0001 08 0007 00000001 0a 0008 0000000000000001 ${TYPE} 00`,
    type: 12007,
  },
  { name: "an unknown string", body: `0b 0003 00000003 616263 ${TYPE} 00`, type: 12007 },
  {
    name: "an unknown struct with a struct inside",
    body: `0c 0003 0c 0001 08 0001 00000001 00 00 ${TYPE} 00`,
    type: 12007,
  },
  {
    name: "an unknown list of strings",
    body: `0f 0003 0b 00000002 00000001 61 00000000 ${TYPE} 00`,
    type: 12007,
  },
  { name: "an unknown set of i32", body: `0e 0003 08 00000002 00000001 00000002 ${TYPE} 00`, type: 12007 },
  { name: "an unknown map", body: `0d 0003 0b 08 00000001 00000001 61 00000001 ${TYPE} 00`, type: 12007 },
  { name: "an empty map, whose types are not said", body: `0d 0003 00 00 00000000 ${TYPE} 00`, type: 12007 },
  {
    name: "64 structs in one another",
    body: `${"0c0001".repeat(64)} ${"00".repeat(64)} ${TYPE} 00`,
    type: 12007,
  },
  { name: "bytes behind the end", body: `${MESSAGE} 00 ffff`, message: "hi" },
];

for (const { name, body, message = "", type = 0 } of rows) {
  Deno.test(`readException reads ${name}`, () => {
    // From the middle of other bytes, as it comes off the wire.
    const bytes = fromHex(`ffffff ${HEAD} ${body} ffff`);
    const payload = bytes.subarray(3, bytes.length - 2);
    assertEquals(readException(payload), { type, message });
  });
}

const refusals: { name: string; hex: string; message: string }[] = [
  { name: "no bytes", hex: "", message: "ReadMessageBegin: bad version" },
  { name: "three bytes", hex: "800100", message: "ReadMessageBegin: bad version" },
  { name: "another version", hex: "80020003 00000000", message: "ReadMessageBegin: bad version" },
  {
    name: "text",
    hex: toHex(new TextEncoder().encode("not thrift at all")),
    message: "ReadMessageBegin: bad version",
  },
  { name: "a Call", hex: "80010001 00000000", message: "thrift message type want Exception, but got Call" },
  { name: "a Reply", hex: "80010002 00000000", message: "thrift message type want Exception, but got Reply" },
  {
    name: "a Oneway",
    hex: "80010004 00000000",
    message: "thrift message type want Exception, but got Oneway",
  },
  {
    name: "a message of kind 9",
    hex: "80010009 00000000",
    message: "thrift message type want Exception, but got Unknown(9)",
  },
  {
    name: "a method name longer than the rest",
    hex: "80010003 00000005 61",
    message: "exception has a size of 5, 1 bytes are left",
  },
  {
    name: "a method name of a negative size",
    hex: "80010003 ffffffff",
    message: "exception has a size of -1, 0 bytes are left",
  },
  {
    name: "no sequence id",
    hex: "80010003 00000000 0000",
    message: "exception needs 4 bytes at offset 8, 2 are left",
  },
  { name: "no end", hex: `${HEAD} ${MESSAGE}`, message: "exception needs 1 bytes at offset 25, 0 are left" },
  {
    name: "a message of 2 GiB",
    hex: `${HEAD} 0b 0001 7fffffff 61`,
    message: "exception has a size of 2147483647, 1 bytes are left",
  },
  {
    name: "a list of 2 GiB",
    hex: `${HEAD} 0f 0003 02 7fffffff 01`,
    message: "exception has a size of 2147483647, 1 bytes are left",
  },
  {
    name: "a field of an unknown type",
    hex: `${HEAD} 07 0001 00`,
    message: "exception has a field of the unknown type 7",
  },
  {
    name: "a list of an unknown type",
    hex: `${HEAD} 0f 0003 10 00000001 00`,
    message: "exception has a field of the unknown type 16",
  },
  {
    name: "65 structs in one another",
    hex: `${HEAD} ${"0c0001".repeat(65)}`,
    message: "exception is nested deeper than 64",
  },
];

for (const { name, hex, message } of refusals) {
  Deno.test(`readException refuses ${name} with a RangeError that says so`, () => {
    assertEquals(assertThrows(() => readException(fromHex(hex)), RangeError).message, message);
  });
}

Deno.test("readException refuses every prefix of an exception with a RangeError", () => {
  const payload = exceptionPayload({ type: 12007, message: "hi" });
  for (let size = 0; size < payload.length; size++) {
    assertThrows(() => readException(payload.subarray(0, size)), RangeError);
  }
});

Deno.test("readException throws nothing but RangeErrors at 20,000 mutated exceptions", () => {
  const random = new Random(20_001);
  const template = fromHex(
    `${HEAD} 0f 0003 0b 00000002 00000001 61 00000000 0d 0004 0b 08 00000001 00000001 61 00000001 ${MESSAGE} ${TYPE} 00`,
  );
  let refused = 0;
  for (let run = 0; run < 20_000; run++) {
    const payload = template.slice(0, 1 + random.below(template.length));
    for (let change = random.below(4); change >= 0; change--) {
      payload[random.below(payload.length)] = random.below(256);
    }
    try {
      readException(payload);
    } catch (error) {
      if (!(error instanceof RangeError)) throw new Error(`${toHex(payload)}: ${error}`);
      refused++;
    }
  }
  assertEquals(refused > 10_000, true);
});

for (
  const [type, text] of [
    [0, "unknown application exception"],
    [1, "unknown method"],
    [6, "unknown internal error"],
    [10, "Unsupported client type"],
    [11, "unknown exception type [11]"],
    [-1, "unknown exception type [-1]"],
    [12007, "unknown exception type [12007]"],
  ] as const
) {
  Deno.test(`an exception of the type ${type} without a text shows "${text}"`, () => {
    assertEquals(exceptionText({ type, message: "" }), text);
    assertEquals(exceptionText({ type, message: "why" }), "why");
  });
}

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Bytes } from "../../src/base/buffer.ts";
import {
  binary,
  bool,
  field,
  i32,
  i64,
  lazy,
  list,
  map,
  set,
  string,
  struct,
  type StructCodec,
  ThriftError,
  type ThriftType,
  union,
} from "../../src/thrift/mod.ts";
import { loopingStructReader, readers } from "../../src/thrift/decode.ts";
import { Fault } from "../../src/thrift/errors.ts";
import { Input } from "../../src/thrift/input.ts";
import { hex } from "./hex.ts";

const Item = struct("Item", {
  id: field(1, i64, { required: true }),
  name: field(2, string),
});
const Content = union("Content", { text: field(1, string), image: field(2, binary) });
const Order = struct("Order", {
  note: field(1, string),
  items: field(2, list(Item)),
  tags: field(3, set(string)),
  prices: field(4, map(string, i32)),
  byNumber: field(5, map(i32, Item)),
  content: field(6, Content, { optional: true }),
  raw: field(7, binary),
  paid: field(8, bool),
  byItem: field(9, map(Item, i32)),
  parts: field(10, list(Content)),
});

interface Row {
  readonly name: string;
  readonly payload: string;
  readonly path: string;
  readonly reason: string;
}

const rows: readonly Row[] = [
  { name: "no bytes at all", payload: "", path: "Order", reason: "cut short: type takes 1 byte, 0 left" },
  { name: "no stop", payload: "02 0008 01", path: "Order", reason: "cut short: type takes 1 byte, 0 left" },
  {
    name: "half a field id",
    payload: "02 00",
    path: "Order",
    reason: "cut short: field id takes 2 bytes, 1 left",
  },
  {
    name: "a field without its value",
    payload: "02 0008",
    path: "Order.paid",
    reason: "cut short: bool takes 1 byte, 0 left",
  },
  {
    name: "half a size",
    payload: "0b 0001 0000",
    path: "Order.note",
    reason: "cut short: size takes 4 bytes, 2 left",
  },
  {
    name: "a string beyond the end",
    payload: "0b 0001 00000005 6869",
    path: "Order.note",
    reason: "string of 5 bytes, 2 left",
  },
  {
    name: "a binary beyond the end",
    payload: "0b 0007 7fffffff 00",
    path: "Order.raw",
    reason: "binary of 2147483647 bytes, 1 left",
  },
  {
    name: "a string of negative size",
    payload: "0b 0001 ffffffff 00",
    path: "Order.note",
    reason: "string of size -1",
  },
  {
    name: "a binary of negative size",
    payload: "0b 0007 80000000 00",
    path: "Order.raw",
    reason: "binary of size -2147483648",
  },
  {
    name: "text that is not UTF-8",
    payload: "0b 0001 00000002 c328 00",
    path: "Order.note",
    reason: "not UTF-8",
  },
  {
    name: "text that ends within a character",
    payload: "0b 0001 00000002 e697 00",
    path: "Order.note",
    reason: "not UTF-8",
  },
  {
    name: "a surrogate in UTF-8",
    payload: "0b 0001 00000003 eda080 00",
    path: "Order.note",
    reason: "not UTF-8",
  },
  {
    name: "long text that is not UTF-8",
    payload: `0b 0001 00000050 ${"61".repeat(79)}ff 00`,
    path: "Order.note",
    reason: "not UTF-8",
  },
  {
    name: "a field of another type",
    payload: "08 0001 00000001 00",
    path: "Order.note",
    reason: "expected string, got i32",
  },
  {
    name: "a field of no known type",
    payload: "63 0001 00",
    path: "Order.note",
    reason: "expected string, got unknown type 99",
  },
  {
    name: "elements of another type",
    payload: "0f 0002 08 00000001 00000001 00",
    path: "Order.items",
    reason: "expected elements of type struct, got i32",
  },
  {
    name: "elements of a set of another type",
    payload: "0e 0003 0c 00000001 00 00",
    path: "Order.tags",
    reason: "expected elements of type string, got struct",
  },
  {
    name: "entries of another type",
    payload: "0d 0004 0b 0a 00000001 00",
    path: "Order.prices",
    reason: "expected entries of type string to i32, got string to i64",
  },
  {
    name: "a list of negative size",
    payload: "0f 0002 0c ffffffff 00",
    path: "Order.items",
    reason: "list of size -1",
  },
  {
    name: "a set of negative size",
    payload: "0e 0003 0b ffffffff 00",
    path: "Order.tags",
    reason: "set of size -1",
  },
  {
    name: "a map of negative size",
    payload: "0d 0004 0b 08 ffffffff 00",
    path: "Order.prices",
    reason: "map of size -1",
  },
  {
    name: "a list beyond the end",
    payload: "0f 0002 0c 7fffffff 00",
    path: "Order.items",
    reason: "list of size 2147483647 takes 2147483647 bytes or more, 1 left",
  },
  {
    name: "a set whose elements cannot all be there",
    payload: "0e 0003 0b 00000002 00000000 000000",
    path: "Order.tags",
    reason: "set of size 2 takes 8 bytes or more, 7 left",
  },
  {
    name: "a map whose entries cannot all be there",
    payload: "0d 0004 0b 08 00000002 00000000 00000000 0000000000 00",
    path: "Order.prices",
    reason: "map of size 2 takes 16 bytes or more, 14 left",
  },
  {
    name: "a required field that is missing",
    payload: "0f 0002 0c 00000001 00 00",
    path: "Order.items[0].id",
    reason: "missing, but required",
  },
  {
    name: "a fault in an element of a list",
    payload: "0f 0002 0c 00000002 0a 0001 0000000000000001 00 0b 0001",
    path: "Order.items[1].id",
    reason: "expected i64, got string",
  },
  {
    name: "a fault in an element of a set",
    payload: "0e 0003 0b 00000001 00000009 61 00",
    path: "Order.tags[0]",
    reason: "string of 9 bytes, 2 left",
  },
  {
    name: "a fault in a key of a map",
    payload: "0d 0004 0b 08 00000001 00000001 ff 00000001 00",
    path: "Order.prices[key 0]",
    reason: "not UTF-8",
  },
  {
    name: "a fault in a value of a map",
    payload: "0d 0005 08 0c 00000001 00000007 00 00",
    path: "Order.byNumber[7].id",
    reason: "missing, but required",
  },
  {
    name: "a fault in a value of a map, by its text key",
    payload: "0d 0004 0b 08 00000002 00000001 61 00000001 00000003 616263 00",
    path: 'Order.prices["abc"]',
    reason: "cut short: i32 takes 4 bytes, 1 left",
  },
  {
    name: "a fault in a value of a map, by a key that is cut",
    payload: `0d 0004 0b 08 00000001 00000028 ${"61".repeat(40)} 00`,
    path: `Order.prices["${"a".repeat(32)}…"]`,
    reason: "cut short: i32 takes 4 bytes, 1 left",
  },
  {
    name: "a fault in a value of a map, by the position of a struct key",
    payload: "0d 0009 0c 08 00000001 0a 0001 0000000000000001 00 00",
    path: "Order.byItem[key 0]",
    reason: "cut short: i32 takes 4 bytes, 1 left",
  },
  {
    name: "a union without a field",
    payload: "0f 000a 0c 00000002 0b 0001 00000000 00 00 00",
    path: "Order.parts[1]",
    reason: "a union has exactly one field, got none that is known",
  },
  {
    name: "a union with a field that is not known",
    payload: "0f 000a 0c 00000001 02 0009 01 00 00",
    path: "Order.parts[0]",
    reason: "a union has exactly one field, got none that is known",
  },
  {
    name: "a union with two fields",
    payload: "0c 0006 0b 0001 00000000 0b 0002 00000000 00 00",
    path: "Order.content",
    reason: "a union has exactly one field, got text and image",
  },
  {
    name: "a fault in a union's field",
    payload: "0c 0006 0b 0001 00000001 ff 00 00",
    path: "Order.content.text",
    reason: "not UTF-8",
  },
  { name: "a byte after the end", payload: "00 00", path: "Order", reason: "1 byte after its end" },
  { name: "bytes after the end", payload: "00 0102", path: "Order", reason: "2 bytes after its end" },
  {
    name: "an unknown field of no known type",
    payload: "07 0063 00",
    path: "Order",
    reason: "unknown field 99: unknown type 7",
  },
  {
    name: "an unknown field that is cut short",
    payload: "0a 0063 0000",
    path: "Order",
    reason: "unknown field 99: cut short: i64 takes 8 bytes, 2 left",
  },
  {
    name: "an unknown string beyond the end",
    payload: "0b 0063 00000009 00",
    path: "Order",
    reason: "unknown field 99: string of 9 bytes, 1 left",
  },
  {
    name: "an unknown list beyond the end",
    payload: "0f 0063 0a 7fffffff 00",
    path: "Order",
    reason: "unknown field 99: list of size 2147483647 takes 17179869176 bytes or more, 1 left",
  },
  {
    name: "an unknown set of negative size",
    payload: "0e 0063 0a ffffffff 00",
    path: "Order",
    reason: "unknown field 99: set of size -1",
  },
  {
    name: "an unknown list of no known type",
    payload: "0f 0063 01 00000001 00",
    path: "Order",
    reason: "unknown field 99: unknown type 1",
  },
  {
    name: "an unknown map of no known type",
    payload: "0d 0063 08 01 00000001 00000000 00",
    path: "Order",
    reason: "unknown field 99: unknown type 1",
  },
];

for (const { name, payload, path, reason } of rows) {
  Deno.test(`${name} is a ThriftError that names the field and the reason`, () => {
    const error = assertThrows(() => Order.decode(hex(payload)), ThriftError);
    assertEquals(error.path, path);
    assertEquals(error.reason, reason);
    assertEquals(error.message, `${path}: ${reason}`);
    assertEquals(error.name, "ThriftError");
  });
}

Deno.test("a missing field whose type has no zero value is a ThriftError", () => {
  const Letter = struct("Letter", { content: field(1, Content) });
  assertThrows(
    () => Letter.decode(hex("00")),
    ThriftError,
    "Letter.content: missing: the union Content has no zero value",
  );
});

Deno.test("an empty union in a field that must be there is a ThriftError, and as a message, too", () => {
  const none = "a union has exactly one field, got none that is known";
  for (const required of [true, false]) {
    const Letter = struct("Letter", { content: field(1, Content, { required }) });
    assertThrows(() => Letter.decode(hex("0c 0001 00 00")), ThriftError, `Letter.content: ${none}`);
  }
  assertThrows(() => Content.decode(hex("00")), ThriftError, `Content: ${none}`);
});

Deno.test("every payload that is cut short names the field where it ends", () => {
  const payload = Order.encode(Order.create({ note: "note", items: [{ id: 1n, name: "name" }] }));
  const paths = new Set<string>();
  for (let size = 0; size < payload.length; size++) {
    const error = assertThrows(() => Order.decode(payload.subarray(0, size)), ThriftError);
    paths.add(error.path);
  }
  for (const path of ["Order", "Order.note", "Order.items[0].id", "Order.items[0].name", "Order.paid"]) {
    assert(paths.has(path), `${path} is not among ${[...paths].join(", ")}`);
  }
});

interface Nest {
  inner?: Nest | undefined;
}
const Nest: StructCodec<Nest> = struct("Nest", { inner: field(1, lazy(() => Nest), { optional: true }) });

/** So many structs inside each other, each in field `id` of the one around it. */
function nested(depth: number, id: number): Bytes {
  const around = new Array(depth - 1).fill([12, 0, id]).flat();
  return new Uint8Array([...around, ...new Array(depth).fill(0)]);
}

for (
  const [what, id, path] of [["known", 1, "Nest" + ".inner".repeat(64)], ["unknown", 2, "Nest"]] as const
) {
  Deno.test(`64 ${what} structs inside each other are read, 65 are a ThriftError`, () => {
    Nest.decode(nested(64, id));
    const error = assertThrows(() => Nest.decode(nested(65, id)), ThriftError, "nested deeper than 64");
    assertEquals(error.path, path);
  });
}

Deno.test("containers count as levels, too", () => {
  type Lists = { lists: Lists[] };
  const Lists: StructCodec<Lists> = struct("Lists", { lists: field(1, list(lazy(() => Lists))) });
  const levels = (count: number) => {
    const head = [15, 0, 1, 12, 0, 0, 0, 1];
    return new Uint8Array([...new Array(count - 1).fill(head).flat(), ...new Array(count).fill(0)]);
  };
  Lists.decode(levels(32));
  assertThrows(() => Lists.decode(levels(33)), ThriftError, "nested deeper than 64");
});

Deno.test("100,000 levels do not overflow the stack, whatever they are made of", () => {
  for (const level of [[12, 0, 1], [12, 0, 2], [15, 0, 2, 15, 0, 0, 0, 1], [13, 0, 2, 13, 13, 0, 0, 0, 1]]) {
    const payload = new Uint8Array(new Array(100_000).fill(level).flat());
    assertThrows(() => Nest.decode(payload), ThriftError);
  }
});

Deno.test("a size beyond the end is refused before anything is allocated", () => {
  // A thousand claims of two billion elements: each alone would take gigabytes.
  const codec = struct("Claims", { lists: field(1, list(list(i32))) });
  const payload = hex("0f 0001 0f 00000001 08 7fffffff 00000000 00");
  const before = performance.now();
  for (let i = 0; i < 1000; i++) assertThrows(() => codec.decode(payload), ThriftError);
  assert(performance.now() - before < 5_000);
});

/** The payload of a struct whose field 1 is a list of so many empty structs. */
function emptyStructs(count: number): Bytes {
  const payload = new Uint8Array(9 + count);
  payload.set(hex("0f 0001 0c"));
  new DataView(payload.buffer).setInt32(4, count);
  return payload;
}

const loopingReaderOf = readers(loopingStructReader);

/** Decodes in both ways: with the generated reader and with the one that loops. */
function decodeTwice<T>(codec: StructCodec<T>, payload: Bytes): unknown[] {
  return [
    () => codec.decode(payload),
    () => loopingReaderOf(codec)(new Input(payload), 0),
  ].map((decode) => {
    try {
      decode();
      return "decoded";
    } catch (error) {
      return error instanceof ThriftError || error instanceof Fault ? error.reason : error;
    }
  });
}

const tooMuch = "absent fields and empty structs would take more than 134217728 bytes";
const mebibyte = field(1, binary, { default: new Uint8Array(1024 * 1024) });

/** Lists of empty structs, and how many may be in them. */
const fillings: readonly (readonly [what: string, element: ThriftType<unknown>, most: number])[] = [
  ["without fields", struct("Empty", {}), 2 * 1024 * 1024],
  ["with a large default", struct("Large", { raw: mebibyte }), 127],
  [
    "with a large default in a struct",
    struct("Outer", { inner: field(1, struct("Inner", { raw: mebibyte })) }),
    127,
  ],
];

for (const [what, element, most] of fillings) {
  Deno.test(`a list of empty structs ${what} is read up to 128 MiB, which is more than its payload shows`, () => {
    const codec = struct("Box", { list: field(1, list(element)) });
    assertEquals(decodeTwice(codec, emptyStructs(most)), ["decoded", "decoded"]);
    assertEquals(decodeTwice(codec, emptyStructs(most + 1)), [tooMuch, tooMuch]);
  });
}

Deno.test("unions that a default fills in count as well", () => {
  const codec = struct("Box", { list: field(1, list(union("Raw", { raw: mebibyte }))) });
  assertEquals(decodeTwice(codec, emptyStructs(127)), ["decoded", "decoded"]);
  assertEquals(decodeTwice(codec, emptyStructs(128)), [tooMuch, tooMuch]);
});

Deno.test("structs that hold themselves are weighed without going round for ever", () => {
  interface Chain {
    next: Chain;
  }
  const Chain: StructCodec<Chain> = struct("Chain", { next: field(1, lazy(() => Chain)) });
  assertThrows(() => Chain.decode(hex("00")), ThriftError, "Chain.next: missing: Chain contains itself");
});

Deno.test("a byte that is not UTF-8 is found wherever it is", () => {
  const codec = struct("Text", { text: field(1, string) });
  for (let size = 1; size <= 20; size++) {
    const payload = codec.encode({ text: "a".repeat(size) });
    for (let at = 7; at < 7 + size; at++) {
      const broken = payload.slice();
      broken[at] = 0xff;
      assertThrows(() => codec.decode(broken), ThriftError, "Text.text: not UTF-8");
    }
  }
});

Deno.test("a list of 16 MiB in an unknown field is passed over", () => {
  const payload = new Uint8Array(16 * 1024 * 1024);
  payload.set(hex("0f 0002 02"));
  new DataView(payload.buffer).setInt32(4, payload.length - 9);
  assertEquals(Nest.decode(payload), {});
});

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ByteBuffer } from "../../src/base/buffer.ts";
import {
  binary,
  bool,
  byte,
  double,
  enumeration,
  exception,
  field,
  i16,
  i32,
  i64,
  type Infer,
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
import { hex } from "./hex.ts";

const Color = enumeration("Color", { RED: 0, GREEN: 1 });
const Point = struct("Point", { x: field(1, i32), y: field(2, i32) });
const Shape = union("Shape", { text: field(1, string), point: field(2, Point) });

interface Row {
  readonly name: string;
  readonly type: ThriftType<unknown>;
  readonly value: unknown;
  /** The field's type byte, its id 1 and the value. */
  readonly wire: string;
}

const rows: readonly Row[] = [
  { name: "bool true", type: bool, value: true, wire: "02 0001 01" },
  { name: "bool false", type: bool, value: false, wire: "02 0001 00" },
  { name: "byte -128", type: byte, value: -128, wire: "03 0001 80" },
  { name: "byte 127", type: byte, value: 127, wire: "03 0001 7f" },
  { name: "i16 -32768", type: i16, value: -32768, wire: "06 0001 8000" },
  { name: "i16 32767", type: i16, value: 32767, wire: "06 0001 7fff" },
  { name: "i32 -2147483648", type: i32, value: -2147483648, wire: "08 0001 80000000" },
  { name: "i32 2147483647", type: i32, value: 2147483647, wire: "08 0001 7fffffff" },
  { name: "i64 -2^63", type: i64, value: -(2n ** 63n), wire: "0a 0001 8000000000000000" },
  { name: "i64 2^63 - 1", type: i64, value: 2n ** 63n - 1n, wire: "0a 0001 7fffffffffffffff" },
  { name: "double 1.5", type: double, value: 1.5, wire: "04 0001 3ff8000000000000" },
  { name: "double -0", type: double, value: -0, wire: "04 0001 8000000000000000" },
  { name: "double NaN", type: double, value: NaN, wire: "04 0001 7ff8000000000000" },
  { name: "double -Infinity", type: double, value: -Infinity, wire: "04 0001 fff0000000000000" },
  { name: "string, empty", type: string, value: "", wire: "0b 0001 00000000" },
  { name: "string, ASCII", type: string, value: "hi", wire: "0b 0001 00000002 6869" },
  { name: "string, not ASCII", type: string, value: "é日😀", wire: "0b 0001 00000009 c3a9 e697a5 f09f9880" },
  { name: "string with a NUL", type: string, value: "a\0b", wire: "0b 0001 00000003 610062" },
  {
    name: "string with a byte order mark",
    type: string,
    value: "\ufeffa",
    wire: "0b 0001 00000004 efbbbf61",
  },
  { name: "string with a sent U+FFFD", type: string, value: "\ufffd", wire: "0b 0001 00000003 efbfbd" },
  { name: "binary", type: binary, value: new Uint8Array([0, 255]), wire: "0b 0001 00000002 00ff" },
  { name: "enumeration", type: Color, value: 1, wire: "08 0001 00000001" },
  { name: "enumeration, a value without a name", type: Color, value: -7, wire: "08 0001 fffffff9" },
  { name: "list, empty", type: list(i64), value: [], wire: "0f 0001 0a 00000000" },
  { name: "list<bool>", type: list(bool), value: [true, false], wire: "0f 0001 02 00000002 01 00" },
  {
    name: "list<list<byte>>",
    type: list(list(byte)),
    value: [[1], []],
    wire: "0f 0001 0f 00000002 03 00000001 01 03 00000000",
  },
  { name: "set<i16>", type: set(i16), value: new Set([3, 1]), wire: "0e 0001 06 00000002 0003 0001" },
  {
    name: "map<string,i32>",
    type: map(string, i32),
    value: new Map([["a", 1], ["b", 2]]),
    wire: "0d 0001 0b 08 00000002 00000001 61 00000001 00000001 62 00000002",
  },
  {
    name: "struct",
    type: Point,
    value: { x: 1, y: 2 },
    wire: "0c 0001 08 0001 00000001 08 0002 00000002 00",
  },
  { name: "union", type: Shape, value: { text: "a" }, wire: "0c 0001 0b 0001 00000001 61 00" },
  { name: "struct without fields", type: struct("Empty", {}), value: {}, wire: "0c 0001 00" },
];

for (const { name, type, value, wire } of rows) {
  Deno.test(`${name} is on the wire as Thrift's Binary protocol has it, and comes back`, () => {
    const codec = struct("Box", { value: field(1, type) });
    const payload = hex(`${wire} 00`);
    assertEquals(codec.encode({ value }), payload);
    assertEquals(codec.decode(payload), { value });
  });
}

for (const size of [1, 7, 8, 9, 11, 12, 31, 32, 33, 55, 56, 57, 300, 5000]) {
  Deno.test(`text of ${size} characters comes back, ASCII or not`, () => {
    const codec = struct("Text", { text: field(1, string) });
    const ascii = Array.from({ length: size }, (_, i) => String.fromCharCode(0x20 + i % 0x5f)).join("");
    for (const text of [ascii, "é" + ascii.slice(1), ascii.slice(1) + "é", ascii.slice(1) + "日"]) {
      assertEquals(codec.decode(codec.encode({ text })), { text });
    }
  });
}

Deno.test("a lone surrogate is written as U+FFFD", () => {
  const codec = struct("Text", { text: field(1, string) });
  assertEquals(codec.encode({ text: "a\ud800" }), hex("0b 0001 00000004 61 efbfbd 00"));
});

Deno.test("a bool that is neither 0 nor 1 is false, as for Kitex", () => {
  assertEquals(struct("Box", { value: field(1, bool) }).decode(hex("02 0001 02 00")), { value: false });
});

Deno.test("fields are written in the order of their ids, not of their definition", () => {
  const codec = struct("Mixed", { c: field(300, byte), a: field(-1, byte), b: field(2, byte) });
  const payload = hex("03 ffff 01 03 0002 02 03 012c 03 00");
  assertEquals(codec.encode({ a: 1, b: 2, c: 3 }), payload);
  assertEquals(codec.decode(payload), { a: 1, b: 2, c: 3 });
});

Deno.test("fields are read in any order", () => {
  const payload = hex("08 0002 00000002 08 0001 00000001 00");
  assertEquals(Point.decode(payload), { x: 1, y: 2 });
});

Deno.test("of a field that comes twice the later one counts", () => {
  const payload = hex("08 0001 00000001 08 0002 00000002 08 0001 00000007 00");
  assertEquals(Point.decode(payload), { x: 7, y: 2 });
  assertEquals(Shape.decode(hex("0b 0001 00000001 61 0b 0001 00000001 62 00")), { text: "b" });
});

Deno.test("unknown fields of every type are skipped, in structs and unions", () => {
  const everything = rows.map(({ type, value }, i) => [`f${i}`, field(100 + i, type), value] as const);
  const newer = struct("Newer", {
    ...Object.fromEntries(everything.map(([name, field]) => [name, field])),
    deep: field(200, map(Point, list(set(map(string, list(Shape)))))),
    x: field(1, i32),
  });
  const message = {
    ...Object.fromEntries(everything.map(([name, , value]) => [name, value])),
    deep: new Map([[{ x: 1, y: 2 }, [new Set([new Map([["a", [{ text: "b" }]]])])]]]),
    x: 5,
  };
  const payload = newer.encode(message);
  assertEquals(Point.decode(payload), { x: 5, y: 0 });
  assertEquals(union("Older", { x: field(1, i32) }).decode(payload), { x: 5 });
});

Deno.test("the elements of an empty container may claim to be of any type", () => {
  const codec = struct("Box", { l: field(1, list(i32)), s: field(2, set(i32)), m: field(3, map(i32, i32)) });
  const payload = hex("0f 0001 00 00000000 0e 0002 0c 00000000 0d 0003 00 00 00000000 00");
  assertEquals(codec.decode(payload), { l: [], s: new Set<number>(), m: new Map<number, number>() });
});

const Settings = struct("Settings", {
  plain: field(1, i32),
  filled: field(2, i32, { default: 7 }),
  required: field(3, i32, { required: true }),
  optional: field(4, i32, { optional: true }),
  optionalFilled: field(5, i32, { optional: true, default: 9 }),
});

Deno.test("absent fields get their default or zero value, optional ones without a default are left out", () => {
  assertEquals(Settings.decode(hex("08 0003 00000001 00")), {
    plain: 0,
    filled: 7,
    required: 1,
    optionalFilled: 9,
  });
});

Deno.test("fields of every requiredness are written when set, optional ones not when they are undefined", () => {
  const message = { plain: 1, filled: 7, required: 0 };
  const payload = hex("08 0001 00000001 08 0002 00000007 08 0003 00000000 00");
  assertEquals(Settings.encode(message), payload);
  assertEquals(Settings.encode({ ...message, optional: undefined, optionalFilled: undefined }), payload);
  assertEquals(
    Settings.encode({ ...message, optional: 2, optionalFilled: 9 }),
    hex("08 0001 00000001 08 0002 00000007 08 0003 00000000 08 0004 00000002 08 0005 00000009 00"),
  );
});

Deno.test("zero values of every type fill what is absent", () => {
  const Zeros = struct("Zeros", {
    bool: field(1, bool),
    byte: field(2, byte),
    i16: field(3, i16),
    i32: field(4, i32),
    i64: field(5, i64),
    double: field(6, double),
    string: field(7, string),
    binary: field(8, binary),
    enumeration: field(9, Color),
    list: field(10, list(i32)),
    set: field(11, set(i32)),
    map: field(12, map(i32, i32)),
    struct: field(13, Point),
    lazy: field(14, lazy(() => Point)),
    exception: field(15, exception("Oops", { code: field(1, i32, { default: 3 }) })),
  });
  const zeros = {
    bool: false,
    byte: 0,
    i16: 0,
    i32: 0,
    i64: 0n,
    double: 0,
    string: "",
    binary: new Uint8Array(0),
    enumeration: 0,
    list: [],
    set: new Set<number>(),
    map: new Map<number, number>(),
    struct: { x: 0, y: 0 },
    lazy: { x: 0, y: 0 },
    exception: { code: 3 },
  };
  assertEquals(Zeros.create(), zeros);
  assertEquals(Zeros.zero(), zeros);
  assertEquals(Zeros.decode(hex("00")), zeros);
  assertEquals(Zeros.decode(Zeros.encode(Zeros.create())), zeros);
});

Deno.test("create() fills in what is not given", () => {
  assertEquals(Settings.create({ plain: 5, optional: 6 }), {
    plain: 5,
    filled: 7,
    required: 0,
    optional: 6,
    optionalFilled: 9,
  });
  assertEquals(Settings.create({ plain: undefined }), {
    plain: 0,
    filled: 7,
    required: 0,
    optionalFilled: 9,
  });
});

Deno.test("a default that is a container or a struct is copied for each message", () => {
  const shared = { tags: ["a"], at: { x: 1, y: 2 } };
  const Tagged = struct("Tagged", {
    tags: field(1, list(string), { default: shared.tags }),
    at: field(2, Point, { optional: true, default: shared.at }),
    raw: field(3, binary, { default: new Uint8Array([1]) }),
  });
  for (const make of [() => Tagged.create(), () => Tagged.decode(hex("00"))]) {
    const first = make();
    first.tags.push("b");
    first.raw[0] = 9;
    if (first.at !== undefined) first.at.x = 9;
    assertEquals(make(), { tags: ["a"], at: { x: 1, y: 2 }, raw: new Uint8Array([1]) });
  }
  assertEquals(shared, { tags: ["a"], at: { x: 1, y: 2 } });
});

Deno.test("a default that is a map or a set, whatever is in it, is not shared between messages", () => {
  const Boxes = struct("Boxes", {
    map: field(1, map(string, list(i32)), { default: new Map([["a", [1]]]) }),
    set: field(2, set(i32), { default: new Set() }),
    optional: field(3, map(i32, i32), { optional: true, default: new Map() }),
  });
  const fresh = { map: new Map([["a", [1]]]), set: new Set<number>(), optional: new Map<number, number>() };
  for (const make of [() => Boxes.create(), () => Boxes.decode(hex("00"))]) {
    const first = make();
    first.map.get("a")?.push(2);
    first.map.set("b", []);
    first.set.add(1);
    first.optional?.set(1, 1);
    assertEquals(make(), fresh);
  }
});

Deno.test("zero values are new for each message", () => {
  const Box = struct("Box", { list: field(1, list(i32)), point: field(2, Point) });
  const first = Box.create();
  first.list.push(1);
  first.point.x = 1;
  assertEquals(Box.create(), { list: [], point: { x: 0, y: 0 } });
});

Deno.test("a union has the one field that came", () => {
  assertEquals(Shape.decode(hex("0c 0002 08 0001 00000001 00 00")), { point: { x: 1, y: 0 } });
  assertEquals(Shape.create({ text: "a" }), { text: "a" });
});

const Letters = struct("Letters", {
  optional: field(1, Shape, { optional: true }),
  filled: field(2, Shape, { default: { text: "none" } }),
});

for (
  const [what, union] of [["that Kitex makes of nil", "00"], [
    "whose one field is unknown",
    "02 0009 01 00",
  ]] as const
) {
  Deno.test(`an empty union ${what} counts as absent in a field that may be absent`, () => {
    const payload = hex(`0c 0001 ${union} 0c 0002 ${union} 00`);
    assertEquals(Letters.decode(payload), { filled: { text: "none" } });
    const set = hex("0c 0001 0b 0001 00000001 61 00 0c 0002 0b 0001 00000001 62 00 00");
    assertEquals(Letters.decode(set), { optional: { text: "a" }, filled: { text: "b" } });
  });
}

Deno.test("an empty union counts as absent in a struct that the union holds", () => {
  interface Nest {
    inner?: Inner | undefined;
  }
  type Inner = { nest: Nest } | { end: number };
  const Nest: StructCodec<Nest> = struct("Nest", {
    inner: field(1, lazy(() => Inner), { optional: true }),
  });
  const Inner: StructCodec<Inner> = union("Inner", { nest: field(1, Nest), end: field(2, i32) });
  assertEquals(Nest.decode(hex("0c 0001 0c 0001 0c 0001 00 00 00 00")), { inner: { nest: {} } });
});

Deno.test("a union is the field that has a default where none came", () => {
  const Choice = union("Choice", { n: field(1, i32), s: field(2, string, { default: "none" }) });
  assertEquals(Choice.decode(hex("00")), { s: "none" });
  assertEquals(Choice.create(), { s: "none" });
  assertEquals(Choice.create({ n: 1 }), { n: 1 });
});

Deno.test("an exception takes instances of Error, and gives the fields to make one", () => {
  const NotFound = exception("NotFound", { message: field(1, string), code: field(2, i32) });
  class NotFoundError extends Error {
    readonly code: number;
    constructor({ message, code }: Infer<typeof NotFound>) {
      super(message);
      this.code = code;
    }
  }
  const payload = NotFound.encode(new NotFoundError({ message: "no", code: 7 }));
  assertEquals(payload, hex("0b 0001 00000002 6e6f 08 0002 00000007 00"));
  assertEquals(NotFound.decode(payload), { message: "no", code: 7 });
  assertEquals(new NotFoundError(NotFound.decode(payload)).code, 7);
});

interface Tree {
  value: number;
  parent?: Tree | undefined;
  children: Tree[];
  byName: Map<string, Tree>;
}
const Tree: StructCodec<Tree> = struct("Tree", {
  value: field(1, i32),
  parent: field(2, lazy(() => Tree), { optional: true }),
  children: field(3, list(lazy(() => Tree))),
  byName: field(4, map(string, lazy(() => Tree))),
});

Deno.test("recursive structs come back", () => {
  const leaf = Tree.create({ value: 3 });
  const tree: Tree = {
    value: 1,
    parent: Tree.create({ value: 0 }),
    children: [leaf, Tree.create({ children: [leaf] })],
    byName: new Map([["leaf", leaf]]),
  };
  assertEquals(Tree.decode(Tree.encode(tree)), tree);
});

type Json = { number: number } | { array: Json[] } | { object: Map<string, Json> };
const Json: StructCodec<Json> = union("Json", {
  number: field(1, double),
  array: field(2, list(lazy(() => Json))),
  object: field(3, map(string, lazy(() => Json))),
});

Deno.test("recursive unions come back", () => {
  const json: Json = { array: [{ number: 1.5 }, { object: new Map([["a", { array: [] }]]) }] };
  assertEquals(Json.decode(Json.encode(json)), json);
});

interface Ping {
  pong?: Pong | undefined;
}
interface Pong {
  ping?: Ping | undefined;
}
const Ping: StructCodec<Ping> = struct("Ping", { pong: field(1, lazy(() => Pong), { optional: true }) });
const Pong: StructCodec<Pong> = struct("Pong", { ping: field(1, lazy(() => Ping), { optional: true }) });

Deno.test("structs may contain each other", () => {
  const message: Ping = { pong: { ping: { pong: {} } } };
  assertEquals(Ping.decode(Ping.encode(message)), message);
  assertEquals(Pong.decode(Ping.encode(message)), { ping: { pong: { ping: {} } } });
});

Deno.test("a codec that was used before a type it needs was defined works afterwards", () => {
  const Early: StructCodec<{ late: number[] }> = struct("Early", { late: field(1, list(lazy(() => late))) });
  assertThrows(() => Early.encode({ late: [1] }), ReferenceError);
  assertThrows(() => Early.decode(hex("00")), ReferenceError);
  const late = i32;
  assertEquals(Early.decode(Early.encode({ late: [1] })), { late: [1] });
});

Deno.test("a struct that contains itself without being optional has no zero value", () => {
  const Endless: StructCodec<Endless> = struct("Endless", { inner: field(1, lazy(() => Endless)) });
  interface Endless {
    inner: Endless;
  }
  assertThrows(() => Endless.create(), TypeError, "Endless contains itself, so it has no zero value");
  assertThrows(
    () => Endless.decode(hex("00")),
    ThriftError,
    "Endless.inner: missing: Endless contains itself",
  );
});

Deno.test("equal struct keys and binary elements stay apart: a Map compares objects by identity", () => {
  const Keyed = struct("Keyed", { m: field(1, map(Point, string)), s: field(2, set(binary)) });
  const message = {
    m: new Map([[{ x: 1, y: 1 }, "a"], [{ x: 1, y: 1 }, "b"]]),
    s: new Set([new Uint8Array([1]), new Uint8Array([1])]),
  };
  const decoded = Keyed.decode(Keyed.encode(message));
  assertEquals([...decoded.m], [...message.m]);
  assertEquals([...decoded.s], [...message.s]);
});

Deno.test("of two equal keys on the wire the later value counts", () => {
  const Scores = struct("Scores", { m: field(1, map(string, i32)), s: field(2, set(i32)) });
  const payload = hex(`
    0d 0001 0b 08 00000002 00000001 61 00000001 00000001 61 00000002
    0e 0002 08 00000002 00000005 00000005 00`);
  assertEquals(Scores.decode(payload), { m: new Map([["a", 2]]), s: new Set([5]) });
});

Deno.test("decoded binary is a view on the payload", () => {
  const codec = struct("Blob", { blob: field(1, binary) });
  const storage = new Uint8Array(100);
  storage.set(hex("0b 0001 00000002 0102 00"), 50);
  const { blob } = codec.decode(storage.subarray(50, 60));
  assertStrictEquals(blob.buffer, storage.buffer);
  assertEquals(blob, new Uint8Array([1, 2]));
});

Deno.test("a payload may lie anywhere in its buffer", () => {
  const All = struct("All", {
    i64: field(1, i64),
    double: field(2, double),
    short: field(3, string),
    long: field(4, string),
    list: field(5, list(i16)),
  });
  const message = { i64: -5n, double: 2.5, short: "é", long: "é".repeat(100), list: [-1, 2] };
  const payload = All.encode(message);
  for (let offset = 0; offset < 9; offset++) {
    const storage = new Uint8Array(payload.length + 20).fill(0xff);
    storage.set(payload, offset);
    assertEquals(All.decode(storage.subarray(offset, offset + payload.length)), message);
  }
});

Deno.test("encodeInto() appends to what is in the buffer", () => {
  const buffer = new ByteBuffer(1);
  buffer.writeUint8(0xee);
  Point.encodeInto?.({ x: 1, y: 2 }, buffer);
  Point.encodeInto?.({ x: 3, y: 4 }, buffer);
  assertEquals(
    buffer.toBytes(),
    hex("ee 08 0001 00000001 08 0002 00000002 00 08 0001 00000003 08 0002 00000004 00"),
  );
});

Deno.test("encodeInto() that fails leaves the buffer as it was", () => {
  const buffer = new ByteBuffer();
  buffer.writeUint8(0xee);
  const codec = struct("Two", { first: field(1, string), second: field(2, i32) });
  assertThrows(() => codec.encodeInto({ first: "written", second: 0.5 }, buffer), RangeError);
  assertEquals(buffer.toBytes(), hex("ee"));
});

Deno.test("a getter of a message may encode another message", () => {
  const Inner = struct("Inner", { text: field(1, string) });
  const Outer = struct("Outer", {
    before: field(1, string),
    inner: field(2, binary),
    after: field(3, string),
  });
  const message = {
    before: "before",
    get inner() {
      return Inner.encode({ text: "inner" });
    },
    after: "after",
  };
  const { before, inner, after } = Outer.decode(Outer.encode(message));
  assertEquals([before, Inner.decode(inner).text, after], ["before", "inner", "after"]);
});

Deno.test("encoded payloads do not change when the next message is encoded", () => {
  const first = Point.encode({ x: 1, y: 2 });
  Point.encode({ x: 3, y: 4 });
  assertEquals(Point.decode(first), { x: 1, y: 2 });
});

Deno.test("a message larger than the buffers comes back", () => {
  const codec = struct("Large", { texts: field(1, list(string)), blob: field(2, binary) });
  const message = {
    texts: ["é".repeat(100_000), "a".repeat(100_000)],
    blob: new Uint8Array(200_000).fill(7),
  };
  assertEquals(codec.decode(codec.encode(message)), message);
});

Deno.test("properties that every object inherits are not taken for fields", () => {
  const Odd = struct("Odd", {
    constructor: field(1, string, { optional: true }),
    toString: field(2, i32, { optional: true }),
    valueOf: field(3, i32, { optional: true }),
  });
  assertEquals(Odd.encode({} as Infer<typeof Odd>), hex("00"));
  const decoded: object = Odd.decode(hex("08 0002 00000005 00"));
  assertEquals(Object.entries(decoded), [["toString", 5]]);
  assertEquals(Odd.encode(decoded as Infer<typeof Odd>), hex("08 0002 00000005 00"));
  const OddChoice = union("OddChoice", { constructor: field(1, i32), n: field(2, i32) });
  assertEquals(OddChoice.encode({ n: 1 } as Infer<typeof OddChoice>), hex("08 0002 00000001 00"));
});

Deno.test("types are plain data", () => {
  assertEquals(Point.kind, "struct");
  assertEquals(Point.typeName, "Point");
  assertEquals(Object.keys(Point.fields), ["x", "y"]);
  assertEquals(Point.fields.x?.id, 1);
  assertStrictEquals(Point.fields.x?.type, i32);
  assertEquals(Settings.fields.optionalFilled?.default, 9);
  assertEquals(Settings.fields.required?.requiredness, "required");
  assertEquals(Color.members, { RED: 0, GREEN: 1 });
  assertStrictEquals(map(i32, string).value, string);
  assertStrictEquals(lazy(() => Point).resolve(), Point);
});

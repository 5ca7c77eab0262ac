/** Structs as JSON: what each type looks like, what is refused and where, and that everything comes back. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@^4";
import {
  argsCodec,
  binary,
  bool,
  byte,
  double,
  enumeration,
  exception,
  field,
  type FromJsonOptions,
  i16,
  i32,
  i64,
  type JsonValue,
  lazy,
  list,
  map,
  resultCodec,
  set,
  string,
  struct,
  type StructCodec,
  ThriftError,
  type ThriftType,
  union,
} from "../../src/thrift/mod.ts";
import { schemaAndMessage } from "./arbitrary.ts";
import { codecOf, twinEncode } from "./twin.ts";

const Color = enumeration("Color", { RED: 0, GREEN: 2, ["__proto__"]: 7 });
const Leaf = struct("Leaf", {
  name: field(1, string, { required: true }),
  weight: field(2, i32, { optional: true }),
});
const Choice = union("Choice", { text: field(1, string), number: field(2, i64), leaf: field(3, Leaf) });

/** A struct with one field `v`. */
function one<T>(type: ThriftType<T>): StructCodec<{ v: T }> {
  return struct("One", { v: field(1, type, { required: true }) });
}

/** Types, a value of each, and its JSON. */
const values: readonly (readonly [string, ThriftType<unknown>, unknown, JsonValue])[] = [
  ["bool", bool, true, true],
  ["byte", byte, -128, -128],
  ["i16", i16, 32767, 32767],
  ["i32", i32, -2147483648, -2147483648],
  ["i64", i64, 9223372036854775807n, "9223372036854775807"],
  ["double", double, 0.5, 0.5],
  ["double", double, NaN, "NaN"],
  ["double", double, -Infinity, "-Infinity"],
  ["string", string, 'é\u0000"', 'é\u0000"'],
  ["binary", binary, Uint8Array.of(0, 255, 1), "AP8B"],
  ["enum", Color, 2, "GREEN"],
  ["enum", Color, 99, 99],
  ["list", list(i64), [1n, 2n], ["1", "2"]],
  ["set", set(string), new Set(["a", "b"]), ["a", "b"]],
  ["map of strings", map(string, i32), new Map([["b", 1], ["a", 2]]), { b: 1, a: 2 }],
  ["map of bools", map(bool, bool), new Map([[true, false]]), { true: false }],
  ["map of i64s", map(i64, i32), new Map([[-5n, 1]]), { "-5": 1 }],
  ["map of doubles", map(double, i32), new Map([[NaN, 1], [1e300, 2]]), { NaN: 1, "1e+300": 2 }],
  ["map of enums", map(Color, i32), new Map([[0, 1], [5, 2]]), { RED: 1, "5": 2 }],
  ["map of binaries", map(binary, i32), new Map([[Uint8Array.of(1), 1]]), { "AQ==": 1 }],
  ["map of structs", map(Leaf, i32), new Map([[{ name: "a" }, 1]]), [[{ name: "a" }, 1]]],
  ["map of lists", map(list(i32), bool), new Map([[[1, 2], true]]), [[[1, 2], true]]],
  ["struct", Leaf, { name: "oak", weight: 3 }, { name: "oak", weight: 3 }],
  ["struct without an optional field", Leaf, { name: "oak" }, { name: "oak" }],
  ["union", Choice, { number: 5n }, { number: "5" }],
];

for (const [name, type, value, json] of values) {
  Deno.test(`a ${name} is ${JSON.stringify(json)} in JSON, and comes back from it`, () => {
    const codec = one(type);
    assertEquals(codec.toJson({ v: value }), { v: json });
    assertEquals(codec.fromJson(JSON.parse(JSON.stringify({ v: json }))), { v: value });
  });
}

/** What else is read. */
const lenient: readonly (readonly [ThriftType<unknown>, unknown, unknown])[] = [
  [byte, "-7", -7],
  [i64, 5, 5n],
  [i64, -9007199254740991, -9007199254740991n],
  [double, "1.5e3", 1500],
  [double, 7, 7],
  [binary, "AP8", Uint8Array.of(0, 255)],
  [Color, 2, 2],
  [Color, "2", 2],
  [Color, -1, -1],
  [map(i32, i32), { "1": "2" }, new Map([[1, 2]])],
  [set(i32), [1, 1], new Set([1])],
  [Leaf, { name: "oak", weight: null }, { name: "oak" }],
  [Choice, { text: null, number: 5 }, { number: 5n }],
];

for (const [type, json, value] of lenient) {
  Deno.test(`${JSON.stringify(json)} is read as ${type.kind} ${Deno.inspect(value)}`, () => {
    assertEquals(one(type).fromJson({ v: json }), { v: value });
  });
}

/** What is refused, and how that reads. */
const refused: readonly (readonly [ThriftType<unknown>, unknown, string])[] = [
  [bool, "true", 'One.v: expected a boolean, got "true"'],
  [bool, 1, "One.v: expected a boolean, got the number 1"],
  [byte, 128, "One.v: 128 is not an integer of 8 bits"],
  [byte, "128", 'One.v: "128" is not an integer of 8 bits'],
  [i16, 1.5, "One.v: 1.5 is not an integer of 16 bits"],
  [i32, 2147483648, "One.v: 2147483648 is not an integer of 32 bits"],
  [i32, "", 'One.v: expected an integer, got ""'],
  [i32, "0x10", 'One.v: expected an integer, got "0x10"'],
  [i32, true, "One.v: expected an integer, got true"],
  [
    i64,
    9007199254740992,
    "One.v: 9007199254740992 may have been another integer: beyond 2^53 it must be a string",
  ],
  [i64, 0.5, "One.v: 0.5 is not an integer of 64 bits"],
  [i64, "9223372036854775808", 'One.v: "9223372036854775808" is not an integer of 64 bits'],
  [i64, `1${"0".repeat(1e6)}`, `One.v: "1${"0".repeat(31)}…" is not an integer of 64 bits`],
  [i64, "5n", 'One.v: expected an integer of 64 bits, got "5n"'],
  [double, 1e999, "One.v: Infinity is beyond the numbers of 64 bits; what is not finite is a string"],
  [double, "1e999", "One.v: Infinity is beyond the numbers of 64 bits; what is not finite is a string"],
  [double, "inf", 'One.v: expected a number, got "inf"'],
  [string, 5, "One.v: expected a string, got the number 5"],
  [string, "a\ud800", 'One.v: "a\\ud800" has half of a surrogate pair'],
  [binary, "a*b=", 'One.v: "a*b=" is not base64'],
  [binary, [1, 2], "One.v: expected base64, got an array"],
  [Color, "PURPLE", 'One.v: Color has no value "PURPLE"'],
  [Color, "toString", 'One.v: Color has no value "toString"'],
  [Color, 1.5, "One.v: 1.5 is not an integer of 32 bits"],
  [list(i32), { length: 0 }, "One.v: expected an array, got an object"],
  [list(i32), [1, null], "One.v[1]: expected an integer, got null"],
  [set(Leaf), [{ name: "a" }, {}], "One.v[1].name: missing, but required"],
  [map(string, i32), [], "One.v: expected an object, got an array"],
  [map(string, i32), { a: 1, b: "x" }, 'One.v["b"]: expected an integer, got "x"'],
  [map(i32, i32), { x: 1 }, 'One.v["x"]: expected an integer, got "x"'],
  [map(i32, i32), { "01": 1 }, 'One.v["01"]: expected an integer, got "01"'],
  [map(double, i32), { "1": 1, "1.0": 1 }, 'One.v["1.0"]: the same key as one before it'],
  [map(Color, i32), { RED: 1, "0": 1 }, 'One.v["RED"]: the same key as one before it'],
  [map(binary, i32), { "AQ==": 1, AQ: 1 }, 'One.v["AQ"]: the same key as one before it'],
  [map(bool, i32), { yes: 1 }, 'One.v["yes"]: expected a boolean, got "yes"'],
  [map(Leaf, i32), [[{ name: "a" }]], "One.v[0]: expected a pair of a key and a value, got an array"],
  [map(Leaf, i32), [[{ name: 5 }, 1]], "One.v[0][0].name: expected a string, got the number 5"],
  [map(Leaf, i32), [[{ name: "a" }, "b"]], 'One.v[0][1]: expected an integer, got "b"'],
  [Leaf, [], "One.v: expected an object, got an array"],
  [Leaf, { name: "a", wieght: 5 }, 'One.v: has no field "wieght"'],
  [Leaf, { name: null }, "One.v.name: missing, but required"],
  [Choice, {}, "One.v: a union has exactly one field, got none"],
  [Choice, { text: "a", number: 1 }, "One.v: a union has exactly one field, got text and number"],
];

for (const [type, json, message] of refused) {
  const shown = JSON.stringify(json);
  Deno.test(`${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown} is no ${type.kind}: the error says where`, () => {
    const error = assertThrows(() => one(type).fromJson({ v: json }), ThriftError);
    assertEquals(error.message, message);
    assertEquals(error.message, `${error.path}: ${error.reason}`);
  });
}

Deno.test("what is no message at all is refused", () => {
  for (const json of [null, undefined, "x", 5, [], true]) {
    assertThrows(() => Leaf.fromJson(json), ThriftError, "Leaf: ");
  }
});

Deno.test("unknown fields are passed over where that is asked for, at any depth", () => {
  const options: FromJsonOptions = { unknownFields: "skip" };
  const json = { v: { name: "a", other: { deep: [] } }, more: 1 };
  assertEquals(one(Leaf).fromJson(json, options), { v: { name: "a" } });
  assertEquals(one(Choice).fromJson({ v: { x: 1, text: "a" } }, options), { v: { text: "a" } });
  assertThrows(() => one(Choice).fromJson({ v: { x: 1 } }, options), ThriftError, "got none");
});

Deno.test("integers of 64 bits are numbers by option, where that is exact", () => {
  const codec = struct("Ids", { ids: field(1, list(i64)) });
  const ids = [5n, -9007199254740991n, 9007199254740992n];
  const json = codec.toJson({ ids }, { i64: "number" });
  assertEquals(json, { ids: [5, -9007199254740991, "9007199254740992"] });
  assertEquals(codec.fromJson(JSON.parse(JSON.stringify(json))), { ids });
});

Deno.test("enums are numbers by option, as Kitex reads them", () => {
  assertEquals(one(list(Color)).toJson({ v: [0, 2, 5] }, { enums: "number" }), { v: [0, 2, 5] });
});

Deno.test("absent fields get what they get on the wire: a default, a zero value, or nothing", () => {
  const codec = struct("Defaults", {
    a: field(1, i32, { default: 7 }),
    b: field(2, list(string)),
    c: field(3, i64, { optional: true }),
    d: field(4, string, { optional: true, default: "d" }),
    e: field(5, Leaf, { optional: true }),
  });
  assertEquals(codec.fromJson({}), { a: 7, b: [], d: "d" });
  assertEquals(codec.fromJson({ a: null }), codec.decode(Uint8Array.of(0)));
  const unfillable = struct("Holder", { choice: field(1, Choice) });
  assertThrows(() => unfillable.fromJson({}), ThriftError, "Holder.choice: missing: the union Choice has no");
});

Deno.test("a union without a field is absent where it may be: Kitex writes that of a nil", () => {
  const holder = struct("Holder", { choice: field(1, Choice, { optional: true }), n: field(2, i32) });
  assertEquals(holder.fromJson({ choice: {}, n: 1 }), { n: 1 });
  assertEquals(holder.fromJson({ choice: { newer: 1 }, n: 1 }, { unknownFields: "skip" }), { n: 1 });
  assertThrows(
    () => holder.fromJson({ choice: { newer: 1 } }),
    ThriftError,
    'Holder.choice: has no field "newer"',
  );
});

Deno.test("JSON has the IDL's names where properties have others", () => {
  const codec = struct("Odd", { __proto___: field(1, string, { name: "__proto__" }), other: field(2, i32) });
  const json = codec.toJson({ __proto___: "own", other: 5 });
  assertEquals(JSON.stringify(json), '{"__proto__":"own","other":5}');
  assertEquals(codec.fromJson(JSON.parse('{"__proto__":"own","other":5}')), { __proto___: "own", other: 5 });
});

Deno.test("a name that means something to objects is a key like any other, and gives nothing a prototype", () => {
  const codec = one(map(string, i32));
  const text = '{"v":{"__proto__":1,"constructor":2,"toString":3}}';
  const message = codec.fromJson(JSON.parse(text));
  assertEquals([...message.v], [["__proto__", 1], ["constructor", 2], ["toString", 3]]);
  const json = codec.toJson(message);
  assertEquals(JSON.stringify(json), text);
  const keys = argsCodec("Keys", { v: field(1, map(string, i32)) }).toJson(message.v);
  assert(Object.getPrototypeOf(keys) === Object.prototype);
  assertEquals(JSON.stringify({ v: keys }), text);
  assertThrows(
    () => Leaf.fromJson(JSON.parse('{"name":"a","__proto__":{"weight":5}}')),
    ThriftError,
    'Leaf: has no field "__proto__"',
  );
  assertThrows(
    () => Leaf.fromJson(JSON.parse('{"__proto__":{"name":"a"}}'), { unknownFields: "skip" }),
    ThriftError,
  );
});

Deno.test("JSON that is nested too deep is refused, and so is such a message", () => {
  interface Tree {
    children: Tree[];
  }
  const Tree: StructCodec<Tree> = struct("Tree", { children: field(1, list(lazy(() => Tree))) });
  const deep = (levels: number) => JSON.parse(`${'{"children":['.repeat(levels)}${"]}".repeat(levels)}`);
  assertEquals(JSON.stringify(Tree.toJson(Tree.fromJson(deep(32)))), JSON.stringify(deep(32)));
  for (const levels of [33, 3000]) {
    assertThrows(() => Tree.fromJson(deep(levels)), ThriftError, "nested deeper than 64");
  }
  assertThrows(() => Tree.toJson(deep(33)), RangeError, "nested deeper than 64");
});

Deno.test("what small JSON leaves out cannot fill the memory", () => {
  const fields = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`f${i}`, field(i + 1, map(string, string))]),
  );
  const codec = one(list(struct("Wide", fields)));
  assertThrows(
    () => codec.fromJson({ v: Array(10_000).fill({}) }),
    ThriftError,
    "would take more than 134217728",
  );
});

Deno.test("toJson refuses what encode refuses, in the same words", () => {
  const cases: readonly (readonly [ThriftType<unknown>, unknown])[] = [
    [bool, 1],
    [byte, 128],
    [byte, "1"],
    [i16, 40_000],
    [i32, undefined],
    [i64, 5],
    [i64, 2n ** 63n],
    [double, 5n],
    [string, null],
    [binary, "a"],
    [Color, 1.5],
    [list(i32), new Set()],
    [list(i32), [1, "a"]],
    [set(i32), []],
    [map(i32, i32), {}],
    [map(i32, i32), new Map<unknown, unknown>([[1, "a"]])],
    [map(i32, i32), new Map<unknown, unknown>([["a", 1]])],
    [Leaf, 5],
    [Leaf, { weight: 5 }],
    [Choice, {}],
    [Choice, { text: "a", number: 5n }],
  ];
  for (const [type, value] of cases) {
    const encoding = assertThrows(() => one(type).encode({ v: value }), Error);
    const error = assertThrows(() => one(type).toJson({ v: value }), Error);
    assertEquals([error.name, error.message], [encoding.name, encoding.message]);
  }
});

Deno.test("half of a surrogate pair is written as the payload has it", () => {
  assertEquals(one(string).toJson({ v: "a\ud800" }), { v: "a\ufffd" });
});

Deno.test("an exception's JSON is that of its fields", () => {
  const codec = exception("Closed", { message: field(1, string, { optional: true }), code: field(2, i32) });
  assertEquals(codec.toJson(Object.assign(new Error("at night"), { code: 5 })), {
    message: "at night",
    code: 5,
  });
  assertEquals(codec.toJson(Object.assign(new Error(), { code: 5 })), { code: 5 });
});

Deno.test("requests and responses of unary methods have the JSON of what a user holds", () => {
  const none = argsCodec("Ping", {});
  assertEquals(none.toJson(undefined), null);
  for (const json of [null, undefined, {}]) assertEquals(none.fromJson(json), undefined);
  assertThrows(() => none.fromJson({ a: 1 }), ThriftError, 'Ping.args: has no field "a"');
  const single = argsCodec("Wait", { seconds: field(1, i64) });
  assertEquals(single.toJson(5n), "5");
  assertEquals(single.fromJson("5"), 5n);
  assertThrows(() => single.fromJson("x"), ThriftError, "Wait.args.seconds: expected an integer");
  const choose = argsCodec("Choose", { choice: field(1, Choice, { optional: true }) });
  assertThrows(() => choose.fromJson(null), ThriftError, "Choose.args.choice: missing");
  const several = argsCodec("Add", { a: field(1, i64), b: field(2, i32, { default: 3 }) });
  assertEquals(several.toJson({ a: 1n, b: 2 }), { a: "1", b: 2 });
  assertEquals(several.fromJson({ a: 1 }), { a: 1n, b: 3 });
  const result = resultCodec("Find", list(Leaf));
  assertEquals(result.toJson([{ name: "a" }]), [{ name: "a" }]);
  assertEquals(result.fromJson([{ name: "a" }]), [{ name: "a" }]);
  assertThrows(() => result.fromJson([{}]), ThriftError, "Find.result.success[0].name: missing");
  assertThrows(() => result.fromJson(null), ThriftError, "Find.result: missing");
  const nothing = resultCodec("Ping", undefined);
  assertEquals([nothing.toJson(undefined), nothing.fromJson(null)], [null, undefined]);
});

/**
 * A value as what must come back: JSON's text has no negative zero, an object's keys have an order of their own, and of
 * two equal keys only one.
 */
function comparable(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (value instanceof Uint8Array) return value.toHex();
  if (value instanceof Set) return { set: [...value].map(comparable) };
  if (Array.isArray(value)) return value.map(comparable);
  if (value instanceof Map) {
    const entries = [...value].map((
      [key, item],
    ) => [Deno.inspect(comparable(key), { depth: 99 }), comparable(item)]);
    return { map: Object.fromEntries(entries) };
  }
  if (typeof value !== "object" || value === null) return value;
  return { fields: Object.entries(value).map(([name, item]) => [name, comparable(item)]) };
}

Deno.test("random messages of random structs come back from their JSON's text", () => {
  fc.assert(
    fc.property(schemaAndMessage, ({ schema, message }) => {
      const codec = codecOf(schema);
      const decoded = codec.decode(twinEncode(schema, message));
      const text = JSON.stringify(codec.toJson(decoded));
      assertEquals(
        comparable(codec.fromJson(JSON.parse(text))),
        comparable(codec.fromJson(codec.toJson(decoded))),
      );
      const again = codec.decode(codec.encode(codec.fromJson(JSON.parse(text))));
      assertEquals(comparable(again), comparable(decoded));
    }),
    { numRuns: 500 },
  );
});

Deno.test("random JSON is a message or a ThriftError, and makes nothing of Object's prototype", () => {
  const names = ["id", "name", "items", "constructor", "__proto__", "1"];
  const key = fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(schemaAndMessage, fc.jsonValue({ maxDepth: 4 }), key, ({ schema }, json, name) => {
      const codec = codecOf(schema);
      for (const value of [json, JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(json)}}`)]) {
        try {
          codec.encode(codec.fromJson(value, { unknownFields: "skip" }));
        } catch (error) {
          if (!(error instanceof ThriftError)) throw error;
        }
      }
      assertEquals(Object.keys(Object.prototype), []);
    }),
    { numRuns: 1000 },
  );
});

import { assertEquals, assertInstanceOf, assertThrows, fail } from "@std/assert";
import { ByteBuffer } from "../../src/base/buffer.ts";
import { loopingStructWriter, writers } from "../../src/thrift/encode.ts";
import { Fault } from "../../src/thrift/errors.ts";
import {
  binary,
  bool,
  byte,
  double,
  enumeration,
  field,
  i16,
  i32,
  i64,
  lazy,
  list,
  map,
  set,
  string,
  struct,
  type StructCodec,
  type ThriftType,
  union,
} from "../../src/thrift/mod.ts";

const Inner = struct("Inner", { id: field(1, i32, { required: true }) });
const Choice = union("Choice", { text: field(1, string), n: field(2, i32), inner: field(3, Inner) });

interface Row {
  readonly type: ThriftType<unknown>;
  readonly value: unknown;
  readonly error: typeof TypeError | typeof RangeError;
  readonly message: string;
}

const rows: readonly Row[] = [
  { type: bool, value: 1, error: TypeError, message: "Box.value: expected a boolean, got the number 1" },
  { type: byte, value: 128, error: RangeError, message: "Box.value: 128 is not an integer of 8 bits" },
  { type: byte, value: -129, error: RangeError, message: "Box.value: -129 is not an integer of 8 bits" },
  { type: byte, value: "1", error: TypeError, message: "Box.value: expected a number, got a string" },
  { type: i16, value: 32768, error: RangeError, message: "Box.value: 32768 is not an integer of 16 bits" },
  { type: i16, value: NaN, error: RangeError, message: "Box.value: NaN is not an integer of 16 bits" },
  {
    type: i32,
    value: 2147483648,
    error: RangeError,
    message: "Box.value: 2147483648 is not an integer of 32 bits",
  },
  { type: i32, value: 0.5, error: RangeError, message: "Box.value: 0.5 is not an integer of 32 bits" },
  {
    type: i32,
    value: Infinity,
    error: RangeError,
    message: "Box.value: Infinity is not an integer of 32 bits",
  },
  { type: i32, value: 7n, error: TypeError, message: "Box.value: expected a number, got the bigint 7n" },
  { type: i32, value: undefined, error: TypeError, message: "Box.value: missing: expected a number" },
  { type: i64, value: 7, error: TypeError, message: "Box.value: expected a bigint, got the number 7" },
  {
    type: i64,
    value: 2n ** 63n,
    error: RangeError,
    message: "Box.value: 9223372036854775808 is not an integer of 64 bits",
  },
  {
    type: i64,
    value: -(2n ** 63n) - 1n,
    error: RangeError,
    message: "Box.value: -9223372036854775809 is not an integer of 64 bits",
  },
  { type: double, value: "1.5", error: TypeError, message: "Box.value: expected a number, got a string" },
  { type: string, value: null, error: TypeError, message: "Box.value: expected a string, got null" },
  { type: string, value: ["a"], error: TypeError, message: "Box.value: expected a string, got an array" },
  { type: string, value: false, error: TypeError, message: "Box.value: expected a string, got false" },
  {
    type: string,
    value: Symbol("a"),
    error: TypeError,
    message: "Box.value: expected a string, got a symbol",
  },
  {
    type: binary,
    value: new ArrayBuffer(1),
    error: TypeError,
    message: "Box.value: expected a Uint8Array, got an object",
  },
  { type: binary, value: "00", error: TypeError, message: "Box.value: expected a Uint8Array, got a string" },
  {
    type: enumeration("E", { A: 1 }),
    value: "A",
    error: TypeError,
    message: "Box.value: expected a number, got a string",
  },
  {
    type: list(i32),
    value: { length: 0 },
    error: TypeError,
    message: "Box.value: expected an array, got an object",
  },
  {
    type: list(i32),
    value: [1, 0.5],
    error: RangeError,
    message: "Box.value[1]: 0.5 is not an integer of 32 bits",
  },
  {
    type: list(i32),
    value: new Array(1),
    error: TypeError,
    message: "Box.value[0]: missing: expected a number",
  },
  { type: set(i32), value: [1], error: TypeError, message: "Box.value: expected a Set, got an array" },
  {
    type: set(string),
    value: new Set(["a", 1]),
    error: TypeError,
    message: "Box.value[1]: expected a string, got the number 1",
  },
  {
    type: map(string, i32),
    value: { a: 1 },
    error: TypeError,
    message: "Box.value: expected a Map, got an object",
  },
  {
    type: map(string, i32),
    value: new Map([[1, 1]]),
    error: TypeError,
    message: "Box.value[key 0]: expected a string, got the number 1",
  },
  {
    type: map(string, i32),
    value: new Map<unknown, number>([["a", 1], [2, 2]]),
    error: TypeError,
    message: "Box.value[key 1]: expected a string, got the number 2",
  },
  {
    type: map(string, i32),
    value: new Map([["a", "b"]]),
    error: TypeError,
    message: 'Box.value["a"]: expected a number, got a string',
  },
  { type: Inner, value: 1, error: TypeError, message: "Box.value: expected an object, got the number 1" },
  { type: Inner, value: null, error: TypeError, message: "Box.value: expected an object, got null" },
  { type: Inner, value: {}, error: TypeError, message: "Box.value.id: missing: expected a number" },
  {
    type: list(Inner),
    value: [{ id: 1 }, { id: "2" }],
    error: TypeError,
    message: "Box.value[1].id: expected a number, got a string",
  },
  {
    type: Choice,
    value: {},
    error: TypeError,
    message: "Box.value: a union has exactly one field, got none",
  },
  {
    type: Choice,
    value: { n: 1, text: "" },
    error: TypeError,
    message: "Box.value: a union has exactly one field, got text and n",
  },
  {
    type: Choice,
    value: { n: "1" },
    error: TypeError,
    message: "Box.value.n: expected a number, got a string",
  },
  {
    type: Choice,
    value: { inner: {} },
    error: TypeError,
    message: "Box.value.inner.id: missing: expected a number",
  },
  { type: Choice, value: "text", error: TypeError, message: "Box.value: expected an object, got a string" },
];

/** The codec for where code cannot be generated. */
const loopingWriterOf = writers(loopingStructWriter);

for (const { type, value, error, message } of rows) {
  Deno.test(`encode() refuses: ${message}`, () => {
    const codec = struct("Box", { value: field(1, type) });
    const buffer = new ByteBuffer();
    const thrown = assertThrows(() => codec.encodeInto({ value }, buffer), error);
    assertEquals(thrown.message, message);
    assertEquals(buffer.length, 0);
    try {
      loopingWriterOf(codec)({ value }, buffer, 0);
      fail("the looping codec took it");
    } catch (fault) {
      assertInstanceOf(fault, Fault);
      assertEquals(`Box${fault.path}: ${fault.reason}`, message);
      assertEquals(fault.outOfRange, error === RangeError);
    }
  });
}

Deno.test("encode() names the struct alone where the message itself is wrong", () => {
  assertThrows(() => Inner.encode(7 as never), TypeError, "Inner: expected an object, got the number 7");
});

Deno.test("encode() takes a field that is optional only where it is undefined", () => {
  const codec = struct("Box", { value: field<unknown>(1, i32, { optional: true }) });
  assertThrows(() => codec.encode({ value: null }), TypeError, "Box.value: expected a number, got null");
});

Deno.test("encode() refuses a message that contains itself", () => {
  interface Loop {
    next?: Loop | undefined;
  }
  const Loop: StructCodec<Loop> = struct("Loop", { next: field(1, lazy(() => Loop), { optional: true }) });
  const loop: Loop = {};
  loop.next = loop;
  assertThrows(() => Loop.encode(loop), RangeError, `Loop${".next".repeat(64)}: nested deeper than 64`);
});

Deno.test("encode() works after an error", () => {
  assertThrows(() => Inner.encode({ id: 0.5 }), RangeError);
  assertEquals(Inner.decode(Inner.encode({ id: 5 })), { id: 5 });
});

Deno.test("what a getter throws comes out as it is, and the buffer is as it was", () => {
  const buffer = new ByteBuffer();
  const message = {
    get id(): number {
      throw new SyntaxError("mine");
    },
  };
  assertThrows(() => Inner.encodeInto(message, buffer), SyntaxError, "mine");
  assertEquals(buffer.length, 0);
});

Deno.test("create() refuses what has no zero value, and a union of two fields", () => {
  assertThrows(() => Choice.create(), TypeError, "the union Choice has no zero value");
  assertThrows(() => struct("Box", { choice: field(1, Choice) }).create(), TypeError, "the union Choice");
  const both = { n: 1, text: "" };
  assertThrows(() => Choice.create(both), TypeError, "Choice: a union has exactly one field, got text and n");
});

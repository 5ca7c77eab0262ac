/** The codecs of unary methods: what their bytes are, and what a user holds. */
import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { ByteBuffer, type Bytes } from "../../src/base/buffer.ts";
import type { Codec } from "../../src/core/codec.ts";
import {
  argsCodec,
  exception,
  field,
  i32,
  resultCodec,
  string,
  struct,
  type StructCodec,
  ThriftError,
  thrown,
  union,
} from "../../src/thrift/mod.ts";
import { hex } from "./hex.ts";

class Overdrawn extends Error {
  static readonly codec: StructCodec<{ missing: number }> = exception("Overdrawn", {
    missing: field(1, i32),
  });
  readonly missing: number;
  constructor({ missing }: { missing: number }) {
    super(`${missing} are missing`);
    this.missing = missing;
  }
}

class Closed extends Error {
  static readonly codec: StructCodec<{ message?: string | undefined }> = exception("Closed", {
    message: field(1, string, { optional: true }),
  });
  constructor({ message }: { message?: string | undefined } = {}) {
    super(message);
  }
}

/** Encodes a message in both ways, decodes it again and gives its bytes. */
function bothWays<T>(codec: Codec<T>, message: T): Bytes {
  const payload = new Uint8Array(codec.encode(message));
  const buffer = new ByteBuffer();
  buffer.writeUint8(7);
  codec.encodeInto?.(message, buffer);
  if (codec.encodeInto !== undefined) assertEquals(buffer.toBytes().subarray(1), payload);
  assertEquals(codec.decode(payload), message);
  assertEquals(codec.encoding, "thrift");
  return payload;
}

Deno.test("the request of a method without arguments is undefined, and an empty struct on the wire", () => {
  assertEquals(bothWays(argsCodec("Ping", {}), undefined), hex("00"));
});

Deno.test("the request of a method with one argument is that argument's value", () => {
  assertEquals(bothWays(argsCodec("Wait", { seconds: field(2, i32) }), 5), hex("08 00 02 00 00 00 05 00"));
});

Deno.test("the request of a method with several arguments is an object of them", () => {
  const add = argsCodec("Add", { a: field(1, i32), b: field(2, i32) });
  assertEquals(bothWays(add, { a: 1, b: 2 }), hex("08 00 01 00 00 00 01 08 00 02 00 00 00 02 00"));
});

Deno.test("an argument that is missing is an error that names the method and the argument", () => {
  const choice = union("Choice", { text: field(1, string) });
  const choose = argsCodec("Choose", { choice: field(1, choice, { optional: true }) });
  assertThrows(() => choose.decode(Uint8Array.of(0)), ThriftError, "Choose.args.choice: missing");
  assertThrows(
    () => Reflect.apply(choose.encode, choose, [undefined]),
    TypeError,
    "Choose.args.choice: missing",
  );
  const wait = argsCodec("Wait", { seconds: field(1, i32, { required: true }) });
  assertThrows(() => wait.decode(Uint8Array.of(0)), ThriftError, "Wait.args.seconds: missing, but required");
});

Deno.test("what a method returns is field 0 of its result", () => {
  assertEquals(bothWays(resultCodec("Get", i32), 5), hex("08 00 00 00 00 00 05 00"));
  assertEquals(bothWays(resultCodec("Ping", undefined), undefined), hex("00"));
  const point = struct("Point", { x: field(1, i32) });
  assertEquals(bothWays(resultCodec("Find", point), { x: 1 }), hex("0c 00 00 08 00 01 00 00 00 01 00 00"));
});

Deno.test("an instance of a declared exception is encoded as that, and thrown again where it is decoded", () => {
  const codec = resultCodec("Withdraw", i32, { overdrawn: thrown(1, Overdrawn), success: thrown(3, Closed) });
  const encode: (message: unknown) => Bytes = (message) => Reflect.apply(codec.encode, codec, [message]);
  const payload = encode(new Overdrawn({ missing: 7 }));
  assertEquals(payload, hex("0c 00 01 08 00 01 00 00 00 07 00 00"));
  const error = assertThrows(() => codec.decode(payload), Overdrawn, "7 are missing");
  assertEquals(error.missing, 7);
  // An optional message that was not given is none, though every error has one.
  assertEquals(encode(new Closed()), hex("0c 00 03 00 00"));
  const closed = assertThrows(() => codec.decode(encode(new Closed({ message: "at night" }))));
  assertInstanceOf(closed, Closed);
  assertStrictEquals(closed.message, "at night");
  // The exception counts where a peer sends both.
  const both = Uint8Array.of(8, 0, 0, 0, 0, 0, 5, ...payload);
  assertThrows(() => codec.decode(both), Overdrawn);
});

Deno.test("a result without a value and without an exception is an error in words", () => {
  const codec = resultCodec("Get", i32, { overdrawn: thrown(1, Overdrawn) });
  assertThrows(
    () => codec.decode(Uint8Array.of(0)),
    ThriftError,
    "Get.result: missing result: neither a value nor a declared exception",
  );
  assertThrows(() => Reflect.apply(codec.encode, codec, [undefined]), TypeError, "Get.result: missing");
  assertEquals(
    resultCodec("Ping", undefined, { e: thrown(1, Overdrawn) }).decode(Uint8Array.of(0)),
    undefined,
  );
});

Deno.test("the Void of Kitex's generic server is the result of a method that returns nothing", () => {
  const payload = hex("01 00 00 00 00");
  assertEquals(resultCodec("Ping", undefined).decode(payload), undefined);
  assertThrows(() => resultCodec("Get", i32).decode(payload), ThriftError);
  assertThrows(() => resultCodec("Ping", undefined).decode(payload.slice(0, 4)), ThriftError);
});

Deno.test("an exception with the id of the result is refused, and so are two with the same id", () => {
  assertThrows(
    () => resultCodec("Get", i32, { e: thrown(0, Overdrawn) }),
    TypeError,
    "Get.result.e: the id 0",
  );
  assertThrows(
    () => resultCodec("Get", i32, { a: thrown(1, Overdrawn), b: thrown(1, Closed) }),
    TypeError,
    "Get.result: a and b have the same id 1",
  );
});

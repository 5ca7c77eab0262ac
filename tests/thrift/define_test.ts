import { assertEquals, assertThrows } from "@std/assert";
import { enumeration, type Field, field, i32, string, struct, union } from "../../src/thrift/mod.ts";

for (const id of [32768, -32769, 0.5, NaN, 2 ** 32 + 1]) {
  Deno.test(`a field cannot have the id ${id}`, () => {
    assertThrows(() => field(id, i32), RangeError, `field id ${id} is not an integer of 16 bits`);
  });
}

for (const id of [-32768, -1, 0, 1, 32767]) {
  Deno.test(`a field can have the id ${id}, as IDLs allow`, () => {
    const codec = struct("Box", { value: field(id, i32) });
    assertEquals(codec.decode(codec.encode({ value: 5 })), { value: 5 });
  });
}

Deno.test("a field cannot be both optional and required", () => {
  const options = JSON.parse('{ "optional": true, "required": true }');
  assertThrows(() => field(1, i32, options), TypeError, "field 1 cannot be both optional and required");
});

Deno.test("two fields cannot have the same id", () => {
  for (const define of [struct, union]) {
    assertThrows(
      () => define("Pair", { a: field(1, i32), b: field(2, i32), c: field(1, string) }),
      TypeError,
      "Pair: a and c have the same id 1",
    );
  }
});

Deno.test("a field cannot be named __proto__", () => {
  const fields: Record<string, Field<number>> = Object.fromEntries([["__proto__", field(1, i32)]]);
  assertThrows(() => struct("Odd", fields), TypeError, "Odd: a field cannot have the name __proto__");
});

Deno.test("the fields of a codec do not change with the object they came in", () => {
  const fields: Record<string, Field<number>> = { a: field(1, i32) };
  const codec = struct("Fixed", fields);
  fields.b = field(2, i32);
  assertEquals(Object.keys(codec.fields), ["a"]);
  assertEquals(codec.decode(codec.encode({ a: 1 })), { a: 1 });
});

for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5]) {
  Deno.test(`a member of an enumeration cannot be ${value}`, () => {
    assertThrows(
      () => enumeration("Level", { LOW: 0, HIGH: value }),
      RangeError,
      `Level.HIGH: ${value} is not an integer of 32 bits`,
    );
  });
}

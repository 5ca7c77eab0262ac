/** Random values of the types that a generated module has. */
import fc from "npm:fast-check@^4";
import type { Field, ThriftType } from "../../../src/thrift/mod.ts";
import { resolve, type StructLike } from "../../../src/thrift/wire.ts";

/** Of a container. */
const SHORT = { maxLength: 3 };

/** Values of any type; deeper than `depth` nothing optional is set, and containers are empty. */
export function valuesOf(someType: ThriftType<unknown>, depth: number): fc.Arbitrary<unknown> {
  const type = resolve(someType);
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "byte":
      return fc.integer({ min: -0x80, max: 0x7f });
    case "i16":
      return fc.integer({ min: -0x8000, max: 0x7fff });
    case "i32":
      return fc.integer();
    case "i64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "double":
      return fc.double();
    case "string":
      return fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "\ufeffmark", "\ufffd", "\0", "é".repeat(40), "😈 日本"),
      );
    case "binary":
      return fc.uint8Array();
    case "enumeration":
      return fc.oneof(fc.constantFrom(...Object.values(type.members)), fc.integer());
    case "list":
      return elementsOf(type.element, depth);
    case "set":
      return elementsOf(type.element, depth).map((elements) => new Set(elements));
    case "map":
      if (depth <= 0) return fc.constant(new Map());
      return fc.array(fc.tuple(valuesOf(type.key, depth - 1), valuesOf(type.value, depth - 1)), SHORT)
        .map((entries) => new Map(entries));
    case "struct":
    case "exception":
      return structValues(type, depth);
    case "union":
      return unionValues(type, depth);
  }
}

function elementsOf(type: ThriftType<unknown>, depth: number): fc.Arbitrary<unknown[]> {
  return depth <= 0 ? fc.constant([]) : fc.array(valuesOf(type, depth - 1), SHORT);
}

function structValues(type: StructLike, depth: number): fc.Arbitrary<unknown> {
  // What has a default is always there: it would be after decoding.
  const isThere = ({ requiredness, default: value }: Field<unknown>) =>
    requiredness !== "optional" || value !== undefined;
  const fields = Object.entries(type.fields).filter(([, field]) => depth > 0 || isThere(field));
  const values = fields.map(([name, field]) => [name, valuesOf(field.type, depth - 1)] as const);
  const requiredKeys = fields.filter(([, field]) => isThere(field)).map(([name]) => name);
  return fc.record(Object.fromEntries(values), { requiredKeys, noNullPrototype: true });
}

function unionValues(type: StructLike, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(type.fields).slice(0, depth > 0 ? undefined : 1);
  return fc.oneof(
    ...fields.map(([name, field]) => valuesOf(field.type, depth - 1).map((value) => ({ [name]: value }))),
  );
}

/** Random schemas and values for property tests. */
import fc from "npm:fast-check@^4";
import type { FieldSchema, Message, Schema, StructSchema } from "./twin.ts";

/** Names that an object could have trouble with, among plain ones. */
const NAMES = [
  "id",
  "name",
  "items",
  "constructor",
  "toString",
  "valueOf",
  "then",
  "1",
  "a b",
  'quo"te',
  "日本",
  "\\",
];

const scalar: fc.Arbitrary<Schema> = fc.constantFrom(
  ...(["bool", "byte", "i16", "i32", "i64", "double", "string", "binary", "enumeration"] as const),
).map((kind) => ({ kind }));

const trees = fc.letrec<{ any: Schema; struct: StructSchema }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: "schema" },
    scalar,
    fc.record({ kind: fc.constantFrom("list", "set"), element: tie("any") }),
    fc.record({ kind: fc.constant("map" as const), key: tie("any"), value: tie("any") }),
    tie("struct"),
  ),
  struct: fc.record({
    kind: fc.constantFrom("struct", "struct", "exception", "union"),
    fields: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...NAMES),
        id: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: -0x8000, max: 0x7fff })),
        requiredness: fc.constantFrom("default", "required", "optional"),
        schema: tie("any"),
      }),
      {
        minLength: 1,
        maxLength: 6,
        comparator: (a: FieldSchema, b: FieldSchema) => a.id === b.id || a.name === b.name,
        depthIdentifier: "schema",
      },
    ),
  }),
}));

/** The schema of a message. */
export const structSchema: fc.Arbitrary<StructSchema> = trees.struct;

/** A message, and what it must look like. */
export const schemaAndMessage: fc.Arbitrary<{ schema: StructSchema; message: Message }> = structSchema.chain((
  schema,
) => valueOf(schema).map((message) => ({ schema, message: message as Message })));

function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.kind) {
    case "bool":
      return fc.boolean();
    case "byte":
      return fc.integer({ min: -0x80, max: 0x7f });
    case "i16":
      return fc.integer({ min: -0x8000, max: 0x7fff });
    case "i32":
    case "enumeration":
      return fc.integer();
    case "i64":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case "double":
      return fc.double();
    case "string":
      return fc.oneof(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "grapheme-ascii", maxLength: 80 }),
        fc.constantFrom("\ufeffmark", "\ufffd", "é".repeat(40)),
      );
    case "binary":
      return fc.uint8Array();
    case "list":
      return fc.array(valueOf(schema.element), { maxLength: 4 });
    case "set":
      return fc.array(valueOf(schema.element), { maxLength: 4 }).map((elements) => new Set(elements));
    case "map":
      return fc.array(fc.tuple(valueOf(schema.key), valueOf(schema.value)), { maxLength: 3 })
        .map((entries) => new Map(entries));
    case "union":
      return fc.oneof(
        ...schema.fields.map(({ name, schema }) => valueOf(schema).map((value) => ({ [name]: value }))),
      );
    case "struct":
    case "exception":
      return fc.record(Object.fromEntries(schema.fields.map(({ name, schema }) => [name, valueOf(schema)])), {
        requiredKeys: schema.fields.filter((field) => field.requiredness !== "optional").map((field) =>
          field.name
        ),
        noNullPrototype: true,
      });
  }
}

import { assertEquals } from "@std/assert";
import { filledBytes } from "../../src/thrift/absent.ts";
import {
  binary,
  type Field,
  field,
  i32,
  i64,
  lazy,
  list,
  map,
  string,
  struct,
} from "../../src/thrift/mod.ts";

const Point = struct("Point", {
  x: field(1, i32),
  y: field(2, i32),
  label: field(3, string, { optional: true }),
});
const Line = struct("Line", { from: field(1, Point), to: field(2, lazy(() => Point)) });

/** Fields, and about what it takes to fill them in: 8 bytes for a property, 200 for an object. */
const rows: readonly (readonly [what: string, field: Field<unknown>, bytes: number])[] = [
  ["a number", field(1, i32), 8],
  ["an optional field", field(1, list(i32), { optional: true }), 0],
  ["a container", field(1, map(i32, string)), 208],
  ["bytes", field(1, binary), 208],
  ["a struct, with all that is in it", field(1, Line), 8 + 200 + 2 * (8 + 200 + 2 * 8)],
  ["a default that is a text", field(1, string, { default: "a text" }), 8],
  ["an optional field with a default", field(1, i64, { optional: true, default: 1n }), 8],
  ["a default that is bytes", field(1, binary, { default: new Uint8Array(1000) }), 8 + 200 + 1000],
  ["a default that is a list", field(1, list(i32), { default: [1, 2, 3] }), 8 + 200 + 3 * 8],
  [
    "a default that is a map",
    field(1, map(i32, list(i32)), { default: new Map([[1, [2]]]) }),
    8 + 200 + 16 + 208,
  ],
  ["a default that is a struct", field(1, Point, { default: { x: 1, y: 2 } }), 8 + 200 + 2 * 8],
];

for (const [what, absent, bytes] of rows) {
  Deno.test(`filling in ${what} counts as ${bytes} bytes`, () => {
    assertEquals(filledBytes(absent), bytes);
  });
}

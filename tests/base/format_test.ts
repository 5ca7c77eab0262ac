import { assertEquals } from "@std/assert";
import { hostAndPort, show } from "../../src/base/format.ts";

const values: [unknown, string][] = [
  ["80", '"80"'],
  [80, "80"],
  [NaN, "NaN"],
  [5n, "5"],
  [undefined, "undefined"],
  [null, "null"],
  [Symbol("s"), "Symbol(s)"],
  [[1, 2], "[object Array]"],
  [Object.create(null), "[object Object]"],
  [new AbortController(), "[object AbortController]"],
  [() => 1, "a function"],
];

for (const [value, text] of values) {
  Deno.test(`show names ${text} in an error`, () => assertEquals(show(value), text));
}

Deno.test("hostAndPort puts an IPv6 address in brackets", () => {
  assertEquals([hostAndPort("localhost", 80), hostAndPort("::1", 80)], ["localhost:80", "[::1]:80"]);
});

import { assertEquals } from "@std/assert";
import { commentLines } from "../../src/idl/comment.ts";
import { jsDoc, lineComments } from "../../src/thriftgen/js_doc.ts";

const comments: readonly (readonly [string, readonly string[]])[] = [
  ["// one", ["one"]],
  ["//one  ", ["one"]],
  ["/// one", ["one"]],
  ["# one", ["one"]],
  ["#### one", ["one"]],
  ["#!shebang", ["!shebang"]],
  ["//", [""]],
  ["/* one */", ["one"]],
  ["/** one **/", ["one"]],
  ["/**/", []],
  ["/**\n * one\n *   two\n *\n * three\n */", ["one", "  two", "", "three"]],
  ["/*\n   one\n     two\n*/", ["one", "  two"]],
  ["/* one\r\n   two */", ["one", "two"]],
  ["/*\n * one\n not starred\n */", ["* one", "not starred"]],
];

for (const [text, lines] of comments) {
  Deno.test(`The comment ${JSON.stringify(text)} says ${JSON.stringify(lines)}`, () => {
    assertEquals(commentLines(text), lines);
  });
}

Deno.test("jsDoc writes one line as one line", () => {
  assertEquals(jsDoc(["one"], "  "), "  /** one */\n");
});

Deno.test("jsDoc writes several lines below each other, of several empty ones only one", () => {
  assertEquals(jsDoc(["", "one", "", "", "two", ""]), "/**\n * one\n *\n * two\n */\n");
});

Deno.test("jsDoc does not let a comment end early", () => {
  assertEquals(jsDoc(["a */ b"]), "/** a *\\/ b */\n");
});

/** What tools take for orders, and what is written: the same to a reader, and nothing to them. */
const orders: readonly (readonly [string, string])[] = [
  ["@ts-nocheck", "@\\ts-nocheck"],
  ["@ts-expect-error as it is", "@\\ts-expect-error as it is"],
  ['@deno-types="./a.d.ts"', '@\\deno-types="./a.d.ts"'],
  ["@jsxImportSource x", "@\\jsxImportSource x"],
  ["deno-lint-ignore-file", "deno-\\lint-ignore-file"],
  ["# sourceMappingURL=a.map", "#\\ sourceMappingURL=a.map"],
];

for (const [line, expected] of orders) {
  Deno.test(`Comments with ${line} give no order to a tool`, () => {
    assertEquals([jsDoc([line]), lineComments([line])], [`/** ${expected} */\n`, `// ${expected}\n`]);
  });
}

Deno.test("jsDoc fences code with tildes, which no tool runs", () => {
  assertEquals(jsDoc(["```ts", "f()", "```"]), "/**\n * ~~~ts\n * f()\n * ~~~\n */\n");
});

Deno.test("Comments show what would be invisible in them", () => {
  const line = "a\u2028b\u202ec\ufeffd\ud800e\u{e0041}\tf\0 ‍👩‍🚀";
  const expected = "a\\u2028b\\u202ec\\ufeffd\\ud800e\\u{e0041}\tf\\u0000 ‍👩‍🚀";
  assertEquals([jsDoc([line]), lineComments([line])], [`/** ${expected} */\n`, `// ${expected}\n`]);
});

Deno.test("jsDoc of nothing is nothing", () => {
  assertEquals(jsDoc(["", ""]), "");
});

Deno.test("lineComments keeps empty lines inside", () => {
  assertEquals(lineComments(["one", "", "two", ""]), "// one\n//\n// two\n");
});

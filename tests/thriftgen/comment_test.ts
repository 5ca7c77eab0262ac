import { assertEquals } from "@std/assert";
import { commentLines, jsDoc, lineComments } from "../../src/thriftgen/comment.ts";

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

Deno.test("jsDoc of nothing is nothing", () => {
  assertEquals(jsDoc(["", ""]), "");
});

Deno.test("lineComments keeps empty lines inside", () => {
  assertEquals(lineComments(["one", "", "two", ""]), "// one\n//\n// two\n");
});

import { assertEquals, assertThrows } from "@std/assert";
import { IdlError } from "../../src/idl/diagnostic.ts";
import { tokenize } from "../../src/idl/lexer.ts";
import { Source } from "../../src/idl/source.ts";

const tokensOf = (text: string) => tokenize(new Source("test.thrift", text)).slice(0, -1);

const shapes: readonly (readonly [string, string])[] = [
  ["a.b_c.D9", "identifier"],
  ["_x", "identifier"],
  ["007", "integer"],
  ["-5", "integer"],
  ["+5", "integer"],
  ["0x1Fz", "integer"],
  ["0o17", "integer"],
  ["1.5", "double"],
  [".5", "double"],
  ["-1e-9", "double"],
  ["1.5E+3", "double"],
  ['"a\\"b"', "literal"],
  ["'it\\'s'", "literal"],
  ['"two\nlines"', "literal"],
  ['"ends with \\\\"', "literal"],
  ["{", "punctuation"],
];

for (const [text, kind] of shapes) {
  Deno.test(`tokenize takes ${JSON.stringify(text)} for one token of kind ${kind}`, () => {
    assertEquals(tokensOf(text).map((token) => [token.kind, token.text]), [[kind, text]]);
  });
}

const splits: readonly (readonly [string, readonly string[]])[] = [
  ["1:optional", ["1", ":", "optional"]],
  ["map<i32,list<X>>", ["map", "<", "i32", ",", "list", "<", "X", ">", ">"]],
  ["1else", ["1", "else"]],
  ["a/**/b//c\nd#e\rf", ["a", "b", "d", "f"]],
];

for (const [text, expected] of splits) {
  Deno.test(`tokenize splits ${JSON.stringify(text)} into ${expected.join(" ")}`, () => {
    assertEquals(tokensOf(text).map((token) => token.text), expected);
  });
}

Deno.test("tokenize keeps comments with the token behind them", () => {
  const tokens = tokenize(new Source("test.thrift", "a // one\n# two\n/* three */ b /* four */"));
  assertEquals(tokens.map(({ comments }) => comments.map(({ text }) => text)), [
    [],
    ["// one", "# two", "/* three */"],
    ["/* four */"],
  ]);
});

const refused: readonly (readonly [string, string, number])[] = [
  ['const string A = "open', 'expected a closing " before the end of the file', 17],
  ["x 'open", "expected a closing ' before the end of the file", 2],
  ["a /* open", "expected a closing */ before the end of the file", 2],
  ["a $ b", "expected a token of the Thrift IDL, found `$`", 2],
  ["a 😀", "expected a token of the Thrift IDL, found `😀`", 2],
  ["- 5", "expected a digit after -", 0],
  ["\ufeffstruct", "expected UTF-8 without a byte order mark", 0],
];

for (const [text, message, offset] of refused) {
  Deno.test(`tokenize refuses ${JSON.stringify(text)}: ${message}`, () => {
    const error = assertThrows(() => tokensOf(text), IdlError);
    assertEquals(error.diagnostics.map((diagnostic) => [diagnostic.message, diagnostic.offset]), [[
      message,
      offset,
    ]]);
  });
}

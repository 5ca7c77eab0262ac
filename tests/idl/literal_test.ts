import { assertEquals } from "@std/assert";
import { literalBytes, literalText } from "../../src/idl/literal.ts";

const texts: readonly (readonly [string, string])[] = [
  ['""', ""],
  ["'plain'", "plain"],
  [`'say "hi"'`, 'say "hi"'],
  [String.raw`'it\'s'`, "it's"],
  [String.raw`"it\'s \"so\""`, `it's "so"`],
  [String.raw`"a\\n"`, "a\\n"],
  [String.raw`"\a\b\f\n\r\t\v"`, "\x07\b\f\n\r\t\v"],
  [String.raw`"\x41\u00e9\U0001F600\101"`, "Aé😀A"],
  [String.raw`"\xc3\xa9"`, "é"],
  [String.raw`"\q \x4 \u12 \U00110000 \9"`, String.raw`\q \x4 \u12 \U00110000 \9`],
  ['"line\nbreak"', "line\nbreak"],
  ['"日本"', "日本"],
];

for (const [literal, expected] of texts) {
  Deno.test(`The literal ${JSON.stringify(literal)} is the text ${JSON.stringify(expected)}`, () => {
    assertEquals(literalText(literal), expected);
  });
}

Deno.test("A literal that is not UTF-8 has bytes, but no text", () => {
  assertEquals(literalBytes(String.raw`"a\xff\000"`), Uint8Array.of(97, 255, 0));
  assertEquals(literalText(String.raw`"a\xff"`), undefined);
});

Deno.test("An escape of half a surrogate pair is no text, as it is none to the Go compiler", () => {
  for (const literal of ['"\\ud800"', '"\\udfff"', '"\\ud83d\\ude00"', '"\\U0000d800"']) {
    assertEquals(literalText(literal), undefined);
  }
  assertEquals(literalText('"\\ud7ff\\ue000"'), "\ud7ff\ue000");
});

/**
 * Text of an IDL stays text in the module that is made of it: whatever it holds, it gets out of no comment and no
 * quotes. The modules are run, with code in their texts that calls `$`.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { escapeHidden } from "../../src/idl/hidden.ts";
import { moduleOf } from "./support.ts";

/** An IDL with this text in every place that a text can be in. Each comment that is kept has a number, `@1` to `@20`. */
function idlWith(text: string): string {
  const double = `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const single = `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const line = text.replace(/[\r\n]/g, "");
  const block = text.replaceAll("*/", "* /");
  return `// @1 ${line}

# @2 ${line}

/* @3 ${block} */

namespace go x (a = ${double}, b = ${single}) // ${line}
cpp_include ${double}

/** @4 ${block} */
const string DOUBLE = ${double} // @5 ${line}

// @6 ${line}

/*
 * @7 below:
 * ${block}
 */

# @8 ${line}
const string SINGLE = ${single} (deprecated = ${double}, other = ${single})
const list<string> LIST = [${double}, ${single}]
const map<string, string> MAP = {${double}: ${single}} # @9 ${line}

/** @10 ${block} */
typedef list<i32> cpp_type ${double} Numbers (a = ${single}) // @11 ${line}

enum E { // @12 ${line}
  /* @13 ${block} */
  A = 1 (deprecated = ${single}) # @14 ${line}
} (deprecated = ${double})

struct S { /* @15 ${block} */
  1: string text = ${double} (deprecated = ${single}) // @16 ${line}
  # @17 ${line}
  2: map<string, string> other = {${single}: ${double}}
} (a = ${double})
const S STRUCT = {"text": ${single}}

union U {
  // @18 ${line}
  1: string text (deprecated = ${double}) /* @19 ${block} */
}
const U UNION = {"text": ${double}}

service V {
  /** @20 ${block} */
  S f(1: S s) (streaming.mode = "client", deprecated = ${single}) // ${line}
}`;
}

/** Makes the module and runs it. */
async function check(text: string): Promise<void> {
  const code = moduleOf(idlWith(text));
  let ran = false;
  Object.defineProperty(globalThis, "$", { configurable: true, value: () => ran = true });
  const url = URL.createObjectURL(new Blob([code], { type: "application/typescript" }));
  try {
    const { DOUBLE, SINGLE, LIST, MAP, S, STRUCT, UNION, V } = await import(url);
    assertEquals(ran, false, "the text was run");
    // UTF-8 has no halves of surrogate pairs.
    const meant = text.toWellFormed();
    assertEquals([DOUBLE, SINGLE, ...LIST], [meant, meant, meant, meant]);
    assertEquals(MAP, new Map([[meant, meant]]));
    const struct = { text: meant, other: new Map([[meant, meant]]) };
    assertEquals([S.create(), STRUCT, UNION], [struct, struct, { text: meant }]);
    assertEquals(Object.keys(V.methods), ["f"]);
  } finally {
    URL.revokeObjectURL(url);
    Reflect.deleteProperty(globalThis, "$");
  }
  for (let place = 1; place <= 20; place++) assertMatch(code, new RegExp(`@${place}(?!\\d)`));
  const hidden = /(?![\n\t])\p{Cc}|[\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\ufeff]/gu;
  assertEquals(code.match(hidden), null);
}

/** Ways out of a comment, of quotes or of a template, or to make a reader see them where there are none. */
const exits: readonly string[] = [
  ...["\u2028", "\u2029", "\r", "\n", "\r\n", "\x85", "\v", "\f", "\0", "\x1b[2K", "\ufeff", "\u2028*"],
  ...[
    "*/",
    "**/",
    "*\u2028/",
    "*\0/",
    "*\\/",
    "\\*/",
    "\\u002a/",
    "\\u{2a}\\u{2f}",
    "*/*",
    "/**/",
    "/*",
    "//",
  ],
  ...[
    '"',
    "'",
    "`",
    "\"'`",
    '\\"',
    "\\'",
    "\\\\'",
    '\\\\"',
    "\\",
    "\\\\",
    "\\\n",
    "\\\u2028",
    "${",
    "\\${",
    "`${",
  ],
  ...[
    "\\u2028",
    "\\u000a",
    "\\n",
    "\\x0a",
    "\\12",
    "<!--",
    "-->",
    "\n-->",
    "</script>",
    "]]>",
    "#!",
    "{@link ",
  ],
  ...["\ud800", "\udfff", "\udc00\ud800", "\u202e", "\u202e*/", "\u2066", "\u2069", "\u061c", "\u{e0001}"],
];

for (const exit of exits) {
  Deno.test(`No code gets out of a module's texts behind ${escapeHidden(JSON.stringify(exit))}`, async () => {
    for (const end of ["$();", "$() //", "+$()+", "$()}/*", "\n$();\n//"]) await check(exit + end + exit);
  });
}

/** How many code points each module has in all of its texts. */
const BLOCK = 0x4000;

for (let start = 0; start <= 0x10ffff; start += BLOCK) {
  const range = `U+${start.toString(16)} to U+${(start + BLOCK - 1).toString(16)}`;
  Deno.test(`No code gets out of a module's texts behind any character from ${range}`, async () => {
    const characters = Array.from({ length: BLOCK }, (_, at) => String.fromCodePoint(start + at));
    // Letters, and what Unicode has no character for, end nothing: code behind the others is enough.
    const mute = /[\p{L}\p{Cn}\p{Co}]/u;
    // A blank, so that two halves are no pair.
    await check(characters.map((one) => mute.test(one) ? one : `${one} $();`).join(""));
  });
}

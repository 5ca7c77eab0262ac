import { assert, assertInstanceOf } from "@std/assert";
import { IdlError } from "../../src/idl/diagnostic.ts";
import { tokenize } from "../../src/idl/lexer.ts";
import { Source } from "../../src/idl/source.ts";
import { generateFrom } from "./support.ts";

const readGolden = (path: string) => Deno.readTextFileSync(new URL(`golden/${path}`, import.meta.url));

const shared = {
  "shared.thrift": readGolden("shared.thrift"),
  "more/shared.thrift": readGolden("more/shared.thrift"),
};
const text = readGolden("everything.thrift");
const tokens = tokenize(new Source("everything.thrift", text)).slice(0, -1);

/** Makes a module of the text or is told, with a place in the file, why that cannot be: there is no third way. */
function generateOrRefuse(changed: string): "made" | "refused" {
  try {
    generateFrom({ "everything.thrift": changed, ...shared });
    return "made";
  } catch (error) {
    assertInstanceOf(error, IdlError);
    for (const { source, offset, message } of error.diagnostics) {
      assert(offset >= 0 && offset <= source.text.length, message);
    }
    return "refused";
  }
}

/** What is done to each token in turn, and the text that it leaves. */
const changes: readonly (readonly [string, (start: number, end: number, index: number) => string])[] = [
  ["cut off before", (start) => text.slice(0, start)],
  ["without", (start, end) => text.slice(0, start) + text.slice(end)],
  ["with a second copy of", (start, end) => `${text.slice(0, end)} ${text.slice(start)}`],
  [
    "with another token in place of",
    (start, end, index) =>
      text.slice(0, start) + tokens[(index * 7 + 3) % tokens.length]?.text + text.slice(end),
  ],
];

for (const [what, change] of changes) {
  Deno.test(`An IDL ${what} any of its tokens is generated from or refused`, () => {
    const outcomes = tokens.map(({ start, end }, index) => generateOrRefuse(change(start, end, index)));
    assert(outcomes.includes("made") && outcomes.includes("refused"), outcomes.join(" "));
  });
}

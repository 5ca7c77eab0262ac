import { STRUCT_BYTES } from "./absent.ts";
import {
  expectWire,
  type FieldReader,
  inShapeOrder,
  type Reader,
  skipField,
  valueOfAbsent,
} from "./decode.ts";
import { type FieldWriter, ownProperty, propertiesOf, writeFieldHeader, type Writer } from "./encode.ts";
import { inField } from "./errors.ts";
import { enter } from "./input.ts";

// A struct's properties are the one thing that a loop cannot reach fast: `source[name]`, with another name each
// time, cannot be optimized. So the function over a struct's fields is generated, once per struct, and nothing
// else; the loops in encode.ts and decode.ts do the same where that is forbidden. The source consists of numbers
// and of names as JSON strings: no text of a message, and none of a definition outside of quotes.

/** Whether this program may generate code from strings: a Content Security Policy or a flag of V8's can forbid it. */
export function canGenerateCode(): boolean {
  try {
    new Function("");
    return true;
  } catch (error) {
    if (error instanceof EvalError) return false;
    throw error;
  }
}

/** Runs `source`, which returns a function, with `scope` in its scope. */
function evaluate(source: string, scope: Readonly<Record<string, unknown>>): unknown {
  return new Function(...Object.keys(scope), `"use strict";\n${source}`)(...Object.values(scope));
}

/** The writer of a struct as straight code. */
export function generatedStructWriter(fields: readonly FieldWriter[]): Writer {
  const scope: Record<string, unknown> = { propertiesOf, ownProperty, writeFieldHeader, enter, inField };
  const statements = fields.map(({ name, id, wire, optional, inherited, write }, i) => {
    scope[`write${i}`] = write;
    const key = JSON.stringify(name);
    const writing = `writeFieldHeader(buffer, ${wire}, ${id}); write${i}(value, buffer, inside);`;
    return `
    current = ${key};
    value = ${inherited ? `ownProperty(source, ${key})` : `source[${key}]`};
    ${optional ? `if (value !== undefined) { ${writing} }` : writing}`;
  });
  const source = `return function writeStruct(message, buffer, depth) {
  const source = propertiesOf(message);
  const inside = enter(depth);
  let current, value;
  try {${statements.join("")}
  } catch (error) {
    throw inField(current, error);
  }
  buffer.writeUint8(0);
};`;
  return evaluate(source, scope) as Writer;
}

/** The reader of a struct as straight code. */
export function generatedStructReader(fields: readonly FieldReader[]): Reader {
  const scope: Record<string, unknown> = { enter, skipField, expectWire, valueOfAbsent, inField };
  const ordered = inShapeOrder(fields);
  const cases: string[] = [];
  const defaults: string[] = [];
  const always: string[] = [];
  const optional: string[] = [];
  for (const [i, reader] of ordered.entries()) {
    const { name, id, wire, field, read } = reader;
    scope[`read${i}`] = read;
    const key = JSON.stringify(name);
    cases.push(`
        case ${id}:
          current = ${key};
          if (wire !== ${wire}) expectWire(wire, ${wire});
          value${i} = read${i}(input, inside);
          break;`);
    if (field.requiredness === "optional" && field.default === undefined) {
      optional.push(`
    if (value${i} !== undefined) message[${key}] = value${i};`);
      continue;
    }
    scope[`field${i}`] = reader;
    always.push(`${key}: value${i}`);
    defaults.push(`
    if (value${i} === undefined) {
      current = ${key};
      value${i} = valueOfAbsent(field${i}, input);
    }`);
  }
  const source = `return function readStruct(input, depth) {
  const inside = enter(depth);
  let current${ordered.map((_, i) => `, value${i}`).join("")};
  try {
    let wire = input.wire();
    if (wire === 0) input.fill(${STRUCT_BYTES});
    for (; wire !== 0; wire = input.wire()) {
      const id = input.fieldId();
      switch (id) {${cases.join("")}
        default:
          skipField(input, wire, id, inside);
      }
      current = undefined;
    }${defaults.join("")}
    const message = { ${always.join(", ")} };${optional.join("")}
    return message;
  } catch (error) {
    throw inField(current, error);
  }
};`;
  return evaluate(source, scope) as Reader;
}

import type { Annotation, BaseType, TypeNode, ValueNode } from "./ast.ts";
import type { Token } from "./lexer.ts";
import type { TokenReader } from "./token_reader.ts";

const BASE_TYPES: ReadonlyMap<string, BaseType> = new Map([
  ["bool", "bool"],
  ["byte", "byte"],
  ["i8", "byte"],
  ["i16", "i16"],
  ["i32", "i32"],
  ["i64", "i64"],
  ["double", "double"],
  ["string", "string"],
  ["binary", "binary"],
]);

/** Nested deeper than this a type or a value is a mistake, and would end in a stack overflow. */
const MAX_DEPTH = 64;

/**
 * Reads a type and its annotations, which say nothing to this generator.
 *
 * @param annotations Reads the annotations that may follow.
 */
export function parseType(tokens: TokenReader, annotations: () => Annotation[], depth = 0): TypeNode {
  const token = tokens.peek();
  if (depth > MAX_DEPTH) throw tokens.error(`expected at most ${MAX_DEPTH} types in each other`, token);
  const { text } = tokens.identifier("a type");
  const offset = token.start;
  const nested = () => parseType(tokens, annotations, depth + 1);
  const base = BASE_TYPES.get(text);
  let type: TypeNode;
  if (base !== undefined) {
    type = { kind: "base", base, offset };
  } else if (text === "list") {
    tokens.punctuation("<");
    const element = nested();
    tokens.punctuation(">");
    skipCppType(tokens);
    type = { kind: "list", element, offset };
  } else if (text === "set") {
    skipCppType(tokens);
    tokens.punctuation("<");
    const element = nested();
    tokens.punctuation(">");
    type = { kind: "set", element, offset };
  } else if (text === "map") {
    skipCppType(tokens);
    tokens.punctuation("<");
    const key = nested();
    tokens.punctuation(",");
    const value = nested();
    tokens.punctuation(">");
    type = { kind: "map", key, value, offset };
  } else {
    type = { kind: "named", name: text, offset };
  }
  annotations();
  return type;
}

function skipCppType(tokens: TokenReader): void {
  // Without a literal behind it, it is the name of a field.
  if (tokens.peek(1).kind === "literal" && tokens.skip("cpp_type")) tokens.literal("a C++ type in quotes");
}

/** Reads the value of a constant or a default. */
export function parseValue(tokens: TokenReader, depth = 0): ValueNode {
  const token = tokens.peek();
  if (depth > MAX_DEPTH) throw tokens.error(`expected at most ${MAX_DEPTH} values in each other`, token);
  const offset = token.start;
  switch (token.kind) {
    case "integer":
      return { kind: "integer", value: parseInteger(tokens, tokens.take()), offset };
    case "double":
      return { kind: "double", value: Number(tokens.take().text), offset };
    case "literal":
      return { kind: "literal", literal: tokens.take().text, offset };
    case "identifier":
      return { kind: "identifier", name: tokens.take().text, offset };
    case "punctuation":
    case "end":
      break;
  }
  if (tokens.skip("[")) {
    const items: ValueNode[] = [];
    while (!tokens.skip("]")) {
      items.push(parseValue(tokens, depth + 1));
      tokens.skipSeparator();
    }
    return { kind: "list", items, offset };
  }
  if (tokens.skip("{")) {
    const entries: { key: ValueNode; value: ValueNode }[] = [];
    while (!tokens.skip("}")) {
      const key = parseValue(tokens, depth + 1);
      tokens.punctuation(":");
      entries.push({ key, value: parseValue(tokens, depth + 1) });
      tokens.skipSeparator();
    }
    return { kind: "map", entries, offset };
  }
  throw tokens.expected("a value", token);
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** An integer as Go reads it: `0x` hexadecimal, `0o` or a leading zero octal; at most 64 bits. */
export function parseInteger(tokens: TokenReader, token: Token): bigint {
  const [, sign = "", digits = ""] = /^([+-]?)(.*)$/.exec(token.text) ?? [];
  const octal = /^0[0-9]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  if (/^0o.*[89]/.test(octal)) throw tokens.expected("octal digits after a leading zero", token);
  if (/^0x/.test(octal) && !/^0x[0-9A-Fa-f]+$/.test(octal)) {
    throw tokens.expected("hexadecimal digits after `0x`", token);
  }
  const value = sign === "-" ? -BigInt(octal) : BigInt(octal);
  if (value < INT64_MIN || value > INT64_MAX) throw tokens.expected("an integer of 64 bits", token);
  return value;
}

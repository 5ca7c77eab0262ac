import { IdlError } from "./diagnostic.ts";
import type { Source } from "./source.ts";

/** A comment as it stands in the file, with its marks. */
export interface Comment {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type TokenKind = "identifier" | "integer" | "double" | "literal" | "punctuation" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As it stands in the file; a literal with its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The comments between the token before and this one. */
  readonly comments: readonly Comment[];
}

// The shapes are those of thriftgo's grammar: identifiers may hold dots, `1.` is no double, a backslash in a
// literal hides the quote behind it. The order matters: a double begins like an integer.
const SPACE = /[ \t\v\r\n]+/y;
const COMMENT = /\/\*[^]*?\*\/|\/\/[^\r\n]*|#[^\r\n]*/y;
const TOKENS: readonly (readonly [TokenKind, RegExp])[] = [
  ["identifier", /[A-Za-z_][A-Za-z0-9_.]*/y],
  ["double", /[+-]?(?:[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)/y],
  ["integer", /0x[0-9A-Za-z]+|0o[0-9]+|[+-]?[0-9]+/y],
  ["literal", /"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'/y],
  ["punctuation", /[{}()[\]<>=,;:*&]/y],
];

/**
 * Splits a file into tokens, the last of which is the end of the file.
 *
 * @throws {IdlError} At a character that no token begins with.
 */
export function tokenize(source: Source): Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  let comments: Comment[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  next: while (at < text.length) {
    const space = match(SPACE);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const comment = match(COMMENT);
    if (comment !== undefined) {
      comments.push({ text: comment, start: at, end: at + comment.length });
      at += comment.length;
      continue;
    }
    for (const [kind, pattern] of TOKENS) {
      const found = match(pattern);
      if (found === undefined) continue;
      tokens.push({ kind, text: found, start: at, end: at + found.length, comments });
      comments = [];
      at += found.length;
      continue next;
    }
    throw new IdlError([{ source, offset: at, message: unexpected(text, at) }]);
  }
  tokens.push({ kind: "end", text: "", start: text.length, end: text.length, comments });
  return tokens;
}

function unexpected(text: string, at: number): string {
  const found = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (found === '"' || found === "'") return `expected a closing ${found} before the end of the file`;
  if (text.startsWith("/*", at)) return "expected a closing */ before the end of the file";
  if (found === "\ufeff") return "expected UTF-8 without a byte order mark";
  if (found === "-" || found === "+") return `expected a digit after ${found}`;
  return `expected a token of the Thrift IDL, found \`${found}\``;
}

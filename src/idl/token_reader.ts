import type { Name } from "./ast.ts";
import { commentLines } from "./comment.ts";
import { IdlError } from "./diagnostic.ts";
import type { Comment, Token } from "./lexer.ts";
import type { Source } from "./source.ts";

/** The tokens of a file in order, and the errors about them. */
export class TokenReader {
  readonly #source: Source;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #at = 0;
  /** Comments before this offset have been given to the token before them. */
  #takenUntil = 0;

  constructor(source: Source, tokens: readonly Token[]) {
    const end = tokens.at(-1);
    if (end === undefined) throw new TypeError("tokens end with an end token");
    this.#source = source;
    this.#tokens = tokens;
    this.#end = end;
  }

  /** The next token, or the one `ahead` of it. */
  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? this.#end;
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  /** Takes the next token if it is this keyword or punctuation. */
  skip(text: string): boolean {
    const token = this.peek();
    if (token.text !== text || token.kind === "literal") return false;
    this.take();
    return true;
  }

  skipSeparator(): void {
    if (!this.skip(",")) this.skip(";");
  }

  punctuation(text: string): void {
    if (!this.skip(text)) throw this.expected(`\`${text}\``);
  }

  identifier(what: string): Name {
    const token = this.#take("identifier", what);
    return { text: token.text, offset: token.start };
  }

  literal(what: string): Token {
    return this.#take("literal", what);
  }

  integer(what: string): Token {
    return this.#take("integer", what);
  }

  #take(kind: Token["kind"], what: string): Token {
    const token = this.peek();
    if (token.kind !== kind) throw this.expected(what, token);
    return this.take();
  }

  /** The comments before the next token that belong to it. */
  leadingComments(): Comment[] {
    return this.peek().comments.filter(({ start }) => start >= this.#takenUntil);
  }

  /** The lines of the comments after the token just taken, on its line. */
  takeTrailingComments(): string[] {
    let end = this.#tokens[this.#at - 1]?.end ?? 0;
    const lines: string[] = [];
    for (const comment of this.leadingComments()) {
      if (/[\r\n]/.test(this.#source.text.slice(end, comment.start))) break;
      lines.push(...commentLines(comment.text));
      end = comment.end;
      this.#takenUntil = end;
    }
    return lines;
  }

  expected(what: string, token: Token = this.peek()): IdlError {
    const found = token.kind === "end" ? "the end of the file" : `\`${shorten(token.text)}\``;
    return this.error(`expected ${what}, found ${found}`, token);
  }

  error(message: string, token: Token): IdlError {
    return new IdlError([{ source: this.#source, offset: token.start, message }]);
  }
}

function shorten(text: string): string {
  const [line = ""] = text.split(/[\r\n]/, 1);
  return line.length < text.length || line.length > 40 ? `${line.slice(0, 40)}…` : line;
}

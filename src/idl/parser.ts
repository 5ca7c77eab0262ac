import type {
  Annotation,
  ConstDefinition,
  Definition,
  Doc,
  Document,
  EnumDefinition,
  EnumMember,
  FieldNode,
  FunctionNode,
  Include,
  Name,
  ServiceDefinition,
  StructCategory,
  StructDefinition,
  TypedefDefinition,
  TypeNode,
} from "./ast.ts";
import { commentGroups } from "./comment.ts";
import { type Token, tokenize } from "./lexer.ts";
import { literalText } from "./literal.ts";
import type { Source } from "./source.ts";
import { parseInteger, parseType, parseValue } from "./parse_value.ts";
import { TokenReader } from "./token_reader.ts";

/**
 * Reads one file by the grammar of thriftgo v0.4.5 (its `parser/thrift.peg`).
 *
 * @throws {IdlError} At the first token that the grammar has no place for.
 */
export function parse(source: Source): Document {
  return new Parser(source, new TokenReader(source, tokenize(source))).document();
}

const DEFINITIONS = "`const`, `typedef`, `enum`, `struct`, `union`, `exception` or `service`";
const HEADERS = new Set(["include", "cpp_include", "namespace"]);

class Parser {
  readonly #source: Source;
  readonly #tokens: TokenReader;

  constructor(source: Source, tokens: TokenReader) {
    this.#source = source;
    this.#tokens = tokens;
  }

  document(): Document {
    const tokens = this.#tokens;
    const comments: string[] = [];
    const addComments = (groups: readonly Doc[]) => {
      for (const group of groups) comments.push(...comments.length > 0 ? ["", ...group] : group);
    };
    const includes: Include[] = [];
    while (HEADERS.has(tokens.peek().text)) {
      addComments(this.#groups(tokens.peek()).groups);
      const include = this.#header();
      if (include !== undefined && !includes.some(({ path }) => path === include.path)) {
        includes.push(include);
      }
      tokens.takeTrailingComments();
    }
    const definitions: Definition[] = [];
    while (tokens.peek().kind !== "end") {
      const { groups, attached } = this.#groups(tokens.peek());
      const doc = attached ? groups.pop() ?? [] : [];
      const first = definitions.length === 0 && includes.length === 0 && comments.length === 0;
      if (first) addComments(groups);
      definitions.push(this.#definition(doc, first ? [] : groups));
    }
    return { source: this.#source, comments, includes, definitions };
  }

  #groups(next: Token): { groups: string[][]; attached: boolean } {
    return commentGroups(this.#source.text, this.#tokens.leadingComments(), next.start);
  }

  #header(): Include | undefined {
    const tokens = this.#tokens;
    const keyword = tokens.take().text;
    if (keyword === "namespace") {
      if (!tokens.skip("*")) tokens.identifier("a language or `*`");
      tokens.identifier("the name of the namespace");
      this.#annotations();
      return undefined;
    }
    const token = tokens.literal(keyword === "include" ? "the path of an IDL in quotes" : "a path in quotes");
    const path = this.#literal(token);
    return keyword === "include" && path !== "" ? { path, offset: token.start } : undefined;
  }

  #definition(doc: Doc, detached: readonly Doc[]): Definition {
    const tokens = this.#tokens;
    const token = tokens.peek();
    switch (token.text) {
      case "const":
        tokens.take();
        return this.#const(doc, detached);
      case "typedef":
        tokens.take();
        return this.#typedef(doc, detached);
      case "enum":
        tokens.take();
        return this.#enum(doc, detached);
      case "struct":
      case "union":
      case "exception":
        tokens.take();
        return this.#struct(token.text, doc, detached);
      case "service":
        tokens.take();
        return this.#service(doc, detached);
    }
    if (HEADERS.has(token.text)) {
      throw tokens.error(`expected \`${token.text}\` before the first definition`, token);
    }
    if (token.text === "senum") throw tokens.error("expected `enum`: there is no `senum`", token);
    throw tokens.expected(DEFINITIONS, token);
  }

  #const(doc: Doc, detached: readonly Doc[]): ConstDefinition {
    const tokens = this.#tokens;
    const type = this.#type();
    const name = tokens.identifier("the name of the constant");
    tokens.punctuation("=");
    const value = parseValue(tokens);
    tokens.skipSeparator();
    const annotations = this.#annotations();
    return { kind: "const", name, type, value, doc: this.#withTrailing(doc), detached, annotations };
  }

  #typedef(doc: Doc, detached: readonly Doc[]): TypedefDefinition {
    const type = this.#type();
    const name = this.#tokens.identifier("the name of the typedef");
    const annotations = this.#annotations();
    return { kind: "typedef", name, type, doc: this.#withTrailing(doc), detached, annotations };
  }

  #enum(doc: Doc, detached: readonly Doc[]): EnumDefinition {
    const tokens = this.#tokens;
    const name = tokens.identifier("the name of the enum");
    tokens.punctuation("{");
    const opened = this.#withTrailing(doc);
    const members: EnumMember[] = [];
    while (!tokens.skip("}")) members.push(this.#member(members.at(-1)));
    const annotations = this.#annotations();
    tokens.takeTrailingComments();
    return { kind: "enum", name, members, doc: opened, detached, annotations };
  }

  #member(previous: EnumMember | undefined): EnumMember {
    const tokens = this.#tokens;
    const doc = this.#leading();
    const name = tokens.identifier("the name of a value or `}`");
    let value = previous === undefined ? 0n : previous.value + 1n;
    let valueOffset = name.offset;
    if (tokens.skip("=")) {
      const token = tokens.integer("an integer");
      value = parseInteger(tokens, token);
      valueOffset = token.start;
    }
    const annotations = this.#annotations();
    tokens.skipSeparator();
    return { name, value, valueOffset, doc: this.#withTrailing(doc), annotations };
  }

  #struct(category: StructCategory, doc: Doc, detached: readonly Doc[]): StructDefinition {
    const tokens = this.#tokens;
    const name = tokens.identifier(`the name of the ${category}`);
    if (tokens.peek().text === "xsd_all") {
      throw tokens.error("expected `{`: there is no `xsd_all`", tokens.peek());
    }
    tokens.punctuation("{");
    const opened = this.#withTrailing(doc);
    const fields = this.#fields("}");
    const annotations = this.#annotations();
    tokens.takeTrailingComments();
    return { kind: "struct", category, name, fields, doc: opened, detached, annotations };
  }

  #service(doc: Doc, detached: readonly Doc[]): ServiceDefinition {
    const tokens = this.#tokens;
    const name = tokens.identifier("the name of the service");
    const parent = tokens.skip("extends") ? tokens.identifier("the service that it extends") : undefined;
    tokens.punctuation("{");
    const opened = this.#withTrailing(doc);
    const functions: FunctionNode[] = [];
    while (!tokens.skip("}")) functions.push(this.#function());
    const annotations = this.#annotations();
    tokens.takeTrailingComments();
    return { kind: "service", name, parent, functions, doc: opened, detached, annotations };
  }

  #function(): FunctionNode {
    const tokens = this.#tokens;
    const doc = this.#leading();
    const start = tokens.peek();
    if (start.text === "async" && tokens.peek(2).text !== "(") {
      throw tokens.error("expected `oneway`: there is no `async`", start);
    }
    const oneway = tokens.skip("oneway");
    if (tokens.peek().kind !== "identifier") throw tokens.expected("the type of a method's result or `}`");
    const result = tokens.skip("void") ? undefined : this.#type();
    const name = tokens.identifier("the name of the method");
    tokens.punctuation("(");
    const parameters = this.#fields(")");
    let throws: FieldNode[] = [];
    if (tokens.skip("throws")) {
      tokens.punctuation("(");
      throws = this.#fields(")");
    }
    const annotations = this.#annotations();
    tokens.skipSeparator();
    return { name, oneway, result, parameters, throws, doc: this.#withTrailing(doc), annotations };
  }

  #fields(closing: "}" | ")"): FieldNode[] {
    const fields: FieldNode[] = [];
    while (!this.#tokens.skip(closing)) fields.push(this.#field(closing, fields.at(-1)));
    return fields;
  }

  #field(closing: "}" | ")", previous: FieldNode | undefined): FieldNode {
    const tokens = this.#tokens;
    const doc = this.#leading();
    const start = tokens.peek();
    if (start.kind !== "integer" && start.kind !== "identifier") {
      throw tokens.expected(`a field or \`${closing}\``, start);
    }
    // As in thriftgo a field without an id gets the one after the field before it.
    let id = previous === undefined ? 1 : previous.id + 1;
    if (start.kind === "integer") {
      tokens.take();
      if (!/^[+-]?[0-9]+$/.test(start.text)) throw tokens.expected("a decimal field id", start);
      id = Number(start.text);
      tokens.punctuation(":");
    }
    const requiredness = tokens.skip("required")
      ? "required"
      : tokens.skip("optional")
      ? "optional"
      : "default";
    const type = this.#type();
    if (tokens.peek().text === "&") {
      throw tokens.error(
        "expected the name of the field: there is no `&`, structs may hold themselves",
        tokens.peek(),
      );
    }
    const name = tokens.identifier("the name of the field");
    const value = tokens.skip("=") ? parseValue(tokens) : undefined;
    const annotations = this.#annotations();
    tokens.skipSeparator();
    const idOffset = start.kind === "integer" ? start.start : name.offset;
    return { id, idOffset, requiredness, type, name, value, doc: this.#withTrailing(doc), annotations };
  }

  #type(): TypeNode {
    return parseType(this.#tokens, () => this.#annotations());
  }

  #annotations(): Annotation[] {
    const tokens = this.#tokens;
    const annotations: Annotation[] = [];
    if (!tokens.skip("(")) return annotations;
    while (!tokens.skip(")")) {
      const key: Name = tokens.identifier("the name of an annotation or `)`");
      tokens.punctuation("=");
      const token = tokens.literal("the annotation's value in quotes");
      annotations.push({ key: key.text, value: this.#literal(token), offset: token.start });
      tokens.skipSeparator();
    }
    return annotations;
  }

  #literal(token: Token): string {
    const text = literalText(token.text);
    if (text === undefined) throw this.#tokens.error("expected text that is UTF-8", token);
    return text;
  }

  #leading(): Doc {
    return this.#tokens.leadingComments().length === 0
      ? []
      : this.#groups(this.#tokens.peek()).groups.reduce((all, group) => [...all, "", ...group]);
  }

  /** `doc` and the comments on the rest of the line. */
  #withTrailing(doc: Doc): Doc {
    const trailing = this.#tokens.takeTrailingComments();
    return trailing.length === 0 || doc.length === 0 ? [...doc, ...trailing] : [...doc, "", ...trailing];
  }
}

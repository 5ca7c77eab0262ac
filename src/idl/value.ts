import type { ConstDefinition, FieldNode, StructDefinition, ValueNode } from "./ast.ts";
import { literalBytes, literalText } from "./literal.ts";
import type { Module } from "./load.ts";
import { sameType, type Type, typeName, type Value } from "./model.ts";
import { requirednessOf } from "./requiredness.ts";
import type { Referent, Resolver } from "./resolve.ts";

const INTEGER_BITS = { byte: 8, i16: 16, i32: 32, enum: 32, i64: 64 } as const;

type IntegerKind = keyof typeof INTEGER_BITS;

/**
 * Turns the values of an IDL into values of the types they are wanted for, as the Go generator of thriftgo does
 * (its `generator/golang/resolver.go`): `1` and `0` are booleans, `true` and `false` numbers, an enum takes any
 * integer. Where it takes an empty container for a value of the wrong type, this is an error here.
 */
export class Evaluator {
  readonly #resolver: Resolver;
  readonly #constants = new Map<ConstDefinition, Value | undefined>();
  readonly #openConstants = new Set<ConstDefinition>();
  readonly #defaults = new Map<FieldNode, Value | undefined>();
  readonly #openDefaults = new Set<FieldNode>();
  /** Structs whose missing fields are being filled in. */
  readonly #openStructs = new Set<StructDefinition>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  /** The value of a constant; `undefined` where it is wrong, which has been reported. */
  constant(module: Module, definition: ConstDefinition): Value | undefined {
    if (this.#constants.has(definition)) return this.#constants.get(definition);
    this.#openConstants.add(definition);
    const type = this.#resolver.type(module, definition.type);
    const value = type && this.#value(module, type, definition.value);
    this.#openConstants.delete(definition);
    this.#constants.set(definition, value);
    return value;
  }

  /** The default of a field; `undefined` where it has none, or a wrong one. */
  default(module: Module, field: FieldNode): Value | undefined {
    if (field.value === undefined) return undefined;
    if (!this.#defaults.has(field)) {
      this.#openDefaults.add(field);
      const type = this.#resolver.type(module, field.type);
      this.#defaults.set(field, type && this.#value(module, type, field.value));
      this.#openDefaults.delete(field);
    }
    return this.#defaults.get(field);
  }

  #value(module: Module, type: Type, node: ValueNode): Value | undefined {
    if (node.kind === "identifier") return this.#identifier(module, type, node);
    switch (type.kind) {
      case "bool":
        if (node.kind === "integer" || node.kind === "double") return { kind: "bool", value: node.value > 0 };
        break;
      case "byte":
      case "i16":
      case "i32":
      case "i64":
      case "enum":
        if (node.kind === "integer") return this.#integer(module, type, type.kind, node.value, node.offset);
        break;
      case "double":
        if (node.kind === "integer" || node.kind === "double") {
          return { kind: "number", value: Number(node.value) };
        }
        break;
      case "string":
        if (node.kind === "literal") {
          const value = literalText(node.literal);
          if (value !== undefined) return { kind: "string", value };
          return this.#complain(module, node.offset, "expected text that is UTF-8, or the type binary");
        }
        break;
      case "binary":
        if (node.kind === "literal") return { kind: "binary", bytes: literalBytes(node.literal) };
        break;
      case "list":
      case "set":
        if (node.kind === "list" || isEmpty(node)) return this.#items(module, type, node);
        break;
      case "map":
        if (node.kind === "map" || isEmpty(node)) return this.#entries(module, type, node);
        break;
      case "struct":
        if (node.kind === "map") return this.#struct(module, type, node);
        break;
    }
    return this.#complain(
      module,
      node.offset,
      `expected a value of type ${typeName(type)}, found ${describe(node)}`,
    );
  }

  #integer(
    module: Module,
    type: Type,
    kind: IntegerKind,
    value: bigint,
    offset: number,
  ): Value | undefined {
    const bits = INTEGER_BITS[kind];
    if (BigInt.asIntN(bits, value) !== value) {
      return this.#complain(module, offset, `expected an integer of ${bits} bits, found ${value}`);
    }
    if (type.kind === "i64") return { kind: "bigint", value };
    if (type.kind === "enum") {
      const member = type.definition.members.find((member) => member.value === value);
      if (member !== undefined) {
        return { kind: "member", module: type.module, definition: type.definition, member: member.name.text };
      }
    }
    return { kind: "number", value: Number(value) };
  }

  #identifier(module: Module, type: Type, node: ValueNode & { kind: "identifier" }): Value | undefined {
    const { name, offset } = node;
    if (name === "true" || name === "false") {
      if (type.kind === "bool") return { kind: "bool", value: name === "true" };
      const number = name === "true" ? 1 : 0;
      if (type.kind === "double") return { kind: "number", value: number };
      if (type.kind in INTEGER_BITS && type.kind !== "enum") {
        return type.kind === "i64"
          ? { kind: "bigint", value: BigInt(number) }
          : { kind: "number", value: number };
      }
      return this.#complain(module, offset, `expected a value of type ${typeName(type)}, found ${name}`);
    }
    const [referent, ...others] = this.#resolver.referents(module, name);
    if (referent === undefined) {
      return this.#complain(
        module,
        offset,
        `expected a constant or the value of an enum: ${name} is not defined`,
      );
    }
    if (others.length > 0) {
      return this.#complain(
        module,
        offset,
        `expected one constant or value of an enum: ${name} may mean ${others.length + 1}`,
      );
    }
    return referent.kind === "member"
      ? this.#member(module, type, referent, offset)
      : this.#reference(module, type, referent, offset);
  }

  #member(
    module: Module,
    type: Type,
    referent: Extract<Referent, { kind: "member" }>,
    offset: number,
  ): Value | undefined {
    const value = referent.definition.members.find(({ name }) => name.text === referent.member)?.value ?? 0n;
    switch (type.kind) {
      case "enum":
        if (type.definition === referent.definition) return referent;
        return this.#integer(module, type, type.kind, value, offset);
      case "byte":
      case "i16":
      case "i32":
        return this.#integer(module, type, type.kind, value, offset) && referent;
      case "i64":
        return { kind: "bigint", value };
      case "double":
        return referent;
      case "bool":
        return { kind: "bool", value: value > 0n };
      default:
        return this.#complain(
          module,
          offset,
          `expected a value of type ${
            typeName(type)
          }, found ${referent.definition.name.text}.${referent.member}`,
        );
    }
  }

  #reference(
    module: Module,
    type: Type,
    { module: home, definition }: Extract<Referent, { kind: "constant" }>,
    offset: number,
  ): Value | undefined {
    const name = definition.name.text;
    if (this.#openConstants.has(definition)) {
      return this.#complain(module, offset, `expected a value that is not made of itself: ${name}`);
    }
    const own = this.#resolver.type(home, definition.type);
    const value = this.constant(home, definition);
    if (own === undefined || value === undefined) return undefined;
    if (sameType(own, type)) return { kind: "constant", module: home, name };
    // Of another type: what it says is read once more for this one.
    const found = this.#resolver.diagnostics.length;
    this.#openConstants.add(definition);
    const converted = this.#value(home, type, definition.value);
    this.#openConstants.delete(definition);
    if (converted !== undefined) return converted;
    this.#resolver.diagnostics.length = found;
    return this.#complain(
      module,
      offset,
      `expected a value of type ${typeName(type)}: ${name} is a ${typeName(own)}`,
    );
  }

  #items(module: Module, type: Type & { kind: "list" | "set" }, node: ValueNode): Value | undefined {
    const items = (node.kind === "list" ? node.items : []).map((item) =>
      this.#value(module, type.element, item)
    );
    return items.every((item) => item !== undefined) ? makeItems(type, items) : undefined;
  }

  #entries(module: Module, type: Type & { kind: "map" }, node: ValueNode): Value | undefined {
    const entries: [Value, Value][] = [];
    let whole = true;
    for (const entry of node.kind === "map" ? node.entries : []) {
      const key = this.#value(module, type.key, entry.key);
      const value = this.#value(module, type.value, entry.value);
      if (key !== undefined && value !== undefined) entries.push([key, value]);
      else whole = false;
    }
    return whole ? { kind: "map", entries, type } : undefined;
  }

  #struct(
    module: Module,
    type: Type & { kind: "struct" },
    node: ValueNode & { kind: "map" },
  ): Value | undefined {
    const { definition } = type;
    const given = new Map<string, Value>();
    let whole = true;
    for (const { key, value: valueNode } of node.entries) {
      const name = key.kind === "literal" ? literalText(key.literal) : undefined;
      const field = definition.fields.find((field) => field.name.text === name);
      if (name === undefined || field === undefined) {
        const what = key.kind === "literal" ? key.literal : describe(key);
        this.#complain(
          module,
          key.offset,
          `expected the name of a field of ${definition.name.text} in quotes, found ${what}`,
        );
        whole = false;
        continue;
      }
      const fieldType = this.#resolver.type(type.module, field.type);
      const value = fieldType && this.#value(module, fieldType, valueNode);
      if (value === undefined) whole = false;
      else given.set(name, value);
    }
    if (!whole) return undefined;
    if (definition.category === "union" && given.size !== 1) {
      return this.#complain(
        module,
        node.offset,
        `expected exactly one field of the union ${definition.name.text}, found ${given.size}`,
      );
    }
    return this.#filled(module, type, given, node.offset);
  }

  /** A struct with what is given, and the defaults and zero values of the other fields. */
  #filled(
    module: Module,
    { definition, module: home }: Type & { kind: "struct" },
    given: ReadonlyMap<string, Value>,
    offset: number,
  ): Value | undefined {
    if (this.#openStructs.has(definition)) {
      return this.#complain(
        module,
        offset,
        `expected all fields of ${definition.name.text}: it holds itself, and so has no zero value`,
      );
    }
    const fields: [string, Value][] = [];
    this.#openStructs.add(definition);
    for (const field of definition.fields) {
      const name = field.name.text;
      let value = given.get(name);
      if (value === undefined && definition.category !== "union") {
        // Inside its own default an optional field ends the recursion by not being there.
        if (field.requiredness === "optional" && this.#openDefaults.has(field)) continue;
        const requiredness = requirednessOf(this.#resolver, home, definition, field);
        if (field.value !== undefined) value = this.default(home, field);
        else if (requiredness !== "optional") value = this.#zero(module, home, field, offset);
        else continue;
        if (value === undefined) {
          this.#openStructs.delete(definition);
          return undefined;
        }
      }
      if (value !== undefined) fields.push([name, value]);
    }
    this.#openStructs.delete(definition);
    return { kind: "struct", definition, fields };
  }

  #zero(module: Module, home: Module, field: FieldNode, offset: number): Value | undefined {
    const type = this.#resolver.type(home, field.type);
    switch (type?.kind) {
      case undefined:
        return undefined;
      case "bool":
        return { kind: "bool", value: false };
      case "i64":
        return { kind: "bigint", value: 0n };
      case "string":
        return { kind: "string", value: "" };
      case "binary":
        return { kind: "binary", bytes: new Uint8Array(0) };
      case "list":
      case "set":
        return makeItems(type, []);
      case "map":
        return { kind: "map", entries: [], type };
      case "byte":
      case "i16":
      case "i32":
      case "double":
      case "enum":
        return { kind: "number", value: 0 };
      case "struct":
        if (type.definition.category === "union") {
          return this.#complain(
            module,
            offset,
            `expected a value for ${field.name.text}: a union has no zero value`,
          );
        }
        return this.#filled(module, type, new Map(), offset);
    }
  }

  #complain(module: Module, offset: number, message: string): undefined {
    this.#resolver.report(module, offset, message);
    return undefined;
  }
}

function makeItems(type: Type & { kind: "list" | "set" }, items: readonly Value[]): Value {
  return type.kind === "list" ? { kind: "list", items } : { kind: "set", items, type };
}

/** `[]` and `{}` are empty containers of either kind. */
function isEmpty(node: ValueNode): boolean {
  return (node.kind === "list" && node.items.length === 0) ||
    (node.kind === "map" && node.entries.length === 0);
}

function describe(node: ValueNode): string {
  switch (node.kind) {
    case "integer":
    case "double":
      return String(node.value);
    case "literal":
      return "a string";
    case "identifier":
      return node.name;
    case "list":
      return "a list";
    case "map":
      return "a map";
  }
}

import type { FieldNode, StructDefinition } from "../idl/ast.ts";
import { fieldProperty } from "../idl/field_property.ts";
import type { Module } from "../idl/load.ts";
import type { Type } from "../idl/model.ts";
import { requirednessOf } from "../idl/requiredness.ts";
import type { Resolver } from "../idl/resolve.ts";
import type { Evaluator } from "../idl/value.ts";
import * as thrift from "../thrift/mod.ts";
import { structOf, valueOf } from "./value.ts";

/** The struct codecs of IDLs, as they would be generated; their values are the struct codec's own. */
export class Types {
  readonly #resolver: Resolver;
  readonly #evaluator: Evaluator;
  readonly #structs = new Map<StructDefinition, thrift.StructCodec<Record<string, unknown>>>();

  constructor(resolver: Resolver, evaluator: Evaluator) {
    this.#resolver = resolver;
    this.#evaluator = evaluator;
  }

  /** The type that a type of the IDL stands for. */
  of(type: Type): thrift.ThriftType<unknown> {
    switch (type.kind) {
      case "list":
        return thrift.list(this.of(type.element));
      case "set":
        return thrift.set(this.of(type.element));
      case "map":
        return thrift.map(this.of(type.key), this.of(type.value));
      case "enum": {
        const members = type.definition.members.map(({ name, value }) => [name.text, Number(value)] as const);
        return thrift.enumeration(type.definition.name.text, Object.fromEntries(members));
      }
      case "struct":
        // It may hold the struct that is being made.
        return thrift.lazy(() => this.struct(type.module, type.definition));
      default:
        return thrift[type.kind];
    }
  }

  /** The codec of a struct, union or exception. */
  struct(module: Module, definition: StructDefinition): thrift.StructCodec<Record<string, unknown>> {
    const known = this.#structs.get(definition);
    if (known !== undefined) return known;
    const { category, name } = definition;
    const made = thrift[category](
      name.text,
      this.fields(
        module,
        definition,
        (field) =>
          category === "union" ? "default" : requirednessOf(this.#resolver, module, definition, field),
      ),
    );
    this.#structs.set(definition, made);
    return made;
  }

  /** The fields of a struct, or the arguments of a method, by the names of their properties. */
  fields(
    module: Module,
    owner: { readonly fields: readonly FieldNode[] },
    requirednessOf: (field: FieldNode) => FieldNode["requiredness"],
  ): thrift.Fields {
    return Object.fromEntries(owner.fields.map((node) => {
      const property = fieldProperty(structOf(owner), node.name.text);
      return [property, this.#field(module, node, requirednessOf(node), property)];
    }));
  }

  #field(
    module: Module,
    node: FieldNode,
    requiredness: FieldNode["requiredness"],
    property: string,
  ): thrift.Field<unknown> {
    const type = this.#resolver.type(module, node.type);
    if (type === undefined) throw new TypeError("only checked files are loaded");
    const name = property === node.name.text ? undefined : node.name.text;
    const value = this.#evaluator.default(module, node);
    const given = value === undefined ? undefined : valueOf(this.#evaluator, value);
    return requiredness === "optional"
      ? thrift.field(node.id, this.of(type), { optional: true, default: given, name })
      : thrift.field(node.id, this.of(type), { required: requiredness === "required", default: given, name });
  }
}

import type { BaseType, EnumDefinition, StructDefinition, TypedefDefinition } from "./ast.ts";
import type { Module } from "./load.ts";

/** A type with all names looked up. */
export type Type = TypeShape & {
  /** The typedef it was named by, where it was. */
  readonly alias?: { readonly module: Module; readonly definition: TypedefDefinition };
};

export type TypeShape =
  | { readonly kind: BaseType }
  | { readonly kind: "list"; readonly element: Type }
  | { readonly kind: "set"; readonly element: Type }
  | { readonly kind: "map"; readonly key: Type; readonly value: Type }
  | { readonly kind: "enum"; readonly module: Module; readonly definition: EnumDefinition }
  | { readonly kind: "struct"; readonly module: Module; readonly definition: StructDefinition };

/** A value of a {@linkcode Type}, in the form in which it is written out. */
export type Value =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "bigint"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  /** A number that is written by its name. */
  | {
    readonly kind: "member";
    readonly module: Module;
    readonly definition: EnumDefinition;
    readonly member: string;
  }
  /** A constant of the very same type. */
  | { readonly kind: "constant"; readonly module: Module; readonly name: string }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "set"; readonly items: readonly Value[]; readonly type: Type & { kind: "set" } }
  | {
    readonly kind: "map";
    readonly entries: readonly (readonly [Value, Value])[];
    readonly type: Type & { kind: "map" };
  }
  | {
    readonly kind: "struct";
    readonly definition: StructDefinition;
    readonly fields: readonly (readonly [string, Value])[];
  };

/** How a type is called in messages. */
export function typeName(type: Type): string {
  if (type.alias !== undefined) return type.alias.definition.name.text;
  switch (type.kind) {
    case "list":
    case "set":
      return `${type.kind}<${typeName(type.element)}>`;
    case "map":
      return `map<${typeName(type.key)}, ${typeName(type.value)}>`;
    case "enum":
    case "struct":
      return type.definition.name.text;
    default:
      return type.kind;
  }
}

/** Whether two types are the same, whatever typedefs they are named by. */
export function sameType(a: Type, b: Type): boolean {
  switch (a.kind) {
    case "list":
    case "set":
      return b.kind === a.kind && sameType(a.element, b.element);
    case "map":
      return b.kind === "map" && sameType(a.key, b.key) && sameType(a.value, b.value);
    case "enum":
    case "struct":
      return b.kind === a.kind && a.definition === b.definition;
    default:
      return a.kind === b.kind;
  }
}

import type { FieldNode, StructDefinition } from "./ast.ts";
import type { Module } from "./load.ts";
import type { Type } from "./model.ts";
import type { Resolver } from "./resolve.ts";

type StructType = Type & { readonly kind: "struct" };

/**
 * How a field of `owner` is generated: as the IDL says, but for a field of default requiredness that cannot be filled
 * in where it is absent. That is a union, which has no zero value, and a struct that holds `owner` again, which would
 * have no end. In Go they are nil, so here they may be left out.
 */
export function requirednessOf(
  resolver: Resolver,
  module: Module,
  owner: StructDefinition,
  field: FieldNode,
): FieldNode["requiredness"] {
  if (field.requiredness !== "default" || owner.category === "union") return field.requiredness;
  const type = heldStruct(resolver, module, field);
  if (type === undefined) return "default";
  return hasNoZero(resolver, type, new Set()) || holds(resolver, type, owner, new Set())
    ? "optional"
    : "default";
}

/** Whether a type has a zero value: a union has none, nor has a struct that requires one, or itself. */
export function hasZero(resolver: Resolver, type: Type): boolean {
  return type.kind !== "struct" || !hasNoZero(resolver, type, new Set());
}

/** The struct that is always inside a field: not in a container, and not one that a default fills in. */
function heldStruct(resolver: Resolver, module: Module, field: FieldNode): StructType | undefined {
  if (field.requiredness === "optional" || field.value !== undefined) return undefined;
  const type = resolver.type(module, field.type);
  return type?.kind === "struct" ? type : undefined;
}

function heldStructs(resolver: Resolver, { module, definition }: StructType): StructType[] {
  if (definition.category === "union") return [];
  return definition.fields.map((field) => heldStruct(resolver, module, field)).filter((type) =>
    type !== undefined
  );
}

/** Whether `target` is always somewhere inside a struct. */
function holds(
  resolver: Resolver,
  type: StructType,
  target: StructDefinition,
  seen: Set<StructDefinition>,
): boolean {
  if (type.definition === target) return true;
  if (seen.has(type.definition)) return false;
  seen.add(type.definition);
  return heldStructs(resolver, type).some((held) => holds(resolver, held, target, seen));
}

/** Whether a struct is a union, or requires one, or requires itself. */
function hasNoZero(resolver: Resolver, type: StructType, open: Set<StructDefinition>): boolean {
  const { definition, module } = type;
  if (definition.category === "union" || open.has(definition)) return true;
  open.add(definition);
  const without = definition.fields.some((field) => {
    const held = field.requiredness === "required" ? heldStruct(resolver, module, field) : undefined;
    return held !== undefined && hasNoZero(resolver, held, open);
  });
  open.delete(definition);
  return without;
}

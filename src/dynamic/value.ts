import { fieldProperty } from "../idl/field_property.ts";
import type { Value } from "../idl/model.ts";
import type { Evaluator } from "../idl/value.ts";

/** A value of an IDL, a field's default say, as the struct codec has it. */
export function valueOf(evaluator: Evaluator, value: Value): unknown {
  const nested = (part: Value) => valueOf(evaluator, part);
  switch (value.kind) {
    case "bool":
    case "number":
    case "bigint":
    case "string":
      return value.value;
    case "binary":
      return Uint8Array.from(value.bytes);
    case "member": {
      const member = value.definition.members.find(({ name }) => name.text === value.member);
      return Number(member?.value ?? 0n);
    }
    case "constant": {
      const definition = value.module.definitions.get(value.name);
      const constant = definition?.kind === "const"
        ? evaluator.constant(value.module, definition)
        : undefined;
      if (constant === undefined) throw new TypeError(`${value.name} is no constant of ${value.module.path}`);
      return nested(constant);
    }
    case "list":
      return value.items.map(nested);
    case "set":
      return new Set(value.items.map(nested));
    case "map":
      return new Map(value.entries.map(([key, item]) => [nested(key), nested(item)]));
    case "struct":
      return Object.fromEntries(
        value.fields.map(([name, field]) => [fieldProperty(structOf(value.definition), name), nested(field)]),
      );
  }
}

/** Here exceptions are no classes: their fields have the names that a struct's have. */
export function structOf<Owner extends { readonly fields: readonly unknown[] }>(
  { fields }: Owner,
): { readonly category: "struct"; readonly fields: Owner["fields"] } {
  return { category: "struct", fields };
}

import type { FieldNode, StructDefinition } from "./ast.ts";

/** What a field is of: a struct's are of another kind than a method's arguments. */
export type FieldOwner = Pick<StructDefinition, "category" | "fields">;

/**
 * The name of a field's property. Only the id is on the wire, so that the one name that no object can have is changed,
 * those that mean something else on an error, and those that they would then be taken for.
 */
export function fieldProperty({ category, fields }: FieldOwner, name: string): string {
  if (/^__proto___*$/.test(name)) return `${name}_`;
  if (category !== "exception") return name;
  if (/^(?:name|stack|cause|constructor)_*$/.test(name)) return `${name}_`;
  return /^message_*$/.test(name) && !isMessage(fields.find((field) => field.name.text === "message"))
    ? `${name}_`
    : name;
}

/** Whether a field can be an error's message. */
export function isMessage(field: FieldNode | undefined): boolean {
  return field?.type.kind === "base" && field.type.base === "string";
}

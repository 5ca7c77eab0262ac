import type { FieldNode, StructDefinition, TypeNode } from "../idl/ast.ts";
import type { ServiceMethod } from "../idl/methods.ts";

/** A method in a line, as its IDL has it. */
export function signatureOf({ kind, node }: ServiceMethod): string {
  const { name, oneway, result, parameters, throws } = node;
  const parts = [
    ...(oneway ? ["oneway"] : []),
    result === undefined ? "void" : typeText(result),
    `${name.text}(${parameters.map(fieldText).join(", ")})`,
    ...(throws.length === 0 ? [] : [`throws (${throws.map(fieldText).join(", ")})`]),
    ...(kind === "unary" ? [] : [`(streaming.mode="${kind}")`]),
  ];
  return parts.join(" ");
}

/** What the JSON of a method's request is made of, in the words of its IDL. */
export function wantsOf(method: ServiceMethod): string {
  if (method.kind !== "unary") return structText(method.request.definition);
  const [only, ...more] = method.parameters;
  if (only === undefined) return "null";
  if (more.length > 0) {
    return block("an object with its arguments", method.parameters.map(({ field }) => field));
  }
  const { type, field } = only;
  if (type.kind === "struct") return structText(type.definition);
  if (type.kind !== "enum") return fieldText(field);
  return `${typeText(field.type)}: ${type.definition.members.map(({ name }) => name.text).join(", ")}`;
}

function structText({ category, name, fields }: StructDefinition): string {
  return block(`${category} ${name.text}`, fields);
}

function block(head: string, fields: readonly FieldNode[]): string {
  return [`${head} {`, ...fields.map((field) => `  ${fieldText(field)}`), "}"].join("\n");
}

function fieldText({ requiredness, type, name }: FieldNode): string {
  return `${requiredness === "default" ? "" : `${requiredness} `}${typeText(type)} ${name.text}`;
}

function typeText(type: TypeNode): string {
  switch (type.kind) {
    case "base":
      return type.base;
    case "named":
      return type.name;
    case "list":
    case "set":
      return `${type.kind}<${typeText(type.element)}>`;
    case "map":
      return `map<${typeText(type.key)}, ${typeText(type.value)}>`;
  }
}

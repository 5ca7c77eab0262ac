import type { StructDefinition } from "../idl/ast.ts";
import { isMessage } from "../idl/field_property.ts";
import { fieldKey } from "./field_key.ts";
import { args, type Code, constCode, hanging, layOut, typeArgs, WIDTH } from "./layout.ts";
import type { ModuleScope } from "./module_scope.ts";
import { quote } from "./quote.ts";

/** What the class of an exception is made of. */
export interface ExceptionParts {
  readonly name: string;
  /** The interface of its fields. */
  readonly fields: string;
  readonly codec: Code;
  /** The lines of its properties: its fields, but for the message that every error has. */
  readonly properties: readonly string[];
  readonly definition: StructDefinition;
}

/** Whether a field is the message that every error has. */
export function isErrorMessage(field: StructDefinition["fields"][number]): boolean {
  return field.name.text === "message" && isMessage(field);
}

/** `export class Name extends Error { … }` with the exception's fields as properties. */
export function exceptionClass(
  { name, fields, codec, properties, definition }: ExceptionParts,
  scope: ModuleScope,
): string {
  const own = definition.fields.filter((field) => !isErrorMessage(field));
  const message = own.length < definition.fields.length
    ? "fields.message"
    : `${scope.value("thrift", "exceptionMessage")}(fields)`;
  const init = typeArgs(scope.type("thrift", "Init"), [fields]);
  const start = args("constructor(", [["init: ", init, " = {}"]], ") {");
  const assignments = own.map((field) => {
    const key = fieldKey(definition, field.name.text);
    const access = /^["[]/.test(key) ? key.startsWith("[") ? key : `[${key}]` : `.${key}`;
    return `    ${layOut([hanging(`this${access} =`, `fields${access}`), ";"], 4)}\n`;
  });
  return [
    classHead(name, scope.global("Error")),
    `  /** The codec of its fields. */\n`,
    constCode("codec", typeArgs(scope.type("thrift", "StructCodec"), [fields]), codec, "static readonly", 2),
    `  ${layOut([hanging("override readonly name =", quote(definition.name.text)), ";"], 2)}\n`,
    ...properties,
    `\n  /** What is not given has its default or zero value. */\n`,
    `  ${layOut(start, 2)}\n`,
    createdFields(name),
    `    super(${message});\n`,
    ...assignments,
    "  }\n}\n",
  ].join("");
}

function classHead(name: string, base: string): string {
  const line = `export class ${name} extends ${base} {`;
  return line.length <= WIDTH ? `${line}\n` : `export class ${name}\n  extends ${base} {\n`;
}

function createdFields(name: string): string {
  const line = `    const fields = ${name}.codec.create(init);\n`;
  if (line.length <= WIDTH) return line;
  return `    ${
    layOut([hanging("const { codec } =", name), ";"], 4)
  }\n    const fields = codec.create(init);\n`;
}

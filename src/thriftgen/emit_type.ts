import type { FieldNode } from "../idl/ast.ts";
import { args, type Code, hanging, layOut, object, typeArgs, WIDTH } from "./layout.ts";
import type { Type, TypeShape } from "../idl/model.ts";
import type { ModuleScope } from "./module_scope.ts";
import { quote } from "./quote.ts";

/** The TypeScript type of a Thrift type's values. */
export function typeCode(scope: ModuleScope, type: Type): Code {
  // A typedef of a struct or an enum is exported under both names, but has only its own inside its module.
  if (type.alias !== undefined && type.kind !== "struct" && type.kind !== "enum") {
    return scope.export(type.alias.module, type.alias.definition, "type");
  }
  return shapeCode(scope, type);
}

/** The same, without a look at the typedef that names it. */
function shapeCode(scope: ModuleScope, type: Type): Code {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "byte":
    case "i16":
    case "i32":
    case "double":
      return "number";
    case "i64":
      return "bigint";
    case "string":
      return "string";
    case "binary":
      return scope.type("thrift", "Bytes");
    case "list":
      return [typeCode(scope, type.element), "[]"];
    case "set":
      return typeArgs(scope.global("Set"), [typeCode(scope, type.element)]);
    case "map":
      return typeArgs(scope.global("Map"), [typeCode(scope, type.key), typeCode(scope, type.value)]);
    case "enum":
      return scope.export(type.module, type.definition, "type");
    case "struct":
      return type.definition.category === "exception"
        ? scope.fields(type.module, type.definition)
        : scope.export(type.module, type.definition, "type");
  }
}

/** `name: type;` on one line or, where it is too long for that, as `deno fmt` breaks it. */
export function propertyCode(name: string, type: Code, optional: boolean, indent: number): string {
  const blanks = " ".repeat(indent);
  const head = `${blanks}${name}${optional ? "?" : ""}:`;
  if (!optional) return `${layOut([hanging(head, type), ";"], indent, 0)}\n`;
  const line = `${head} ${layOut([type, " | undefined;"], indent, head.length + 1)}`;
  if (!line.includes("\n") && line.length <= WIDTH) return `${line}\n`;
  return `${head}\n${blanks}  | ${layOut(type, indent + 2, indent + 4)}\n${blanks}  | undefined;\n`;
}

/**
 * The expression for a Thrift type.
 *
 * @param isDefined Whether a struct of this module is defined above; where not, it is named in a function.
 */
export function codecCode(scope: ModuleScope, type: Type, isDefined: (name: string) => boolean): Code {
  const nested = (part: Type) => codecCode(scope, part, isDefined);
  switch (type.kind) {
    case "bool":
    case "byte":
    case "i16":
    case "i32":
    case "i64":
    case "double":
    case "string":
    case "binary":
      return scope.value("thrift", type.kind);
    case "list":
    case "set":
      return args(`${scope.value("thrift", type.kind)}(`, [nested(type.element)], ")");
    case "map":
      return args(`${scope.value("thrift", "map")}(`, [nested(type.key), nested(type.value)], ")");
    case "enum": {
      const members = scope.export(type.module, type.definition, "value");
      return args(`${scope.value("thrift", "enumeration")}(`, [
        JSON.stringify(type.definition.name.text),
        members,
      ], ")");
    }
    case "struct": {
      const name = scope.export(type.module, type.definition, "value");
      const codec = structCodec(scope, type);
      return name.includes(".") || isDefined(name)
        ? codec
        : args(`${scope.value("thrift", "lazy")}(`, [hanging("() =>", codec)], ")");
    }
  }
}

/** The codec of a struct: its own export, or a property of an exception's class. */
export function structCodec(
  scope: ModuleScope,
  { module, definition }: TypeShape & { kind: "struct" },
): string {
  const name = scope.export(module, definition, "value");
  return definition.category === "exception" ? `${name}.codec` : name;
}

/** `field(1, string, { optional: true })` */
export function fieldCode(
  scope: ModuleScope,
  { id, name }: FieldNode,
  { codec, requiredness, value, property }: {
    readonly codec: Code;
    readonly requiredness: FieldNode["requiredness"];
    readonly value: Code | undefined;
    /** What it is called in TypeScript. */
    readonly property: string;
  },
): Code {
  const options: Code[] = [];
  if (requiredness !== "default") options.push(`${requiredness}: true`);
  if (value !== undefined) options.push(hanging("default:", value));
  if (property !== name.text) options.push(hanging("name:", quote(name.text)));
  const parts = [String(id), codec, ...options.length > 0 ? [object(options)] : []];
  return args(`${scope.value("thrift", "field")}(`, parts, ")");
}

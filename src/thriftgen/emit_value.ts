import { typeCode } from "./emit_type.ts";
import { args, type Code, hanging, object, typeArgs } from "./layout.ts";
import type { Type, Value } from "../idl/model.ts";
import type { ModuleScope } from "./module_scope.ts";
import { propertyKey } from "./names.ts";
import { fieldKey } from "./field_key.ts";
import { quote } from "./quote.ts";

/**
 * The expression for a value.
 *
 * @param isTyped Whether the type that it must have is written before it: an empty set inside a list knows of none.
 */
export function valueCode(scope: ModuleScope, value: Value, isTyped = false): Code {
  switch (value.kind) {
    case "bool":
      return String(value.value);
    case "number":
      return numberCode(value.value);
    case "bigint":
      return `${value.value}n`;
    case "string":
      return quote(value.value);
    case "binary":
      return binaryCode(scope, value.bytes);
    case "member": {
      const { module, definition, member } = value;
      const owner = scope.export(module, definition, "value");
      const key = propertyKey(member);
      if (key === member) return hanging(owner, `.${member}`, "");
      return key.startsWith("[") ? owner + key : `${owner}[${key}]`;
    }
    case "constant": {
      const definition = value.module.definitions.get(value.name);
      if (definition === undefined) {
        throw new TypeError(`${value.name} is no constant of ${value.module.path}`);
      }
      return scope.export(value.module, definition, "value");
    }
    case "list":
      return args("[", items(scope, value.items), "]");
    case "set":
      return construct(
        scope,
        "Set",
        isTyped ? [] : [value.type.element],
        items(scope, value.items),
      );
    case "map": {
      const entries = value.entries.map((entry) => args("[", items(scope, entry), "]"));
      return construct(
        scope,
        "Map",
        isTyped ? [] : [value.type.key, value.type.value],
        entries,
      );
    }
    case "struct":
      return object(
        value.fields.map(([name, field]) =>
          hanging(`${fieldKey(value.definition, name)}:`, valueCode(scope, field))
        ),
      );
  }
}

function items(scope: ModuleScope, values: readonly Value[]): Code[] {
  return values.map((value) => valueCode(scope, value));
}

function construct(
  scope: ModuleScope,
  name: "Set" | "Map",
  types: readonly Type[],
  parts: readonly Code[],
): Code {
  const head = `new ${scope.global(name)}`;
  const typed = types.length === 0 ? head : typeArgs(head, types.map((type) => typeCode(scope, type)));
  return [typed, parts.length === 0 ? "()" : args("([", parts, "])")];
}

function numberCode(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "Number.POSITIVE_INFINITY" : "Number.NEGATIVE_INFINITY";
}

function binaryCode(scope: ModuleScope, bytes: Uint8Array): Code {
  const create = `new ${scope.global("Uint8Array")}(`;
  return bytes.length === 0 ? `${create})` : args(`${create}[`, [...bytes].map(String), "])");
}

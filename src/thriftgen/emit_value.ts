import { args, type Code, object } from "./layout.ts";
import type { Value } from "./model.ts";
import type { ModuleScope } from "./module_scope.ts";
import { propertyKey } from "./names.ts";

/** The expression for a value. */
export function valueCode(scope: ModuleScope, value: Value): Code {
  switch (value.kind) {
    case "bool":
      return String(value.value);
    case "number":
      return Object.is(value.value, -0) ? "-0" : String(value.value);
    case "bigint":
      return `${value.value}n`;
    case "string":
      return quote(value.value);
    case "binary":
      return binaryCode(scope, value.bytes);
    case "member": {
      const { module, definition, member } = value;
      const key = propertyKey(member);
      const owner = scope.export(module, definition, "value");
      return key === member
        ? `${owner}.${member}`
        : key.startsWith("[")
        ? `${owner}${key}`
        : `${owner}[${key}]`;
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
    case "set": {
      const create = `new ${scope.global("Set")}(`;
      return value.items.length === 0 ? `${create})` : args(`${create}[`, items(scope, value.items), "])");
    }
    case "map": {
      const create = `new ${scope.global("Map")}(`;
      const entries = value.entries.map((entry) => args("[", items(scope, entry), "]"));
      return entries.length === 0 ? `${create})` : args(`${create}[`, entries, "])");
    }
    case "struct":
      return object(value.fields.map(([name, field]) => [`${propertyKey(name)}: `, valueCode(scope, field)]));
  }
}

function items(scope: ModuleScope, values: readonly Value[]): Code[] {
  return values.map((value) => valueCode(scope, value));
}

function binaryCode(scope: ModuleScope, bytes: Uint8Array): Code {
  const array = scope.global("Uint8Array");
  if (bytes.length === 0) return `new ${array}()`;
  return args(`${array}.of(`, [...bytes].map(String), ")");
}

/** A string literal with the quotes that `deno fmt` prefers: double ones, unless that means more escapes. */
export function quote(text: string): string {
  const double = JSON.stringify(text);
  const count = (mark: string) => text.split(mark).length - 1;
  if (count('"') <= count("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

import { filledBytes } from "./absent.ts";
import { inheritsProperty } from "./encode.ts";
import type { Field } from "./field.ts";
import type { EnumerationType } from "./types.ts";
import { resolve, type ResolvedType, type StructLike } from "./wire.ts";

/** A field as JSON needs it. */
export interface JsonField {
  /** Its property's name. */
  readonly name: string;
  /** Its name in JSON. */
  readonly jsonName: string;
  readonly field: Field<unknown>;
  readonly type: ResolvedType;
  /** Whether only an own property counts. */
  readonly inherited: boolean;
  /** What its value takes where it is filled in. */
  readonly filledBytes: number;
}

const fieldsOf = new WeakMap<StructLike, ReadonlyMap<string, JsonField>>();

/** The fields of a struct by their names in JSON, in the order of their definition. */
export function jsonFields(type: StructLike): ReadonlyMap<string, JsonField> {
  let fields = fieldsOf.get(type);
  if (fields === undefined) {
    fields = new Map(
      Object.entries(type.fields).map(([name, field]) => {
        const jsonName = field.name ?? name;
        const inherited = inheritsProperty(type, name, field);
        return [jsonName, {
          name,
          jsonName,
          field,
          type: resolve(field.type),
          inherited,
          filledBytes: filledBytes(field),
        }];
      }),
    );
    fieldsOf.set(type, fields);
  }
  return fields;
}

const namesOf = new WeakMap<EnumerationType, ReadonlyMap<number, string>>();

/** The name of an enum's value; of two names the first. */
export function enumName(type: EnumerationType, value: number): string | undefined {
  let names = namesOf.get(type);
  if (names === undefined) {
    names = new Map(Object.entries(type.members).map(([name, value]) => [value, name] as const).reverse());
    namesOf.set(type, names);
  }
  return names.get(value);
}

/**
 * Whether a type's values can be the names of an object's properties: then a map is a JSON object, else an array of
 * pairs.
 */
export function isJsonKey(type: ResolvedType): boolean {
  switch (type.kind) {
    case "list":
    case "set":
    case "map":
    case "struct":
    case "union":
    case "exception":
      return false;
    default:
      return true;
  }
}

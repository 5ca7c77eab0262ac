import type { Field } from "./field.ts";
import type { ThriftType } from "./types.ts";
import { resolve, type StructLike } from "./wire.ts";

// What a payload leaves out costs its sender nothing: a list of a million empty structs is a megabyte, and each of
// them may have twenty maps to be filled in. So there is a limit to that. What Kitex writes never comes near: it
// leaves out nothing but optional fields, and has no use for millions of empty structs.

/** How much memory one message may take for what its payload leaves out: absent fields, and empty structs. */
export const MAX_FILLED_BYTES = 128 * 1024 * 1024;

/** About what V8 takes for a struct, with room for some fields. */
export const STRUCT_BYTES = 64;

/** About what it takes for a property, and for any object: an empty `Map` is the largest. */
const PROPERTY_BYTES = 8;
const OBJECT_BYTES = 200;

const zeroSizes = new WeakMap<StructLike, number>();

/** About how many bytes the value takes that is filled in for a field. */
export function filledBytes({ type, requiredness, default: value }: Field<unknown>): number {
  if (value !== undefined) return PROPERTY_BYTES + valueBytes(value);
  return requiredness === "optional" ? 0 : PROPERTY_BYTES + zeroBytes(type);
}

function zeroBytes(someType: ThriftType<unknown>): number {
  const type = resolve(someType);
  switch (type.kind) {
    case "binary":
    case "list":
    case "set":
    case "map":
    case "union":
      return OBJECT_BYTES;
    case "struct":
    case "exception": {
      const known = zeroSizes.get(type);
      if (known !== undefined) return known;
      // A struct that holds itself comes back here; it has no zero value.
      zeroSizes.set(type, OBJECT_BYTES);
      const bytes = total(Object.values(type.fields), filledBytes) + OBJECT_BYTES;
      zeroSizes.set(type, bytes);
      return bytes;
    }
    default:
      return 0;
  }
}

/** Of a default, which is copied; texts and bigints are not. */
function valueBytes(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  if (value instanceof Uint8Array) return OBJECT_BYTES + value.length;
  const parts: Iterable<unknown> = value instanceof Map
    ? [...value].flat()
    : Symbol.iterator in value
    ? value as Iterable<unknown>
    : Object.values(value);
  return OBJECT_BYTES + total(parts, (part) => PROPERTY_BYTES + valueBytes(part));
}

function total<T>(parts: Iterable<T>, bytes: (part: T) => number): number {
  let sum = 0;
  for (const part of parts) sum += bytes(part);
  return sum;
}

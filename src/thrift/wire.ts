import type { Fields } from "./field.ts";
import type {
  EnumerationType,
  LazyType,
  ListType,
  MapType,
  ScalarType,
  SetType,
  ThriftType,
} from "./types.ts";

/** A struct, union or exception, as far as the codec needs to know it. */
export interface StructLike extends ThriftType<unknown> {
  readonly kind: "struct" | "union" | "exception";
  readonly typeName: string;
  readonly fields: Fields;
}

/** What a {@linkcode ThriftType} really is, once it is not lazy any more. */
export type ResolvedType =
  | ScalarType<unknown>
  | EnumerationType
  | ListType<unknown>
  | SetType<unknown>
  | MapType<unknown, unknown>
  | StructLike;

/** Follows lazy types to the type meant: not before the first message, or it may not be defined yet. */
export function resolve(type: ThriftType<unknown>): ResolvedType {
  let known = type as ResolvedType | LazyType<unknown>;
  while (known.kind === "lazy") known = known.resolve() as ResolvedType | LazyType<unknown>;
  return known;
}

/** The type bytes of Thrift's Binary protocol. */
export const Wire = {
  Stop: 0,
  Bool: 2,
  Byte: 3,
  Double: 4,
  I16: 6,
  I32: 8,
  I64: 10,
  String: 11,
  Struct: 12,
  Map: 13,
  Set: 14,
  List: 15,
} as const;

/** How errors call a wire type, and the fewest bytes that a value of it takes. */
const TRAITS: ReadonlyMap<number, readonly [name: string, leastSize: number]> = new Map([
  [Wire.Bool, ["bool", 1]],
  [Wire.Byte, ["byte", 1]],
  [Wire.Double, ["double", 8]],
  [Wire.I16, ["i16", 2]],
  [Wire.I32, ["i32", 4]],
  [Wire.I64, ["i64", 8]],
  [Wire.String, ["string", 4]],
  [Wire.Struct, ["struct", 1]],
  [Wire.Map, ["map", 6]],
  [Wire.Set, ["set", 5]],
  [Wire.List, ["list", 5]],
]);

/** How errors call a wire type. */
export function wireName(wire: number): string {
  return TRAITS.get(wire)?.[0] ?? `unknown type ${wire}`;
}

/** The fewest bytes that a value of a wire type takes; undefined for what is no wire type. */
export function leastSize(wire: number): number | undefined {
  return TRAITS.get(wire)?.[1];
}

/** Whether all values of a wire type take {@linkcode leastSize} bytes. */
export function isFixedSize(wire: number): boolean {
  return wire >= Wire.Bool && wire <= Wire.I64 && TRAITS.has(wire);
}

/** How many structs and containers may be inside each other: the limit that Kitex has for what it skips. */
export const MAX_DEPTH = 64;

/** The type byte of a type. */
export function wireOf(type: ResolvedType): number {
  switch (type.kind) {
    case "bool":
      return Wire.Bool;
    case "byte":
      return Wire.Byte;
    case "i16":
      return Wire.I16;
    case "i32":
    case "enumeration":
      return Wire.I32;
    case "i64":
      return Wire.I64;
    case "double":
      return Wire.Double;
    case "string":
    case "binary":
      return Wire.String;
    case "list":
      return Wire.List;
    case "set":
      return Wire.Set;
    case "map":
      return Wire.Map;
    case "struct":
    case "union":
    case "exception":
      return Wire.Struct;
  }
}

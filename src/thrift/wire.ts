import type { KnownType } from "./known.ts";
import type { ThriftType } from "./types.ts";

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

/** How many structs and containers may be inside each other: Kitex's limit for what it skips. */
export const MAX_DEPTH = 64;

/** The type byte of a type. */
export function wireTypeOf(type: ThriftType<unknown>): number {
  const known = type as KnownType;
  switch (known.kind) {
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
    case "lazy":
      return wireTypeOf(known.resolve());
  }
}

import type { Field } from "./field.ts";
import type {
  EnumerationType,
  LazyType,
  ListType,
  MapType,
  ScalarType,
  SetType,
  ThriftType,
} from "./types.ts";

interface StructLike extends ThriftType<unknown> {
  readonly kind: "struct" | "union" | "exception";
  readonly fields: Readonly<Record<string, Field<unknown>>>;
}

/** Every type there is: what a {@linkcode ThriftType} made by this module really is. */
export type KnownType =
  | ScalarType<unknown>
  | EnumerationType
  | ListType<unknown>
  | SetType<unknown>
  | MapType<unknown, unknown>
  | StructLike
  | LazyType<unknown>;

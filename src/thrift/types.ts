import type { Bytes } from "../base/buffer.ts";

/** What a {@linkcode ThriftType} is: a name of the IDL's, or `enumeration` and `lazy`. */
export type ThriftKind =
  | "bool"
  | "byte"
  | "i16"
  | "i32"
  | "i64"
  | "double"
  | "string"
  | "binary"
  | "enumeration"
  | "list"
  | "set"
  | "map"
  | "struct"
  | "union"
  | "exception"
  | "lazy";

/**
 * A Thrift type whose values are of type `T` in TypeScript.
 *
 * Types are plain data: {@linkcode string} and the like are constants, and {@linkcode list}, {@linkcode struct}
 * and the others make a larger type of smaller ones.
 */
export interface ThriftType<out T> {
  /** What it is; tells which other properties it has. */
  readonly kind: ThriftKind;
  /**
   * The value of a field that is not there: `0`, `0n`, `""`, `false`, no bytes, an empty container, or a struct
   * of such values. It is a new one on every call.
   *
   * @throws {TypeError} For a union, and for a struct that holds one or itself without being optional: they have
   * no such value.
   */
  zero(): T;
}

/** The values of a Thrift type: `Infer<typeof i64>` is `bigint`. */
export type Infer<Type extends ThriftType<unknown>> = Type extends ThriftType<infer T> ? T : never;

/** A type without parts. */
export interface ScalarType<out T> extends ThriftType<T> {
  /** What it is. */
  readonly kind: "bool" | "byte" | "i16" | "i32" | "i64" | "double" | "string" | "binary";
}

function scalar<T extends boolean | number | bigint | string>(
  kind: ScalarType<T>["kind"],
  zero: T,
): ScalarType<T> {
  return Object.freeze({ kind, zero: () => zero });
}

/** `true` or `false`. On the wire 1 is true and every other byte false, as Kitex reads it. */
export const bool: ScalarType<boolean> = scalar<boolean>("bool", false);

/** A signed integer of 8 bits (the IDL's `byte` and `i8`): -128 to 127. */
export const byte: ScalarType<number> = scalar<number>("byte", 0);

/** A signed integer of 16 bits. */
export const i16: ScalarType<number> = scalar<number>("i16", 0);

/** A signed integer of 32 bits. */
export const i32: ScalarType<number> = scalar<number>("i32", 0);

/** A signed integer of 64 bits, always a `bigint`. */
export const i64: ScalarType<bigint> = scalar<bigint>("i64", 0n);

/** An IEEE 754 number of 64 bits. */
export const double: ScalarType<number> = scalar<number>("double", 0);

/** Text, UTF-8 on the wire. Bytes that are not UTF-8 are an error; a lone surrogate is written as U+FFFD. */
export const string: ScalarType<string> = scalar<string>("string", "");

/**
 * Bytes. What is decoded is a view on the payload, and so on the connection's read buffer: a message that keeps it
 * keeps that buffer in memory, so copy (`slice()`) what is small and kept for long.
 */
export const binary: ScalarType<Bytes> = Object.freeze({
  kind: "binary",
  zero: () => new Uint8Array(0),
});

/** A {@linkcode list}. */
export interface ListType<out T> extends ThriftType<T[]> {
  /** What it is. */
  readonly kind: "list";
  /** The type of its elements. */
  readonly element: ThriftType<T>;
}

/**
 * Values in order, as an array.
 *
 * @example
 * ```ts
 * import { field, list, string, struct } from "@ttstream/ttstream/thrift";
 *
 * const Order = struct("Order", { items: field(1, list(string)) });
 * Order.encode({ items: ["tea", "milk"] });
 * ```
 */
export function list<T>(element: ThriftType<T>): ListType<T> {
  return {
    kind: "list",
    element,
    zero: () => [],
  };
}

/** A {@linkcode set}. */
export interface SetType<out T> extends ThriftType<Set<T>> {
  /** What it is. */
  readonly kind: "set";
  /** The type of its elements. */
  readonly element: ThriftType<T>;
}

/**
 * Values without order and without repetition, as a `Set`.
 *
 * A `Set` compares objects by identity: two equal structs, containers or `binary` values are two elements, when
 * written and when read. In Go a set is a slice, and Kitex writes what is in it twice.
 *
 * @example
 * ```ts
 * import { field, i32, set, struct } from "@ttstream/ttstream/thrift";
 *
 * const Draw = struct("Draw", { numbers: field(1, set(i32)) });
 * Draw.encode({ numbers: new Set([7, 13]) });
 * ```
 */
export function set<T>(element: ThriftType<T>): SetType<T> {
  return {
    kind: "set",
    element,
    zero: () => new Set(),
  };
}

/** A {@linkcode map}. */
export interface MapType<out K, out V> extends ThriftType<Map<K, V>> {
  /** What it is. */
  readonly kind: "map";
  /** The type of its keys. */
  readonly key: ThriftType<K>;
  /** The type of its values. */
  readonly value: ThriftType<V>;
}

/**
 * Values by key, as a `Map`; of two equal keys on the wire the later one counts.
 *
 * A `Map` compares objects by identity: equal structs, containers or `binary` values are different keys, and such
 * a key is not found by an equal one of your own.
 *
 * @example
 * ```ts
 * import { field, i64, map, string, struct } from "@ttstream/ttstream/thrift";
 *
 * const Stock = struct("Stock", { pieces: field(1, map(string, i64)) });
 * Stock.encode({ pieces: new Map([["tea", 12n]]) });
 * ```
 */
export function map<K, V>(key: ThriftType<K>, value: ThriftType<V>): MapType<K, V> {
  return {
    kind: "map",
    key,
    value,
    zero: () => new Map(),
  };
}

/** An {@linkcode enumeration} with the members `M`. */
export interface EnumerationType<
  out M extends Readonly<Record<string, number>> = Readonly<Record<string, number>>,
> extends ThriftType<number> {
  /** What it is. */
  readonly kind: "enumeration";
  /** Its name in the IDL. */
  readonly typeName: string;
  /** Its members, by name. */
  readonly members: M;
}

/**
 * A number with names. A number without one is kept, in both directions: a newer peer may know more names.
 *
 * @param typeName Its name in the IDL.
 * @param members The value of each name.
 * @throws {RangeError} When a value is not an integer of 32 bits.
 *
 * @example
 * ```ts
 * import { enumeration, field, struct } from "@ttstream/ttstream/thrift";
 *
 * const Color = { RED: 0, GREEN: 1 } as const;
 * const Paint = struct("Paint", { color: field(1, enumeration("Color", Color)) });
 * Paint.encode({ color: Color.GREEN });
 * ```
 */
export function enumeration<const M extends Readonly<Record<string, number>>>(
  typeName: string,
  members: M,
): EnumerationType<M> {
  for (const [name, value] of Object.entries(members)) {
    if ((value | 0) !== value) {
      throw new RangeError(`${typeName}.${name}: ${value} is not an integer of 32 bits`);
    }
  }
  return { kind: "enumeration", typeName, members, zero: () => 0 };
}

/** A {@linkcode lazy} type. */
export interface LazyType<out T> extends ThriftType<T> {
  /** What it is. */
  readonly kind: "lazy";
  /** The type meant. */
  resolve(): ThriftType<T>;
}

/**
 * A type that is defined later, or that contains the one being defined. A struct that contains itself does so in an
 * optional field or in a container: otherwise it has no end, and no zero value.
 *
 * @param resolve Returns it; called when it is first needed.
 *
 * @example
 * ```ts
 * import { field, i32, lazy, list, struct, type StructCodec } from "@ttstream/ttstream/thrift";
 *
 * interface Tree {
 *   value: number;
 *   children: Tree[];
 * }
 * const Tree: StructCodec<Tree> = struct("Tree", {
 *   value: field(1, i32),
 *   children: field(2, list(lazy(() => Tree))),
 * });
 * ```
 */
export function lazy<T>(resolve: () => ThriftType<T>): LazyType<T> {
  return {
    kind: "lazy",
    resolve,
    zero: () => resolve().zero(),
  };
}

/**
 * The codec's naive twin: a second, slow reading of Thrift's Binary protocol that shares no code with the first.
 * It works on a {@linkcode Schema}, of which the real types are made as well.
 */
import { type Bytes, type Field, field, type StructCodec, type ThriftType } from "../../src/thrift/mod.ts";
import * as thrift from "../../src/thrift/mod.ts";

export type Scalar = "bool" | "byte" | "i16" | "i32" | "i64" | "double" | "string" | "binary" | "enumeration";

export type Schema =
  | { readonly kind: Scalar }
  | { readonly kind: "list" | "set"; readonly element: Schema }
  | { readonly kind: "map"; readonly key: Schema; readonly value: Schema }
  | StructSchema;

export interface StructSchema {
  readonly kind: "struct" | "union" | "exception";
  readonly fields: readonly FieldSchema[];
}

export interface FieldSchema {
  readonly name: string;
  readonly id: number;
  readonly requiredness: "default" | "required" | "optional";
  readonly schema: Schema;
}

/** Any message: tests work with schemas that TypeScript does not know. */
export type Message = Record<string, unknown>;

/** The real type that a schema stands for. */
export function typeOf(schema: Schema): ThriftType<unknown> {
  switch (schema.kind) {
    case "list":
      return thrift.list(typeOf(schema.element));
    case "set":
      return thrift.set(typeOf(schema.element));
    case "map":
      return thrift.map(typeOf(schema.key), typeOf(schema.value));
    case "struct":
    case "union":
    case "exception":
      return codecOf(schema);
    case "enumeration":
      return thrift.enumeration("Level", { LOW: 0, HIGH: 1 });
    default:
      return thrift[schema.kind];
  }
}

/** The real codec that a schema stands for. */
export function codecOf(schema: StructSchema): StructCodec<Message> {
  const fields: Record<string, Field<unknown>> = {};
  for (const { name, id, requiredness, schema: type } of schema.fields) {
    fields[name] = requiredness === "optional"
      ? field(id, typeOf(type), { optional: true })
      : field(id, typeOf(type), { required: requiredness === "required" });
  }
  const define: (name: string, fields: Record<string, Field<unknown>>) => StructCodec<Message> =
    thrift[schema.kind];
  return define("Twin", fields);
}

const WIRE: Readonly<Record<Schema["kind"], number>> = {
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  enumeration: 8,
  i64: 10,
  string: 11,
  binary: 11,
  struct: 12,
  union: 12,
  exception: 12,
  map: 13,
  set: 14,
  list: 15,
};

/** The payload of a value, byte by byte. */
export function twinEncode(schema: Schema, value: unknown): Bytes {
  const out: number[] = [];
  put(schema, value, out);
  return new Uint8Array(out);
}

/** A signed integer of so many bytes. */
function putInteger(value: number | bigint, size: number, out: number[]): void {
  const bits = BigInt(value);
  for (let i = size - 1; i >= 0; i--) out.push(Number((bits >> BigInt(8 * i)) & 0xffn));
}

function putBytes(bytes: Iterable<number>, out: number[]): void {
  const all = [...bytes];
  putInteger(all.length, 4, out);
  out.push(...all);
}

function put(schema: Schema, value: unknown, out: number[]): void {
  switch (schema.kind) {
    case "bool":
      out.push(value === true ? 1 : 0);
      return;
    case "byte":
      return putInteger(value as number, 1, out);
    case "i16":
      return putInteger(value as number, 2, out);
    case "i32":
    case "enumeration":
      return putInteger(value as number, 4, out);
    case "i64":
      return putInteger(value as bigint, 8, out);
    case "double":
      out.push(...new Uint8Array(new Float64Array([value as number]).buffer).reverse());
      return;
    case "string":
      return putBytes(new TextEncoder().encode(value as string), out);
    case "binary":
      return putBytes(value as Uint8Array, out);
    case "list":
    case "set": {
      const elements = [...value as Iterable<unknown>];
      out.push(WIRE[schema.element.kind]);
      putInteger(elements.length, 4, out);
      for (const element of elements) put(schema.element, element, out);
      return;
    }
    case "map": {
      const entries = [...value as Map<unknown, unknown>];
      out.push(WIRE[schema.key.kind], WIRE[schema.value.kind]);
      putInteger(entries.length, 4, out);
      for (const [key, item] of entries) {
        put(schema.key, key, out);
        put(schema.value, item, out);
      }
      return;
    }
    case "struct":
    case "union":
    case "exception": {
      const fields = schema.fields.toSorted((a, b) => a.id - b.id);
      for (const { name, id, schema: type } of fields) {
        if (!Object.hasOwn(value as Message, name)) continue;
        out.push(WIRE[type.kind]);
        putInteger(id, 2, out);
        put(type, (value as Message)[name], out);
      }
      out.push(0);
      return;
    }
  }
}

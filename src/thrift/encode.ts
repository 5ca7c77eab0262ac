import type { ByteBuffer } from "../buffer.ts";
import { below, Fault } from "./errors.ts";
import type { Field } from "./field.ts";
import type { KnownType } from "./known.ts";
import type { ThriftType } from "./types.ts";
import { MAX_DEPTH, wireTypeOf } from "./wire.ts";

/** Writes a value, or throws a {@linkcode Fault}; `depth` counts the structs and containers around it. */
export type Writer = (value: unknown, buffer: ByteBuffer, depth: number) => void;

const writers = new WeakMap<ThriftType<unknown>, Writer>();

/** The writer of a type, made once. */
export function writerOf(type: ThriftType<unknown>): Writer {
  let writer = writers.get(type);
  if (writer === undefined) {
    writer = makeWriter(type as KnownType);
    writers.set(type, writer);
  }
  return writer;
}

function makeWriter(type: KnownType): Writer {
  switch (type.kind) {
    case "bool":
      return (value, buffer) => buffer.writeUint8(boolean(value) ? 1 : 0);
    case "byte":
      return (value, buffer) => buffer.writeUint8(integer(value, -0x80, 0x7f));
    case "i16":
      return (value, buffer) => buffer.writeInt16(integer(value, -0x8000, 0x7fff));
    case "i32":
    case "enumeration":
      return (value, buffer) => buffer.writeInt32(integer(value, -0x80000000, 0x7fffffff));
    case "i64":
      return (value, buffer) => buffer.writeInt64(bigint(value));
    case "double":
      return (value, buffer) => buffer.writeFloat64(number(value));
    case "string":
      return writeString;
    case "binary":
      return writeBinary;
    case "list":
      return listWriter(type.element);
    case "set":
      return setWriter(type.element);
    case "map":
      return mapWriter(type.key, type.value);
    case "struct":
    case "exception":
      return structWriter(type.fields);
    case "union":
      return unionWriter(type.fields);
    case "lazy":
      return (value, buffer, depth) => writerOf(type.resolve())(value, buffer, depth);
  }
}

function show(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "string":
      return "a string";
    case "object":
      return Array.isArray(value) ? "an array" : "an object";
    default:
      return `a ${typeof value}`;
  }
}

const expected = (what: string, value: unknown) => new Fault(`expected ${what}, got ${show(value)}`);

function boolean(value: unknown): boolean {
  if (typeof value !== "boolean") throw expected("a boolean", value);
  return value;
}

function integer(value: unknown, min: number, max: number): number {
  if (typeof value !== "number") throw expected("a number", value);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new Fault(`${value} is not an integer from ${min} to ${max}`, true);
  }
  return value;
}

const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;

function bigint(value: unknown): bigint {
  if (typeof value !== "bigint") throw expected("a bigint", value);
  if (value < MIN_I64 || value > MAX_I64) throw new Fault(`${value} does not fit in 64 bits`, true);
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number") throw expected("a number", value);
  return value;
}

function writeString(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "string") throw expected("a string", value);
  buffer.writeInt32(0);
  const size = buffer.writeUtf8(value);
  buffer.setInt32(buffer.length - size - 4, size);
}

function writeBinary(value: unknown, buffer: ByteBuffer): void {
  if (!(value instanceof Uint8Array)) throw expected("a Uint8Array", value);
  buffer.writeInt32(value.length);
  buffer.writeBytes(value);
}

function enter(depth: number): number {
  if (depth >= MAX_DEPTH) throw new Fault(`nested deeper than ${MAX_DEPTH}`, true);
  return depth + 1;
}

function listWriter(element: ThriftType<unknown>): Writer {
  const write = writerOf(element);
  return (value, buffer, depth) => {
    if (!Array.isArray(value)) throw expected("an array", value);
    const inside = enter(depth);
    buffer.writeUint8(wireTypeOf(element));
    buffer.writeInt32(value.length);
    let i = 0;
    try {
      for (; i < value.length; i++) write(value[i], buffer, inside);
    } catch (error) {
      throw below(`[${i}]`, error);
    }
  };
}

function setWriter(element: ThriftType<unknown>): Writer {
  const write = writerOf(element);
  return (value, buffer, depth) => {
    if (!(value instanceof Set)) throw expected("a Set", value);
    const inside = enter(depth);
    buffer.writeUint8(wireTypeOf(element));
    buffer.writeInt32(value.size);
    let i = 0;
    try {
      for (const item of value) {
        write(item, buffer, inside);
        i++;
      }
    } catch (error) {
      throw below(`[${i}]`, error);
    }
  };
}

function mapWriter(key: ThriftType<unknown>, item: ThriftType<unknown>): Writer {
  const writeKey = writerOf(key);
  const writeItem = writerOf(item);
  return (value, buffer, depth) => {
    if (!(value instanceof Map)) throw expected("a Map", value);
    const inside = enter(depth);
    buffer.writeUint8(wireTypeOf(key));
    buffer.writeUint8(wireTypeOf(item));
    buffer.writeInt32(value.size);
    let i = 0;
    let part = "key";
    try {
      for (const [k, v] of value) {
        part = "key";
        writeKey(k, buffer, inside);
        part = "value";
        writeItem(v, buffer, inside);
        i++;
      }
    } catch (error) {
      throw below(`[${part} ${i}]`, error);
    }
  };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) throw expected("an object", value);
  return value as Record<string, unknown>;
}

function writeField(buffer: ByteBuffer, field: Field<unknown>, value: unknown, depth: number): void {
  buffer.writeUint8(wireTypeOf(field.type));
  buffer.writeInt16(field.id);
  writerOf(field.type)(value, buffer, depth);
}

function structWriter(fields: Readonly<Record<string, Field<unknown>>>): Writer {
  const ordered = Object.entries(fields).sort(([, a], [, b]) => a.id - b.id);
  return (value, buffer, depth) => {
    const source = record(value);
    const inside = enter(depth);
    let current = "";
    try {
      for (const [name, field] of ordered) {
        current = name;
        const item = source[name];
        if (item === undefined) {
          if (field.requiredness === "optional") continue;
          throw new Fault("missing");
        }
        writeField(buffer, field, item, inside);
      }
    } catch (error) {
      throw below(`.${current}`, error);
    }
    buffer.writeUint8(0);
  };
}

function unionWriter(fields: Readonly<Record<string, Field<unknown>>>): Writer {
  const names = Object.keys(fields);
  return (value, buffer, depth) => {
    const source = record(value);
    const inside = enter(depth);
    const given = names.filter((name) => source[name] !== undefined);
    const name = given[0];
    const field = name === undefined ? undefined : fields[name];
    if (field === undefined || given.length > 1) {
      throw new Fault(`a union has exactly one field, got ${given.join(" and ") || "none"}`);
    }
    try {
      writeField(buffer, field, source[name ?? ""], inside);
    } catch (error) {
      throw below(`.${name}`, error);
    }
    buffer.writeUint8(0);
  };
}

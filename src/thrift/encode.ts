import type { ByteBuffer } from "../base/buffer.ts";
import { Fault, inElement, inEntry, inField } from "./errors.ts";
import type { Field } from "./field.ts";
import { enter } from "./input.ts";
import type { ThriftType } from "./types.ts";
import { resolve, type ResolvedType, type StructLike, Wire, wireOf } from "./wire.ts";

/** Writes a value, or throws a {@linkcode Fault}; `depth` counts the structs and containers around it. */
export type Writer = (value: unknown, buffer: ByteBuffer, depth: number) => void;

/** A field as writers need it. */
export interface FieldWriter {
  readonly name: string;
  readonly id: number;
  readonly wire: number;
  readonly optional: boolean;
  /** Whether only an own property counts. */
  readonly inherited: boolean;
  readonly write: Writer;
}

/** Makes the writer of a struct or exception out of those of its fields, which are in the order of their ids. */
export type StructWriterMaker = (fields: readonly FieldWriter[]) => Writer;

/** Gives the writer of any type, made when it is first asked for. */
export function writers(makeStructWriter: StructWriterMaker): (type: ThriftType<unknown>) => Writer {
  const known = new WeakMap<ThriftType<unknown>, Writer>();

  function writerOf(someType: ThriftType<unknown>): Writer {
    const type = resolve(someType);
    const writer = known.get(type);
    if (writer !== undefined) return writer;
    // For what refers back to this type while its writer is being made.
    known.set(type, (value, buffer, depth) => writerOf(type)(value, buffer, depth));
    try {
      const made = makeWriter(type);
      known.set(type, made);
      return made;
    } catch (error) {
      known.delete(type);
      throw error;
    }
  }

  function makeWriter(type: ResolvedType): Writer {
    switch (type.kind) {
      case "bool":
        return writeBool;
      case "byte":
        return writeByte;
      case "i16":
        return writeI16;
      case "i32":
      case "enumeration":
        return writeI32;
      case "i64":
        return writeI64;
      case "double":
        return writeDouble;
      case "string":
        return writeString;
      case "binary":
        return writeBinary;
      case "list":
        return listWriter(wireOf(resolve(type.element)), writerOf(type.element));
      case "set":
        return setWriter(wireOf(resolve(type.element)), writerOf(type.element));
      case "map":
        return mapWriter(
          wireOf(resolve(type.key)),
          writerOf(type.key),
          wireOf(resolve(type.value)),
          writerOf(type.value),
        );
      case "struct":
      case "exception":
        return makeStructWriter(fieldWriters(type));
      case "union":
        return unionWriter(fieldWriters(type));
    }
  }

  function fieldWriters(type: StructLike): FieldWriter[] {
    return Object.entries(type.fields).map(([name, field]: [string, Field<unknown>]) => ({
      name,
      id: field.id,
      wire: wireOf(resolve(field.type)),
      optional: field.requiredness === "optional",
      inherited: inheritsProperty(type, name, field),
      write: writerOf(field.type),
    })).sort((a, b) => a.id - b.id);
  }

  return writerOf;
}

/**
 * Whether every object inherits a property of this name, `constructor` for one: then only an own one counts. Errors
 * inherit a `message` as well, which an optional field is not.
 */
export function inheritsProperty(
  { kind }: StructLike,
  name: string,
  { requiredness }: Field<unknown>,
): boolean {
  return name in Object.prototype ||
    (kind === "exception" && requiredness === "optional" && name in Error.prototype);
}

/** What is thrown for a value of another type than `what`. */
export function unexpected(what: string, value: unknown): Fault {
  if (value === undefined) return new Fault(`missing: expected ${what}`);
  return new Fault(`expected ${what}, got ${describe(value)}`);
}

function describe(value: unknown): string {
  switch (typeof value) {
    case "number":
      return `the number ${value}`;
    case "bigint":
      return `the bigint ${value}n`;
    case "boolean":
      return `${value}`;
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? "an array" : "an object";
    default:
      return `a ${typeof value}`;
  }
}

function writeBool(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "boolean") throw unexpected("a boolean", value);
  const at = buffer.reserve(1);
  buffer.bytes[at] = value ? 1 : 0;
  buffer.length = at + 1;
}

/** What is thrown for a value that is no integer of so many bits. */
export function notAnInteger(value: unknown, bits: number): Fault {
  if (typeof value !== "number") return unexpected("a number", value);
  return new Fault(`${value} is not an integer of ${bits} bits`, { outOfRange: true });
}

function writeByte(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "number" || value << 24 >> 24 !== value) throw notAnInteger(value, 8);
  const at = buffer.reserve(1);
  buffer.bytes[at] = value;
  buffer.length = at + 1;
}

function writeI16(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "number" || value << 16 >> 16 !== value) throw notAnInteger(value, 16);
  buffer.writeInt16(value);
}

function writeI32(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "number" || (value | 0) !== value) throw notAnInteger(value, 32);
  const at = buffer.reserve(4);
  buffer.setInt32(at, value);
  buffer.length = at + 4;
}

/** What is thrown for a bigint that does not fit. */
export function notAnInt64(value: bigint): Fault {
  return new Fault(`${value} is not an integer of 64 bits`, { outOfRange: true });
}

function writeI64(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "bigint") throw unexpected("a bigint", value);
  if (BigInt.asIntN(64, value) !== value) throw notAnInt64(value);
  const at = buffer.reserve(8);
  buffer.view.setBigInt64(at, value);
  buffer.length = at + 8;
}

function writeDouble(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "number") throw unexpected("a number", value);
  const at = buffer.reserve(8);
  buffer.view.setFloat64(at, value);
  buffer.length = at + 8;
}

function writeString(value: unknown, buffer: ByteBuffer): void {
  if (typeof value !== "string") throw unexpected("a string", value);
  const at = buffer.reserve(4);
  buffer.length = at + 4;
  const size = buffer.writeUtf8(value);
  buffer.setInt32(at, size);
}

const MAX_SIZE = 0x7fffffff;

function writeBinary(value: unknown, buffer: ByteBuffer): void {
  if (!(value instanceof Uint8Array)) throw unexpected("a Uint8Array", value);
  const size = value.length;
  if (size > MAX_SIZE) throw new Fault(`${size} bytes exceed the limit of ${MAX_SIZE}`, { outOfRange: true });
  const at = buffer.reserve(size + 4);
  buffer.setInt32(at, size);
  buffer.bytes.set(value, at + 4);
  buffer.length = at + 4 + size;
}

function listWriter(wire: number, write: Writer): Writer {
  return (value, buffer, depth) => {
    if (!Array.isArray(value)) throw unexpected("an array", value);
    const inside = enter(depth);
    const size = value.length;
    buffer.writeUint8(wire);
    buffer.writeInt32(size);
    let i = 0;
    try {
      for (; i < size; i++) write(value[i], buffer, inside);
    } catch (error) {
      throw inElement(i, error);
    }
  };
}

function setWriter(wire: number, write: Writer): Writer {
  return (value, buffer, depth) => {
    if (!(value instanceof Set)) throw unexpected("a Set", value);
    const inside = enter(depth);
    buffer.writeUint8(wire);
    buffer.writeInt32(value.size);
    let i = 0;
    try {
      for (const element of value) {
        write(element, buffer, inside);
        i++;
      }
    } catch (error) {
      throw inElement(i, error);
    }
  };
}

function mapWriter(keyWire: number, writeKey: Writer, valueWire: number, writeValue: Writer): Writer {
  return (map, buffer, depth) => {
    if (!(map instanceof Map)) throw unexpected("a Map", map);
    const inside = enter(depth);
    buffer.writeUint8(keyWire);
    buffer.writeUint8(valueWire);
    buffer.writeInt32(map.size);
    let i = 0;
    let label: unknown;
    try {
      for (const [key, value] of map) {
        label = undefined;
        writeKey(key, buffer, inside);
        label = key;
        writeValue(value, buffer, inside);
        i++;
      }
    } catch (error) {
      throw inEntry(label, i, error);
    }
  };
}

/** An object as its properties. */
export type Properties = Readonly<Record<string, unknown>>;

/** The value itself, when it can have fields. */
export function propertiesOf(value: unknown): Properties {
  if (typeof value !== "object" || value === null) throw unexpected("an object", value);
  return value as Properties;
}

/** A property that does not come from `Object.prototype`. */
export function propertyOf(source: Properties, name: string): unknown {
  return name in Object.prototype ? ownProperty(source, name) : source[name];
}

/** A property of the object itself. */
export function ownProperty(source: Properties, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** Writes what comes before a field's value. */
export function writeFieldHeader(buffer: ByteBuffer, wire: number, id: number): void {
  const at = buffer.reserve(3);
  const bytes = buffer.bytes;
  bytes[at] = wire;
  bytes[at + 1] = id >> 8;
  bytes[at + 2] = id;
  buffer.length = at + 3;
}

/** The writer of a struct as a loop over its fields: where code must not be generated. */
export function loopingStructWriter(fields: readonly FieldWriter[]): Writer {
  return (value, buffer, depth) => {
    const source = propertiesOf(value);
    const inside = enter(depth);
    let current: string | undefined;
    try {
      for (const { name, id, wire, optional, inherited, write } of fields) {
        current = name;
        const item = inherited ? ownProperty(source, name) : source[name];
        if (item === undefined && optional) continue;
        writeFieldHeader(buffer, wire, id);
        write(item, buffer, inside);
      }
    } catch (error) {
      throw inField(current, error);
    }
    buffer.writeUint8(Wire.Stop);
  };
}

function unionWriter(fields: readonly FieldWriter[]): Writer {
  return (value, buffer, depth) => {
    const source = propertiesOf(value);
    const inside = enter(depth);
    let given: FieldWriter | undefined;
    let item: unknown;
    for (const field of fields) {
      const candidate = field.inherited ? ownProperty(source, field.name) : source[field.name];
      if (candidate === undefined) continue;
      if (given !== undefined) {
        throw new Fault(`a union has exactly one field, got ${given.name} and ${field.name}`);
      }
      given = field;
      item = candidate;
    }
    if (given === undefined) throw new Fault("a union has exactly one field, got none");
    writeFieldHeader(buffer, given.wire, given.id);
    try {
      given.write(item, buffer, inside);
    } catch (error) {
      throw inField(given.name, error);
    }
    buffer.writeUint8(Wire.Stop);
  };
}

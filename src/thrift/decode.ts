import { filledBytes, STRUCT_BYTES } from "./absent.ts";
import { Fault, inElement, inEntry, inField } from "./errors.ts";
import { absentValue, type Field, mayBeAbsent } from "./field.ts";
import { enter, type Input } from "./input.ts";
import type { ThriftType } from "./types.ts";
import { leastSize, resolve, type ResolvedType, type StructLike, Wire, wireName, wireOf } from "./wire.ts";

/** Reads a value, or throws a {@linkcode Fault}; `depth` counts the structs and containers around it. */
export type Reader = (input: Input, depth: number) => unknown;

/** A field as readers need it. */
export interface FieldReader {
  readonly name: string;
  readonly id: number;
  readonly wire: number;
  readonly field: Field<unknown>;
  /** What its value takes where it is filled in. */
  readonly filledBytes: number;
  readonly read: Reader;
}

/** Makes the reader of a struct or exception out of those of its fields, which are in the order of their definition. */
export type StructReaderMaker = (fields: readonly FieldReader[]) => Reader;

/** Gives the reader of any type, made when it is first asked for. */
export function readers(makeStructReader: StructReaderMaker): (type: ThriftType<unknown>) => Reader {
  const known = new WeakMap<ThriftType<unknown>, Reader>();

  function readerOf(someType: ThriftType<unknown>): Reader {
    const type = resolve(someType);
    const reader = known.get(type);
    if (reader !== undefined) return reader;
    // For what refers back to this type while its reader is being made.
    known.set(type, (input, depth) => readerOf(type)(input, depth));
    try {
      const made = makeReader(type);
      known.set(type, made);
      return made;
    } catch (error) {
      known.delete(type);
      throw error;
    }
  }

  function makeReader(type: ResolvedType): Reader {
    switch (type.kind) {
      case "bool":
        return (input) => input.bool();
      case "byte":
        return (input) => input.byte();
      case "i16":
        return (input) => input.i16();
      case "i32":
      case "enumeration":
        return (input) => input.i32();
      case "i64":
        return (input) => input.i64();
      case "double":
        return (input) => input.double();
      case "string":
        return (input) => input.string();
      case "binary":
        return (input) => input.binary();
      case "list":
        return listReader(wireOf(resolve(type.element)), readerOf(type.element));
      case "set":
        return setReader(wireOf(resolve(type.element)), readerOf(type.element));
      case "map":
        return mapReader(
          wireOf(resolve(type.key)),
          readerOf(type.key),
          wireOf(resolve(type.value)),
          readerOf(type.value),
        );
      case "struct":
      case "exception":
        return makeStructReader(fieldReaders(type));
      case "union":
        return oneOf(unionReader(fieldReaders(type)));
    }
  }

  function fieldReaders(type: StructLike): FieldReader[] {
    return Object.entries(type.fields).map(([name, field]: [string, Field<unknown>]) => {
      const fieldType = resolve(field.type);
      const read = fieldType.kind === "union" && mayBeAbsent(field)
        ? perhapsUnionReader(fieldType)
        : readerOf(fieldType);
      return { name, id: field.id, wire: wireOf(fieldType), field, filledBytes: filledBytes(field), read };
    });
  }

  /** The reader of a union in a field that may be absent: undefined for one that Kitex wrote of a nil. */
  function perhapsUnionReader(type: StructLike): Reader {
    let read: Reader | undefined;
    // Made when it is needed: the union may hold the struct whose reader is being made.
    return (input, depth) => (read ??= unionReader(fieldReaders(type)))(input, depth);
  }

  return readerOf;
}

/** Refuses another wire type than the one that the struct says. */
export function expectWire(got: number, expected: number): void {
  if (got !== expected) throw new Fault(`expected ${wireName(expected)}, got ${wireName(got)}`);
}

/** How many elements follow; those of an empty container may claim to be of any type. */
function readSize(input: Input, what: string, wire: number): number {
  const got = input.wire();
  const size = input.containerSize(what, got === wire ? leastSize(wire) ?? 1 : 0);
  if (size > 0 && got !== wire) {
    throw new Fault(`expected elements of type ${wireName(wire)}, got ${wireName(got)}`);
  }
  return size;
}

function listReader(wire: number, read: Reader): Reader {
  return (input, depth) => {
    const inside = enter(depth);
    const size = readSize(input, "list", wire);
    const result: unknown[] = [];
    let i = 0;
    try {
      for (; i < size; i++) result.push(read(input, inside));
    } catch (error) {
      throw inElement(i, error);
    }
    return result;
  };
}

function setReader(wire: number, read: Reader): Reader {
  return (input, depth) => {
    const inside = enter(depth);
    const size = readSize(input, "set", wire);
    const result = new Set<unknown>();
    let i = 0;
    try {
      for (; i < size; i++) result.add(read(input, inside));
    } catch (error) {
      throw inElement(i, error);
    }
    return result;
  };
}

function mapReader(keyWire: number, readKey: Reader, valueWire: number, readValue: Reader): Reader {
  const least = (leastSize(keyWire) ?? 1) + (leastSize(valueWire) ?? 1);
  return (input, depth) => {
    const inside = enter(depth);
    const gotKey = input.wire();
    const gotValue = input.wire();
    const expected = gotKey === keyWire && gotValue === valueWire;
    const size = input.containerSize("map", expected ? least : 0);
    if (size > 0 && !expected) {
      throw new Fault(
        `expected entries of type ${wireName(keyWire)} to ${wireName(valueWire)}, ` +
          `got ${wireName(gotKey)} to ${wireName(gotValue)}`,
      );
    }
    const result = new Map<unknown, unknown>();
    let i = 0;
    let label: unknown;
    try {
      for (; i < size; i++) {
        label = undefined;
        const key = readKey(input, inside);
        label = key;
        result.set(key, readValue(input, inside));
      }
    } catch (error) {
      throw inEntry(label, i, error);
    }
    return result;
  };
}

/** Passes over a field that the struct does not know. */
export function skipField(input: Input, wire: number, id: number, depth: number): void {
  try {
    input.skip(wire, depth);
  } catch (error) {
    throw error instanceof Fault ? new Fault(`unknown field ${id}: ${error.reason}`) : error;
  }
}

/** The value of a field that did not come; undefined where it is to be left out. */
export function valueOfAbsent({ field, filledBytes }: FieldReader, input: Input): unknown {
  if (field.requiredness === "required") throw new Fault("missing, but required");
  input.fill(filledBytes);
  try {
    return absentValue(field);
  } catch (error) {
    // The type has no zero value.
    throw error instanceof TypeError ? new Fault(`missing: ${error.message}`) : error;
  }
}

/** Fields that are always there come first: objects then have fewer shapes, and are faster. */
export function inShapeOrder(fields: readonly FieldReader[]): FieldReader[] {
  const isOptional = ({ field }: FieldReader) =>
    field.requiredness === "optional" && field.default === undefined;
  return [...fields.filter((field) => !isOptional(field)), ...fields.filter(isOptional)];
}

/** The reader of a struct as a loop: where code must not be generated. */
export function loopingStructReader(fields: readonly FieldReader[]): Reader {
  const ordered = inShapeOrder(fields);
  const indexOf = new Map(ordered.map(({ id }, index) => [id, index]));
  return (input, depth) => {
    const inside = enter(depth);
    const values: unknown[] = ordered.map(() => undefined);
    let current: string | undefined;
    try {
      let wire = input.wire();
      if (wire === Wire.Stop) input.fill(STRUCT_BYTES);
      for (; wire !== Wire.Stop; wire = input.wire()) {
        const id = input.fieldId();
        const index = indexOf.get(id);
        const field = index === undefined ? undefined : ordered[index];
        if (index === undefined || field === undefined) {
          skipField(input, wire, id, inside);
          continue;
        }
        current = field.name;
        expectWire(wire, field.wire);
        values[index] = field.read(input, inside);
        current = undefined;
      }
      const result: Record<string, unknown> = {};
      let index = 0;
      for (const field of ordered) {
        current = field.name;
        const value = values[index++] ?? valueOfAbsent(field, input);
        if (value !== undefined) result[field.name] = value;
      }
      return result;
    } catch (error) {
      throw inField(current, error);
    }
  };
}

/** A union's reader where there must be one. */
function oneOf(read: Reader): Reader {
  return (input, depth) => {
    const value = read(input, depth);
    if (value === undefined) throw new Fault("a union has exactly one field, got none that is known");
    return value;
  };
}

/** The reader of a union; what it reads is undefined where no known field is set. */
function unionReader(fields: readonly FieldReader[]): Reader {
  const byId = new Map(fields.map((field) => [field.id, field]));
  const fallback = fields.find(({ field }) => field.default !== undefined);
  return (input, depth) => {
    const inside = enter(depth);
    let value: unknown;
    let given: FieldReader | undefined;
    let current: string | undefined;
    try {
      for (let wire = input.wire(); wire !== Wire.Stop; wire = input.wire()) {
        const id = input.fieldId();
        const field = byId.get(id);
        if (field === undefined) {
          skipField(input, wire, id, inside);
          continue;
        }
        if (given !== undefined && given !== field) {
          throw new Fault(`a union has exactly one field, got ${given.name} and ${field.name}`);
        }
        given = field;
        current = field.name;
        expectWire(wire, field.wire);
        value = field.read(input, inside);
        current = undefined;
      }
    } catch (error) {
      throw inField(current, error);
    }
    if (given !== undefined) return { [given.name]: value };
    if (fallback === undefined) return undefined;
    input.fill(STRUCT_BYTES + fallback.filledBytes);
    return { [fallback.name]: absentValue(fallback.field) };
  };
}

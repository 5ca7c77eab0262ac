import type { Bytes } from "../buffer.ts";
import { below, Fault } from "./errors.ts";
import type { Field } from "./field.ts";
import type { KnownType } from "./known.ts";
import type { ThriftType } from "./types.ts";
import { MAX_DEPTH, Wire, wireTypeOf } from "./wire.ts";

/** Reads a value, or throws a {@linkcode Fault}; `depth` counts the structs and containers around it. */
export type Reader = (input: Input, depth: number) => unknown;

/** The payload and how far it has been read. */
export class Input {
  readonly bytes: Bytes;
  readonly view: DataView<ArrayBuffer>;
  at = 0;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Moves on by `size` bytes, which must be there. */
  take(size: number, what: string): number {
    const at = this.at;
    const left = this.bytes.length - at;
    if (size > left) throw new Fault(`${what} needs ${size} bytes, but ${left} are left`);
    this.at = at + size;
    return at;
  }
}

const readers = new WeakMap<ThriftType<unknown>, Reader>();

/** The reader of a type, made once. */
export function readerOf(type: ThriftType<unknown>): Reader {
  let reader = readers.get(type);
  if (reader === undefined) {
    reader = makeReader(type as KnownType);
    readers.set(type, reader);
  }
  return reader;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readSize(input: Input, what: string, least: number): number {
  const size = input.view.getInt32(input.take(4, `${what}'s size`));
  if (size < 0) throw new Fault(`${what} of size ${size}`);
  const left = input.bytes.length - input.at;
  if (size * least > left) throw new Fault(`${what} of size ${size}, but ${left} bytes are left`);
  return size;
}

function makeReader(type: KnownType): Reader {
  switch (type.kind) {
    case "bool":
      return (input) => input.bytes[input.take(1, "bool")] === 1;
    case "byte":
      return (input) => input.view.getInt8(input.take(1, "byte"));
    case "i16":
      return (input) => input.view.getInt16(input.take(2, "i16"));
    case "i32":
    case "enumeration":
      return (input) => input.view.getInt32(input.take(4, "i32"));
    case "i64":
      return (input) => input.view.getBigInt64(input.take(8, "i64"));
    case "double":
      return (input) => input.view.getFloat64(input.take(8, "double"));
    case "string":
      return (input) => {
        const size = readSize(input, "string", 1);
        const at = input.take(size, "string");
        try {
          return utf8.decode(input.bytes.subarray(at, at + size));
        } catch {
          throw new Fault("string is not UTF-8");
        }
      };
    case "binary":
      return (input) => {
        const size = readSize(input, "binary", 1);
        const at = input.take(size, "binary");
        return input.bytes.subarray(at, at + size);
      };
    case "list":
      return (input, depth) => {
        const result: unknown[] = [];
        readElements(type, input, depth, (value) => result.push(value));
        return result;
      };
    case "set":
      return (input, depth) => {
        const result = new Set<unknown>();
        readElements(type, input, depth, (value) => result.add(value));
        return result;
      };
    case "map":
      return mapReader(type.key, type.value);
    case "struct":
    case "exception":
      return structReader(type.fields);
    case "union":
      return unionReader(type.fields);
    case "lazy":
      return (input, depth) => readerOf(type.resolve())(input, depth);
  }
}

/** The fewest bytes that a value takes. */
const LEAST: Readonly<Record<number, number>> = {
  [Wire.Bool]: 1,
  [Wire.Byte]: 1,
  [Wire.Double]: 8,
  [Wire.I16]: 2,
  [Wire.I32]: 4,
  [Wire.I64]: 8,
  [Wire.String]: 4,
  [Wire.Struct]: 1,
  [Wire.Map]: 6,
  [Wire.Set]: 5,
  [Wire.List]: 5,
};

function enter(depth: number): number {
  if (depth >= MAX_DEPTH) throw new Fault(`nested deeper than ${MAX_DEPTH}`);
  return depth + 1;
}

function expectType(what: string, got: number, type: ThriftType<unknown>): void {
  const wanted = wireTypeOf(type);
  if (got !== wanted) throw new Fault(`${what} of wire type ${got}, expected ${wanted} (${type.typeName})`);
}

function readElements(
  type: { readonly kind: string; readonly element: ThriftType<unknown> },
  input: Input,
  depth: number,
  add: (value: unknown) => void,
): void {
  const inside = enter(depth);
  const wire = input.view.getUint8(input.take(1, type.kind));
  const size = readSize(input, type.kind, LEAST[wireTypeOf(type.element)] ?? 1);
  if (size === 0) return;
  expectType("elements", wire, type.element);
  const read = readerOf(type.element);
  let i = 0;
  try {
    for (; i < size; i++) add(read(input, inside));
  } catch (error) {
    throw below(`[${i}]`, error);
  }
}

function mapReader(key: ThriftType<unknown>, value: ThriftType<unknown>): Reader {
  return (input, depth) => {
    const inside = enter(depth);
    const result = new Map<unknown, unknown>();
    const keyWire = input.view.getUint8(input.take(1, "map"));
    const valueWire = input.view.getUint8(input.take(1, "map"));
    const size = readSize(input, "map", (LEAST[wireTypeOf(key)] ?? 1) + (LEAST[wireTypeOf(value)] ?? 1));
    if (size === 0) return result;
    expectType("keys", keyWire, key);
    expectType("values", valueWire, value);
    const readKey = readerOf(key);
    const readValue = readerOf(value);
    let i = 0;
    let part = "key";
    try {
      for (; i < size; i++) {
        part = "key";
        const k = readKey(input, inside);
        part = "value";
        result.set(k, readValue(input, inside));
      }
    } catch (error) {
      throw below(`[${part} ${i}]`, error);
    }
    return result;
  };
}

type Named = readonly [name: string, field: Field<unknown>];

/** Reads fields up to the stop byte into `target`. */
function readFields(byId: ReadonlyMap<number, Named>, input: Input, depth: number): Record<string, unknown> {
  const inside = enter(depth);
  const result: Record<string, unknown> = {};
  while (true) {
    const wire = input.view.getUint8(input.take(1, "field"));
    if (wire === Wire.Stop) return result;
    const id = input.view.getInt16(input.take(2, "field id"));
    const named = byId.get(id);
    if (named === undefined) {
      try {
        skip(wire, input, inside);
      } catch (error) {
        throw below(`.#${id}`, error);
      }
      continue;
    }
    const [name, field] = named;
    try {
      expectType("value", wire, field.type);
      result[name] = readerOf(field.type)(input, inside);
    } catch (error) {
      throw below(`.${name}`, error);
    }
  }
}

function skip(wire: number, input: Input, depth: number): void {
  switch (wire) {
    case Wire.String:
      input.take(readSize(input, "string", 1), "string");
      return;
    case Wire.Struct: {
      const inside = enter(depth);
      while (true) {
        const inner = input.view.getUint8(input.take(1, "field"));
        if (inner === Wire.Stop) return;
        input.take(2, "field id");
        skip(inner, input, inside);
      }
    }
    case Wire.List:
    case Wire.Set: {
      const inside = enter(depth);
      const element = input.view.getUint8(input.take(1, "list"));
      const size = readSize(input, "list", LEAST[element] ?? 1);
      for (let i = 0; i < size; i++) skip(element, input, inside);
      return;
    }
    case Wire.Map: {
      const inside = enter(depth);
      const key = input.view.getUint8(input.take(1, "map"));
      const value = input.view.getUint8(input.take(1, "map"));
      const size = readSize(input, "map", (LEAST[key] ?? 1) + (LEAST[value] ?? 1));
      for (let i = 0; i < size; i++) {
        skip(key, input, inside);
        skip(value, input, inside);
      }
      return;
    }
    default: {
      const size = LEAST[wire];
      if (size === undefined) throw new Fault(`unknown wire type ${wire}`);
      input.take(size, "value");
    }
  }
}

function byIdOf(fields: Readonly<Record<string, Field<unknown>>>): ReadonlyMap<number, Named> {
  return new Map(Object.entries(fields).map((named) => [named[1].id, named]));
}

/** The value of a field that is not there. */
function absent(field: Field<unknown>): unknown {
  if (field.default !== undefined) return field.default;
  try {
    return field.type.zero();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Fault(`missing, and ${error.message}`);
  }
}

function structReader(fields: Readonly<Record<string, Field<unknown>>>): Reader {
  const byId = byIdOf(fields);
  const all = Object.entries(fields);
  return (input, depth) => {
    const read = readFields(byId, input, depth);
    const result: Record<string, unknown> = {};
    for (const [name, field] of all) {
      const value = read[name];
      if (value !== undefined) {
        result[name] = value;
      } else if (field.requiredness === "required") {
        throw new Fault("missing").under(`.${name}`);
      } else if (field.requiredness === "default" || field.default !== undefined) {
        result[name] = absent(field);
      }
    }
    return result;
  };
}

function unionReader(fields: Readonly<Record<string, Field<unknown>>>): Reader {
  const byId = byIdOf(fields);
  return (input, depth) => {
    const result = readFields(byId, input, depth);
    const names = Object.keys(result);
    if (names.length !== 1) {
      throw new Fault(`a union has exactly one field, got ${names.join(" and ") || "none"}`);
    }
    return result;
  };
}

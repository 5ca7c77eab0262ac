import { toBase64 } from "../base/base64.ts";
import type { JsonValue, ToJsonOptions } from "../core/json.ts";
import { notAnInt64, notAnInteger, ownProperty, propertiesOf, unexpected } from "./encode.ts";
import { Fault, inElement, inEntry, inField } from "./errors.ts";
import { enter } from "./input.ts";
import { enumName, isJsonKey, jsonFields } from "./json_field.ts";
import type { MapType } from "./types.ts";
import { resolve, type ResolvedType, type StructLike } from "./wire.ts";

type JsonObject = { [name: string]: JsonValue };

/** A value as JSON, or a {@linkcode Fault}; `depth` counts the structs and containers around it. */
export function toJson(
  type: ResolvedType,
  value: unknown,
  options: ToJsonOptions,
  depth: number,
): JsonValue {
  switch (type.kind) {
    case "bool":
      if (typeof value !== "boolean") throw unexpected("a boolean", value);
      return value;
    case "byte":
      return integer(value, 8);
    case "i16":
      return integer(value, 16);
    case "i32":
      return integer(value, 32);
    case "enumeration": {
      const number = integer(value, 32);
      return options.enums === "number" ? number : enumName(type, number) ?? number;
    }
    case "i64":
      return int64(value, options);
    case "double":
      if (typeof value !== "number") throw unexpected("a number", value);
      return Number.isFinite(value) ? value : String(value);
    case "string":
      if (typeof value !== "string") throw unexpected("a string", value);
      // As the payload has it.
      return value.toWellFormed();
    case "binary":
      if (!(value instanceof Uint8Array)) throw unexpected("a Uint8Array", value);
      return toBase64(value);
    case "list":
      if (!Array.isArray(value)) throw unexpected("an array", value);
      return elements(resolve(type.element), value, options, depth);
    case "set":
      if (!(value instanceof Set)) throw unexpected("a Set", value);
      return elements(resolve(type.element), value, options, depth);
    case "map":
      return entries(type, value, options, depth);
    case "struct":
    case "exception":
      return fields(type, value, options, depth);
    case "union":
      return oneField(type, value, options, depth);
  }
}

function integer(value: unknown, bits: number): number {
  const shift = 32 - bits;
  if (typeof value !== "number" || value << shift >> shift !== value) throw notAnInteger(value, bits);
  return value;
}

function int64(value: unknown, { i64 }: ToJsonOptions): JsonValue {
  if (typeof value !== "bigint") throw unexpected("a bigint", value);
  if (BigInt.asIntN(64, value) !== value) throw notAnInt64(value);
  const number = Number(value);
  return i64 === "number" && Number.isSafeInteger(number) ? number : String(value);
}

function elements(
  type: ResolvedType,
  values: Iterable<unknown>,
  options: ToJsonOptions,
  depth: number,
): JsonValue[] {
  const inside = enter(depth);
  const result: JsonValue[] = [];
  try {
    for (const value of values) result.push(toJson(type, value, options, inside));
  } catch (error) {
    throw inElement(result.length, error);
  }
  return result;
}

function entries(
  type: MapType<unknown, unknown>,
  map: unknown,
  options: ToJsonOptions,
  depth: number,
): JsonValue {
  if (!(map instanceof Map)) throw unexpected("a Map", map);
  const inside = enter(depth);
  const keyType = resolve(type.key);
  const valueType = resolve(type.value);
  const object: JsonObject = {};
  const pairs: JsonValue[] = [];
  const named = isJsonKey(keyType);
  let i = 0;
  let label: unknown;
  try {
    for (const [key, value] of map) {
      label = undefined;
      const jsonKey = toJson(keyType, key, options, inside);
      label = key;
      const jsonValue = toJson(valueType, value, options, inside);
      if (named) setProperty(object, String(jsonKey), jsonValue);
      else pairs.push([jsonKey, jsonValue]);
      i++;
    }
  } catch (error) {
    throw inEntry(label, i, error);
  }
  return named ? object : pairs;
}

function fields(type: StructLike, value: unknown, options: ToJsonOptions, depth: number): JsonObject {
  const source = propertiesOf(value);
  const inside = enter(depth);
  const result: JsonObject = {};
  for (const { name, jsonName, field, type: fieldType, inherited } of jsonFields(type).values()) {
    const item = inherited ? ownProperty(source, name) : source[name];
    if (item === undefined && field.requiredness === "optional") continue;
    try {
      setProperty(result, jsonName, toJson(fieldType, item, options, inside));
    } catch (error) {
      throw inField(name, error);
    }
  }
  return result;
}

function oneField(type: StructLike, value: unknown, options: ToJsonOptions, depth: number): JsonObject {
  const source = propertiesOf(value);
  const inside = enter(depth);
  const result: JsonObject = {};
  let given: string | undefined;
  for (const { name, jsonName, type: fieldType, inherited } of jsonFields(type).values()) {
    const item = inherited ? ownProperty(source, name) : source[name];
    if (item === undefined) continue;
    if (given !== undefined) throw new Fault(`a union has exactly one field, got ${given} and ${name}`);
    given = name;
    try {
      setProperty(result, jsonName, toJson(fieldType, item, options, inside));
    } catch (error) {
      throw inField(name, error);
    }
  }
  if (given === undefined) throw new Fault("a union has exactly one field, got none");
  return result;
}

/** Assigning to `__proto__` would give the object another prototype, and no property. */
function setProperty(object: JsonObject, name: string, value: JsonValue): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

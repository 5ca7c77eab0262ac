import { fromBase64, toBase64 } from "../base/base64.ts";
import type { FromJsonOptions } from "../core/json.ts";
import { STRUCT_BYTES } from "./absent.ts";
import { unexpected } from "./encode.ts";
import { Fault, inElement, inEntry, inField, quoted } from "./errors.ts";
import { absentValue, mayBeAbsent } from "./field.ts";
import { countFilled, enter } from "./input.ts";
import { isJsonKey, type JsonField, jsonFields } from "./json_field.ts";
import type { EnumerationType, MapType } from "./types.ts";
import { resolve, type ResolvedType, type StructLike } from "./wire.ts";

/** JSON that is being read: how, and how much memory what it leaves out has taken. */
export interface JsonInput {
  readonly options: FromJsonOptions;
  filledBytes: number;
}

/** The value that JSON stands for, or a {@linkcode Fault}; `depth` counts the structs and containers around it. */
export function fromJson(type: ResolvedType, json: unknown, input: JsonInput, depth: number): unknown {
  switch (type.kind) {
    case "bool":
      if (typeof json !== "boolean") throw wrongJson("a boolean", json);
      return json;
    case "byte":
      return integer(json, 8);
    case "i16":
      return integer(json, 16);
    case "i32":
      return integer(json, 32);
    case "enumeration":
      return enumValue(type, json);
    case "i64":
      return int64(json);
    case "double":
      return double(json);
    case "string":
      if (typeof json !== "string") throw wrongJson("a string", json);
      if (!json.isWellFormed()) throw new Fault(`${quoted(json)} has half of a surrogate pair`);
      return json;
    case "binary":
      return binary(json);
    case "list":
      return elements(resolve(type.element), json, input, depth);
    case "set":
      return new Set(elements(resolve(type.element), json, input, depth));
    case "map":
      return isJsonKey(resolve(type.key))
        ? objectEntries(type, json, input, depth)
        : pairs(type, json, input, depth);
    case "struct":
    case "exception":
      return fields(type, json, input, depth);
    case "union": {
      const value = oneField(type, json, input, depth);
      if (value === undefined) throw new Fault("a union has exactly one field, got none");
      return value;
    }
  }
}

/** As for a value of the wrong type; texts are shown. */
function wrongJson(what: string, json: unknown): Fault {
  return typeof json === "string"
    ? new Fault(`expected ${what}, got ${quoted(json)}`)
    : unexpected(what, json);
}

const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

function outOfRange(value: string | number, bits: number): Fault {
  return new Fault(
    `${typeof value === "string" ? quoted(value) : value} is not an integer of ${bits} bits`,
    { outOfRange: true },
  );
}

function integer(json: unknown, bits: number): number {
  const value = typeof json === "string" && INTEGER.test(json) ? Number(json) : json;
  if (typeof value !== "number") throw wrongJson("an integer", json);
  const shift = 32 - bits;
  if (value << shift >> shift !== value) throw outOfRange(typeof json === "string" ? json : value, bits);
  return value + 0; // No negative zero.
}

/** The longest text that is one. */
const INT64_LENGTH = String(-(2n ** 63n)).length;

function int64(json: unknown): bigint {
  if (typeof json === "number") {
    if (!Number.isInteger(json)) throw outOfRange(json, 64);
    if (!Number.isSafeInteger(json)) {
      throw new Fault(`${json} may have been another integer: beyond 2^53 it must be a string`, {
        outOfRange: true,
      });
    }
    return BigInt(json);
  }
  if (typeof json !== "string" || !INTEGER.test(json)) throw wrongJson("an integer of 64 bits", json);
  const value = json.length > INT64_LENGTH ? undefined : BigInt(json);
  if (value === undefined || BigInt.asIntN(64, value) !== value) throw outOfRange(json, 64);
  return value;
}

function double(json: unknown): number {
  const notFinite = NOT_FINITE.get(json);
  if (notFinite !== undefined) return notFinite;
  const number = typeof json === "string" && NUMBER.test(json) ? Number(json) : json;
  if (typeof number !== "number") throw wrongJson("a number", json);
  // `JSON.parse` makes Infinity of 1e999.
  if (!Number.isFinite(number)) {
    throw new Fault(`${number} is beyond the numbers of 64 bits; what is not finite is a string`, {
      outOfRange: true,
    });
  }
  return number;
}

function enumValue({ typeName, members }: EnumerationType, json: unknown): number {
  if (typeof json === "string" && Object.hasOwn(members, json)) {
    const value = members[json];
    if (value !== undefined) return value;
  }
  if (typeof json === "string" && !INTEGER.test(json)) {
    throw new Fault(`${typeName} has no value ${quoted(json)}`);
  }
  return integer(json, 32);
}

function binary(json: unknown): Uint8Array {
  if (typeof json !== "string") throw wrongJson("base64", json);
  const bytes = fromBase64(json);
  if (bytes === undefined) throw new Fault(`${quoted(json)} is not base64`);
  return bytes;
}

function elements(type: ResolvedType, json: unknown, input: JsonInput, depth: number): unknown[] {
  if (!Array.isArray(json)) throw wrongJson("an array", json);
  const inside = enter(depth);
  const result: unknown[] = [];
  try {
    for (const item of json) result.push(fromJson(type, item, input, inside));
  } catch (error) {
    throw inElement(result.length, error);
  }
  return result;
}

function objectEntries(
  type: MapType<unknown, unknown>,
  json: unknown,
  input: JsonInput,
  depth: number,
): Map<unknown, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrongJson("an object", json);
  const inside = enter(depth);
  const keyType = resolve(type.key);
  const valueType = resolve(type.value);
  const result = new Map<unknown, unknown>();
  const seen = new Set<unknown>();
  for (const [name, item] of Object.entries(json)) {
    try {
      const key = fromJson(keyType, keyType.kind === "bool" ? boolOf(name) : name, input, inside);
      // Of two spellings of one key, `1.0` and `1` say, one would be lost.
      const spelling = key instanceof Uint8Array ? toBase64(key) : key;
      if (seen.has(spelling)) throw new Fault("the same key as one before it");
      seen.add(spelling);
      result.set(key, fromJson(valueType, item, input, inside));
    } catch (error) {
      throw inEntry(name, result.size, error);
    }
  }
  return result;
}

function boolOf(name: string): unknown {
  return name === "true" ? true : name === "false" ? false : name;
}

function pairs(
  type: MapType<unknown, unknown>,
  json: unknown,
  input: JsonInput,
  depth: number,
): Map<unknown, unknown> {
  if (!Array.isArray(json)) throw wrongJson("an array of pairs", json);
  const inside = enter(depth);
  const keyType = resolve(type.key);
  const valueType = resolve(type.value);
  const result = new Map<unknown, unknown>();
  for (const [index, pair] of json.entries()) {
    let part = "";
    try {
      if (!Array.isArray(pair) || pair.length !== 2) throw wrongJson("a pair of a key and a value", pair);
      part = "[0]";
      const key = fromJson(keyType, pair[0], input, inside);
      part = "[1]";
      result.set(key, fromJson(valueType, pair[1], input, inside));
    } catch (error) {
      throw inElement(index, error instanceof Fault ? error.under(part) : error);
    }
  }
  return result;
}

/** What an object says of a struct's fields, null and absent ones left out; one that is not known is an error. */
function knownFields(
  type: StructLike,
  json: unknown,
  { options }: JsonInput,
): Map<JsonField, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw wrongJson("an object", json);
  const known = jsonFields(type);
  const given = new Map<JsonField, unknown>();
  for (const [name, value] of Object.entries(json)) {
    const field = known.get(name);
    if (field === undefined) {
      if (options.unknownFields !== "skip") throw new Fault(`has no field ${quoted(name)}`);
    } else if (value !== null && value !== undefined) {
      given.set(field, value);
    }
  }
  return given;
}

function fields(type: StructLike, json: unknown, input: JsonInput, depth: number): object {
  const inside = enter(depth);
  const given = knownFields(type, json, input);
  const result: Record<string, unknown> = {};
  if (given.size === 0) fill(input, STRUCT_BYTES);
  for (const field of jsonFields(type).values()) {
    try {
      const value = (given.has(field) ? fieldValue(field, given.get(field), input, inside) : undefined) ??
        absent(field, input);
      if (value !== undefined) result[field.name] = value;
    } catch (error) {
      throw inField(field.jsonName, error);
    }
  }
  return result;
}

/** The value of a field; undefined for a union without one where it may be absent: Kitex writes that of a nil. */
function fieldValue({ field, type }: JsonField, json: unknown, input: JsonInput, depth: number): unknown {
  return type.kind === "union" && mayBeAbsent(field)
    ? oneField(type, json, input, depth)
    : fromJson(type, json, input, depth);
}

function absent({ field, filledBytes }: JsonField, input: JsonInput): unknown {
  if (field.requiredness === "required") throw new Fault("missing, but required");
  fill(input, filledBytes);
  try {
    return absentValue(field);
  } catch (error) {
    // The type has no zero value.
    throw error instanceof TypeError ? new Fault(`missing: ${error.message}`) : error;
  }
}

function fill(input: JsonInput, bytes: number): void {
  input.filledBytes = countFilled(input.filledBytes, bytes);
}

/** A union; undefined where none of its fields is given. */
function oneField(type: StructLike, json: unknown, input: JsonInput, depth: number): object | undefined {
  const inside = enter(depth);
  const given = [...knownFields(type, json, input)];
  const [first, second] = given;
  if (second !== undefined && first !== undefined) {
    throw new Fault(
      `a union has exactly one field, got ${first[0].jsonName} and ${second[0].jsonName}`,
    );
  }
  if (first === undefined) return undefined;
  const [{ name, jsonName, type: fieldType }, value] = first;
  try {
    return { [name]: fromJson(fieldType, value, input, inside) };
  } catch (error) {
    throw inField(jsonName, error);
  }
}

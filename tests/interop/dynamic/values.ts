/** Messages for both sides, and what of their JSON must be the same. */
import fc from "npm:fast-check@^4";
import { isDeepStrictEqual } from "node:util";
import type { Bytes, JsonValue } from "../../../src/thrift/mod.ts";
import { valuesOf } from "../thrift/arbitrary.ts";
import { Everything } from "../thrift/gen/types.ts";

const RUNS = 60;
const SEED = 20_261;
const DEPTH = 4;

/** What Kitex writes, and what it reads: it knows no names of enums. */
export const KITEX_JSON = { i64: "number", enums: "number" } as const;

/** Random messages as JSON. Kitex's JSON has no numbers that are not finite, and JavaScript's no negative zero. */
export function randomMessages(): JsonValue[] {
  const codec: { readonly encode: (message: never) => Bytes } = Everything;
  return fc.sample(valuesOf(Everything, DEPTH), { seed: SEED, numRuns: RUNS }).map((message) => {
    const payload: Bytes = Reflect.apply(codec.encode, Everything, [finite(message)]);
    return Everything.toJson(Everything.decode(payload), KITEX_JSON);
  });
}

function finite(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : 0;
  if (Array.isArray(value)) return value.map(finite);
  if (value instanceof Set) return new Set([...value].map(finite));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [finite(key), finite(item)]));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, finite(item)]));
}

/** JSON as it is, integers that JavaScript's numbers do not hold as text. */
export function parseExactly(text: string): JsonValue {
  return JSON.parse(text, (_key, value, context?: { readonly source?: string }) => {
    const source = context?.source ?? "";
    return typeof value === "number" && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(source)
      ? source
      : value;
  });
}

/**
 * Whether two JSONs are one message. They may spell the keys of a map of doubles in two ways: Go has no exponents there.
 */
export function sameMessage(a: JsonValue, b: JsonValue): boolean {
  const [one, other] = [a, b].map((json) => Everything.toJson(Everything.fromJson(json)));
  return isDeepStrictEqual(one, other);
}

/** The message without what Kitex's faster converter has no JSON for: maps whose keys are booleans or doubles. */
export function forDynamicgo(message: JsonValue): JsonValue {
  return JSON.parse(
    JSON.stringify(message, (name, value) => name === "by_flag" || name === "by_real" ? {} : value),
  );
}

/** The message without maps whose keys are doubles, which Go writes without exponents. */
export function withoutDoubleKeys(message: JsonValue): JsonValue {
  return JSON.parse(JSON.stringify(message, (name, value) => name === "by_real" ? {} : value));
}

import type { JsonValue } from "../core/json.ts";

/** The one member of an object. */
export function memberOf(json: JsonValue): JsonValue {
  return typeof json === "object" && json !== null ? Object.values(json)[0] ?? null : null;
}

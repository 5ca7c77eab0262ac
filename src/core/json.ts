/** What `JSON.parse` gives and `JSON.stringify` takes. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue };

/** How a message becomes JSON. */
export interface ToJsonOptions {
  /**
   * Integers of 64 bits: `"string"` always as text; `"number"` as a number where that holds it exactly (up to 2⁵³ - 1),
   * else as text all the same. Default `"string"`.
   */
  readonly i64?: "string" | "number" | undefined;
  /** Values of an enum: by their names, or as the numbers they are. One without a name is a number. Default `"name"`. */
  readonly enums?: "name" | "number" | undefined;
}

/** How JSON becomes a message. */
export interface FromJsonOptions {
  /** A field that the struct does not have: an error, or passed over. Default `"error"`. */
  readonly unknownFields?: "error" | "skip" | undefined;
}

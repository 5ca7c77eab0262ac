import type { ThriftType } from "./types.ts";

/**
 * How a {@linkcode Field} behaves when it is not there.
 *
 * | | in the type | encode | decode, when absent |
 * |---|---|---|---|
 * | `default` | required | always written | its default or zero value |
 * | `required` | required | always written | an error that names it |
 * | `optional` | optional | written when set | its default, else left out |
 */
export type Requiredness = "default" | "required" | "optional";

/** A field of a struct, union or exception; made by {@linkcode field}. */
export interface Field<out T, out R extends Requiredness = Requiredness> {
  /** Its number, the only thing that tells it on the wire. */
  readonly id: number;
  /** The type of its value. */
  readonly type: ThriftType<T>;
  /** How it behaves when it is not there. */
  readonly requiredness: R;
  /** Its value where none is given. Not to be changed. */
  readonly default?: T | undefined;
  /** The IDL's name, where it differs from the property's: the one that JSON has. */
  readonly name?: string | undefined;
}

/** The fields of a struct by name, in the order of their definition. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** Options of {@linkcode field} for a field that may be left out. */
export interface OptionalFieldOptions<T> {
  /** The field may be left out. */
  optional: true;
  /** An optional field is not required. */
  required?: false | undefined;
  /** Its value where none is given. */
  default?: T | undefined;
  /** The IDL's name, where it differs from the property's. */
  name?: string | undefined;
}

/** Options of {@linkcode field} for a field that is always written. */
export interface FieldOptions<T> {
  /** The field is always there. */
  optional?: false | undefined;
  /** Whether a message without it is refused on decode; default false: it gets its default or zero value. */
  required?: boolean | undefined;
  /** Its value where none is given. */
  default?: T | undefined;
  /** The IDL's name, where it differs from the property's. */
  name?: string | undefined;
}

/**
 * A field that may be left out.
 *
 * @param id Its number in the IDL, an integer of 16 bits; IDLs use 1 to 32767.
 * @param type The type of its value.
 * @param options Says that it is optional, and its default.
 * @throws {RangeError} When `id` is not an integer of 16 bits.
 *
 * @example
 * ```ts
 * import { field, i64, string, struct } from "@ttstream/ttstream/thrift";
 *
 * const Question = struct("Question", { text: field(1, string), user: field(2, i64, { optional: true }) });
 * Question.encode({ text: "Why?" });
 * ```
 */
export function field<T>(
  id: number,
  type: ThriftType<T>,
  options: OptionalFieldOptions<NoInfer<T>>,
): Field<T, "optional">;
/**
 * A field that is always written.
 *
 * @param id Its number in the IDL, an integer of 16 bits; IDLs use 1 to 32767.
 * @param type The type of its value.
 * @param options Whether it is required, and its default.
 * @throws {RangeError} When `id` is not an integer of 16 bits.
 */
export function field<T>(
  id: number,
  type: ThriftType<T>,
  options?: FieldOptions<NoInfer<T>>,
): Field<T, "default" | "required">;
export function field<T>(
  id: number,
  type: ThriftType<T>,
  options: OptionalFieldOptions<T> | FieldOptions<T> = {},
): Field<T> {
  checkFieldId(id);
  if (options.optional === true && (options.required as boolean | undefined) === true) {
    throw new TypeError(`field ${id} cannot be both optional and required`);
  }
  const requiredness: Requiredness = options.optional
    ? "optional"
    : options.required
    ? "required"
    : "default";
  return Object.freeze({ id, type, requiredness, default: options.default, name: options.name });
}

/** Refuses what the wire has no room for. */
export function checkFieldId(id: number): void {
  if (id << 16 >> 16 !== id) throw new RangeError(`field id ${id} is not an integer of 16 bits`);
}

/** Whether a message without the field is none with a mistake: it is left out, or gets its default. */
export function mayBeAbsent({ requiredness, default: value }: Field<unknown>): boolean {
  return requiredness === "optional" || (requiredness === "default" && value !== undefined);
}

/** The value of a field that is not given: a copy of its default, its zero value, or undefined: it is left out. */
export function absentValue({ type, requiredness, default: value }: Field<unknown>): unknown {
  if (value !== undefined) return typeof value === "object" ? structuredClone(value) : value;
  return requiredness === "optional" ? undefined : type.zero();
}

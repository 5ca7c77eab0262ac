import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";
import { ThriftError } from "./errors.ts";
import { type Field, field } from "./field.ts";
import type { MessageCodec } from "./message_codec.ts";
import { memberOf } from "./one_member.ts";
import { struct, type StructCodec } from "./struct.ts";
import type { ThriftType } from "./types.ts";

// On the wire a unary method's result is one struct: field 0 is what it returns, the others are the exceptions that the
// IDL declares (Kitex generates XxxResult).

/** A class of errors that a Thrift exception becomes: what thriftgen makes of one. */
export interface ExceptionClass<T> {
  /** The codec of its fields. */
  readonly codec: StructCodec<T>;
  /** Makes an error with these fields. */
  new (fields: T): Error;
}

/** An exception that a method declares, made by {@linkcode thrown}. */
export interface ThrownException {
  /** Its number in the method's `throws`. */
  readonly id: number;
  /** The codec of its fields. */
  readonly codec: ThriftType<unknown>;
  /** Whether a value is an instance of its class. */
  isInstance(value: unknown): boolean;
  /** An instance with these fields. */
  create(fields: unknown): Error;
  /** The fields of an instance, as its codec takes them. */
  fieldsOf(error: unknown): unknown;
}

/**
 * An exception that a method declares, for {@linkcode resultCodec}.
 *
 * @param id Its number in the method's `throws`.
 * @param exceptionClass The class of its instances, with the codec of their fields as `codec`.
 * @throws {RangeError} When `id` is not an integer of 16 bits.
 *
 * @example
 * ```ts
 * import { exception, field, resultCodec, string, type StructCodec, thrown } from "@ttstream/ttstream/thrift";
 *
 * class NotThere extends Error {
 *   static readonly codec: StructCodec<{ what: string }> = exception("NotThere", { what: field(1, string) });
 *   readonly what: string;
 *   constructor({ what }: { what: string }) {
 *     super(`${what} is not there`);
 *     this.what = what;
 *   }
 * }
 * // string Find(1: string name) throws (1: NotThere error)
 * const found = resultCodec("Find", string, { error: thrown(1, NotThere) });
 * ```
 */
export function thrown<T>(id: number, exceptionClass: ExceptionClass<T>): ThrownException {
  return {
    id,
    codec: exceptionClass.codec,
    isInstance: (value) => value instanceof exceptionClass,
    create(fields: T) {
      return new exceptionClass(fields);
    },
    // They are its properties.
    fieldsOf: (error) => error,
  };
}

/**
 * The codec of a unary method's result: on the wire a struct with what it returns, or one of the exceptions that it
 * declares. An instance of an exception's class is encoded as that exception, everything else as what the method
 * returns. `decode` throws an instance where the payload has an exception. JSON is that of what the method returns,
 * `null` for `void`; an exception has its own, by its class's codec.
 *
 * @param method The method's name in the IDL, for errors.
 * @param success The type of what it returns; `undefined` for `void`.
 * @param throws The exceptions that it declares, by their names in its `throws`.
 * @throws {TypeError} When two exceptions have the same id, or one has 0.
 *
 * @example
 * ```ts
 * import { exception, field, i32, resultCodec, type StructCodec, thrown } from "@ttstream/ttstream/thrift";
 *
 * class Overdrawn extends Error {
 *   static readonly codec: StructCodec<{ missing: number }> = exception("Overdrawn", { missing: field(1, i32) });
 *   readonly missing: number;
 *   constructor({ missing }: { missing: number }) {
 *     super(`${missing} are missing`);
 *     this.missing = missing;
 *   }
 * }
 * const withdraw = {
 *   response: resultCodec("Withdraw", i32, { overdrawn: thrown(1, Overdrawn) }),
 *   throws: [Overdrawn],
 * };
 * ```
 */
export function resultCodec<T>(
  method: string,
  success: ThriftType<T>,
  throws?: Readonly<Record<string, ThrownException>>,
): MessageCodec<T>;
/**
 * The codec of the result of a method that returns nothing.
 *
 * @param method The method's name in the IDL, for errors.
 * @param success Nothing.
 * @param throws The exceptions that it declares, by their names in its `throws`.
 * @throws {TypeError} When two exceptions have the same id, or one has 0.
 */
export function resultCodec(
  method: string,
  success: undefined,
  throws?: Readonly<Record<string, ThrownException>>,
): MessageCodec<void>;
export function resultCodec(
  method: string,
  success: ThriftType<unknown> | undefined,
  throws: Readonly<Record<string, ThrownException>> = {},
): MessageCodec<unknown> {
  return new ResultCodec(`${method}.result`, success, throws);
}

type AnyStruct = StructCodec<Record<string, unknown>>;

const SUCCESS = "success";

/**
 * What Kitex's generic server writes for `descriptor.Void`: field 0 of the type 1, which no other writer knows, with an
 * empty struct in it (pkg/generic/thrift/write.go, writeVoid).
 */
const GENERIC_VOID = [1, 0, 0, 0, 0];

function isGenericVoid(payload: Bytes): boolean {
  return payload.length === GENERIC_VOID.length && GENERIC_VOID.every((byte, at) => payload[at] === byte);
}

class ResultCodec implements MessageCodec<unknown> {
  readonly #result: AnyStruct;
  readonly #hasSuccess: boolean;
  readonly #throws: readonly (readonly [name: string, exception: ThrownException])[];

  constructor(
    typeName: string,
    success: ThriftType<unknown> | undefined,
    throws: Readonly<Record<string, ThrownException>>,
  ) {
    // Names here are for errors alone.
    this.#throws = Object.entries(throws).map(([name, exception]) => [
      name === SUCCESS ? `${name}_` : name,
      exception,
    ]);
    const fields: [string, Field<unknown>][] = this.#throws.map(([name, { id, codec }]) => {
      if (id === 0) throw new TypeError(`${typeName}.${name}: the id 0 is that of what the method returns`);
      return [name, field(id, codec, { optional: true })];
    });
    if (success !== undefined) fields.unshift([SUCCESS, field(0, success, { optional: true })]);
    this.#hasSuccess = success !== undefined;
    this.#result = struct(typeName, Object.fromEntries(fields));
  }

  get encoding(): "thrift" {
    return "thrift";
  }

  encode(value: unknown): Bytes {
    return this.#result.encode(this.#wrapped(value));
  }

  encodeInto(value: unknown, buffer: ByteBuffer): void {
    this.#result.encodeInto(this.#wrapped(value), buffer);
  }

  decode(payload: Bytes): unknown {
    if (!this.#hasSuccess && isGenericVoid(payload)) return undefined;
    const result = this.#result.decode(payload);
    for (const [name, exception] of this.#throws) {
      const fields = result[name];
      if (fields !== undefined) throw exception.create(fields);
    }
    const value = result[SUCCESS];
    if (this.#hasSuccess && value === undefined) {
      throw new ThriftError(
        this.#result.typeName,
        "missing result: neither a value nor a declared exception",
      );
    }
    return value;
  }

  toJson(value: unknown, options?: ToJsonOptions): JsonValue {
    return this.#hasSuccess
      ? memberOf(this.#result.toJson({ [SUCCESS]: this.#checked(value) }, options))
      : null;
  }

  fromJson(json: unknown, options?: FromJsonOptions): unknown {
    if (!this.#hasSuccess) {
      if (json !== null && json !== undefined) this.#result.fromJson(json, options);
      return undefined;
    }
    const value = this.#result.fromJson({ [SUCCESS]: json }, options)[SUCCESS];
    if (value === undefined) {
      throw new ThriftError(this.#result.typeName, "missing: the method returns a value");
    }
    return value;
  }

  #checked(value: unknown): unknown {
    if (value === undefined) {
      throw new TypeError(`${this.#result.typeName}: missing: the method returns a value`);
    }
    return value;
  }

  #wrapped(value: unknown): Record<string, unknown> {
    for (const [name, exception] of this.#throws) {
      if (exception.isInstance(value)) return { [name]: exception.fieldsOf(value) };
    }
    if (!this.#hasSuccess) return {};
    if (value === undefined) {
      throw new TypeError(`${this.#result.typeName}: missing: the method returns a value`);
    }
    return { [SUCCESS]: value };
  }
}

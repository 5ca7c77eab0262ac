import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { Codec } from "../core/codec.ts";
import type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";

/** A {@linkcode Codec} of messages whose type is known: they have a JSON, too. */
export interface MessageCodec<T> extends Codec<T> {
  /**
   * The payload of `message`.
   *
   * @throws {TypeError} When a value is of the wrong type, a field is missing, or a union has not exactly one.
   * @throws {RangeError} When a number does not fit its type, or structs and containers are nested deeper than 64.
   */
  encode(message: T): Bytes;
  /**
   * Appends the payload of `message` to `buffer`; after an error nothing is appended.
   *
   * @throws {TypeError} As `encode` does.
   * @throws {RangeError} As `encode` does.
   */
  encodeInto(message: T, buffer: ByteBuffer): void;
  /**
   * The message as JSON: see the module's table.
   *
   * @param message The message.
   * @param options How 64-bit integers and enums are written.
   * @throws {TypeError} As `encode` does.
   * @throws {RangeError} As `encode` does.
   */
  toJson(message: T, options?: ToJsonOptions): JsonValue;
  /**
   * The message that JSON stands for: what `JSON.parse` has given.
   *
   * @param json The JSON, which may be anything.
   * @param options Whether unknown fields are an error.
   * @throws {ThriftError} When it is no such message; the error names the place.
   */
  fromJson(json: unknown, options?: FromJsonOptions): T;
}

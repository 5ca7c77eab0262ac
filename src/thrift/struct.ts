import { ByteBuffer, type Bytes } from "../buffer.ts";
import type { Codec } from "../codec.ts";
import { Input, readerOf } from "./decode.ts";
import { writerOf } from "./encode.ts";
import { Fault, ThriftError } from "./errors.ts";
import type { Field, Fields } from "./field.ts";
import type { ThriftType } from "./types.ts";

/** Some properties of a `T`; the others are filled in. */
export type Init<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * The codec of a struct, union or exception: a {@linkcode Codec} for messages, and a {@linkcode ThriftType} for
 * fields of other structs.
 */
export interface StructCodec<in out T> extends ThriftType<T>, Codec<T> {
  readonly kind: "struct" | "union" | "exception";
  /** Its fields by name, in the order of their definition. */
  readonly fields: Fields;
  /**
   * A value with what is given, and the defaults and zero values of the other fields. Optional fields without a
   * default are left out.
   *
   * @param init Some of the fields. They are not copied.
   * @throws {TypeError} When a field that is not given has no zero value: a union, or a struct that holds itself.
   */
  create(init?: Init<T>): T;
  /**
   * The payload of `message`: its fields in the order of their ids.
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
   * The message in `payload`. Fields may come in any order, of two with the same id the later one counts, and
   * unknown ones are skipped.
   *
   * @throws {ThriftError} When `payload` is not such a struct and nothing else.
   */
  decode(payload: Bytes): T;
}

type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, "optional"> ? K : never;
}[keyof F];

type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The values of a struct with the fields `F`. */
export type StructValue<F extends Fields> =
  & { -readonly [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]> }
  & { -readonly [K in OptionalNames<F>]?: ValueOf<F[K]> | undefined } extends infer T
  ? { [K in keyof T]: T[K] }
  : never;

/** The values of a union with the fields `F`: objects with exactly one of them. */
export type UnionValue<F extends Fields> = { [K in keyof F]: { [P in K]: ValueOf<F[K]> } }[keyof F];

class StructLike<T> implements StructCodec<T> {
  readonly kind: "struct" | "union" | "exception";
  readonly typeName: string;
  readonly fields: Fields;
  #zeroing = false;

  constructor(kind: "struct" | "union" | "exception", typeName: string, fields: Fields) {
    const names = new Map<number, string>();
    for (const [name, { id }] of Object.entries(fields)) {
      const other = names.get(id);
      if (other !== undefined) {
        throw new TypeError(`${typeName}: ${other} and ${name} both have the id ${id}`);
      }
      names.set(id, name);
    }
    this.kind = kind;
    this.typeName = typeName;
    this.fields = fields;
  }

  zero(): T {
    return this.create();
  }

  create(init: Init<T> = {}): T {
    if (this.#zeroing) throw new TypeError(`${this.typeName} holds itself`);
    this.#zeroing = true;
    try {
      const given = init as Readonly<Record<string, unknown>>;
      const result: Record<string, unknown> = {};
      for (const [name, field] of Object.entries(this.fields)) {
        const value = given[name] ?? field.default;
        if (value !== undefined) result[name] = value;
        else if (this.kind !== "union" && field.requiredness !== "optional") result[name] = field.type.zero();
      }
      if (this.kind === "union" && Object.keys(result).length !== 1) {
        throw new TypeError(`union ${this.typeName} has exactly one field`);
      }
      return result as T;
    } finally {
      this.#zeroing = false;
    }
  }

  encode(message: T): Bytes {
    const buffer = new ByteBuffer();
    this.encodeInto(message, buffer);
    return buffer.toBytes();
  }

  encodeInto(message: T, buffer: ByteBuffer): void {
    const start = buffer.length;
    try {
      writerOf(this)(message, buffer, 0);
    } catch (error) {
      buffer.length = start;
      if (!(error instanceof Fault)) throw error;
      const text = `${this.typeName}${error.path}: ${error.reason}`;
      throw error.range ? new RangeError(text) : new TypeError(text);
    }
  }

  decode(payload: Bytes): T {
    const input = new Input(payload);
    try {
      const message = readerOf(this)(input, 0);
      const left = payload.length - input.at;
      if (left > 0) throw new Fault(`${left} bytes after its end`);
      return message as T;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new ThriftError(this.typeName + error.path, error.reason);
    }
  }
}

/**
 * A struct.
 *
 * @param typeName Its name in the IDL.
 * @param fields Its fields by name.
 * @throws {TypeError} When two fields have the same id.
 *
 * @example
 * ```ts
 * import { binary, field, i64, type Infer, string, struct } from "@ttstream/ttstream/thrift";
 *
 * const ChatRequest = struct("ChatRequest", {
 *   message: field(1, string),
 *   n: field(2, i64),
 *   blob: field(3, binary, { optional: true }),
 * });
 * type ChatRequest = Infer<typeof ChatRequest>; // { message: string; n: bigint; blob?: Bytes }
 *
 * const first = ChatRequest.create({ message: "hi" });
 * console.log(first); // { message: "hi", n: 0n }
 * ```
 */
export function struct<F extends Fields>(typeName: string, fields: F): StructCodec<StructValue<F>> {
  return new StructLike("struct", typeName, fields);
}

/**
 * A union: an object with exactly one of its fields.
 *
 * @param typeName Its name in the IDL.
 * @param fields Its fields by name.
 * @throws {TypeError} When two fields have the same id.
 */
export function union<F extends Fields>(typeName: string, fields: F): StructCodec<UnionValue<F>> {
  return new StructLike("union", typeName, fields);
}

/**
 * An exception: on the wire a struct. Its value is the fields that a subclass of `Error` has, as plain data: an
 * instance of that class can be encoded as it is, and what was decoded is given to its constructor.
 *
 * @param typeName Its name in the IDL.
 * @param fields Its fields by name.
 * @throws {TypeError} When two fields have the same id.
 *
 * @example
 * ```ts
 * import { exception, field, i32, type Infer, string } from "@ttstream/ttstream/thrift";
 *
 * const NotFound = exception("NotFound", { message: field(1, string), code: field(2, i32) });
 *
 * class NotFoundError extends Error {
 *   readonly code: number;
 *   constructor({ message, code }: Infer<typeof NotFound>) {
 *     super(message);
 *     this.code = code;
 *   }
 * }
 * const payload = NotFound.encode(new NotFoundError({ message: "no such room", code: 7 }));
 * const error = new NotFoundError(NotFound.decode(payload));
 * ```
 */
export function exception<F extends Fields>(typeName: string, fields: F): StructCodec<StructValue<F>> {
  return new StructLike("exception", typeName, fields);
}

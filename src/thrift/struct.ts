import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";
import { fromJson } from "./from_json.ts";
import type { MessageCodec } from "./message_codec.ts";
import { toJson } from "./to_json.ts";
import { loopingStructReader, type Reader, readers } from "./decode.ts";
import {
  loopingStructWriter,
  type Properties,
  propertiesOf,
  propertyOf,
  type Writer,
  writers,
} from "./encode.ts";
import { Fault, ThriftError } from "./errors.ts";
import { absentValue, checkFieldId, type Field, type Fields } from "./field.ts";
import { canGenerateCode, generatedStructReader, generatedStructWriter } from "./generate.ts";
import { count, Input } from "./input.ts";
import type { ThriftType } from "./types.ts";

/** Some properties of a `T`; the others are filled in. */
export type Init<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * The codec of a struct, union or exception: a {@linkcode MessageCodec} for messages, and a {@linkcode ThriftType} for
 * fields of other structs.
 */
export interface StructCodec<in out T> extends ThriftType<T>, MessageCodec<T> {
  /** Which of them it is. */
  readonly kind: "struct" | "union" | "exception";
  /** Its name in the IDL. */
  readonly typeName: string;
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
   * The message in `payload`. Fields may come in any order, of two with the same id the later one counts, and
   * unknown ones are skipped. A known one of another type is an error: Kitex skips it, and nobody learns of it.
   *
   * What a hostile payload can cost: what it leaves out, that is absent fields with their defaults and zero values
   * and structs without any field, may take 128 MiB; the rest up to forty times its size, for a list of empty sets.
   *
   * @throws {ThriftError} When `payload` is not such a struct and nothing else.
   */
  decode(payload: Bytes): T;
}

/** The names of the optional fields among `F`. */
export type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<unknown, "optional"> ? K : never;
}[keyof F];

/** The type of a field's values. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The values of a struct with the fields `F`. */
export type StructValue<F extends Fields> =
  & { -readonly [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]> }
  & { -readonly [K in OptionalNames<F>]?: ValueOf<F[K]> | undefined } extends infer T
  ? { [K in keyof T]: T[K] }
  : never;

/** The values of a union with the fields `F`: objects with exactly one of them. */
export type UnionValue<F extends Fields> = { [K in keyof F]: { [P in K]: ValueOf<F[K]> } }[keyof F];

const generating = canGenerateCode();
const writerOf = writers(generating ? generatedStructWriter : loopingStructWriter);
const readerOf = readers(generating ? generatedStructReader : loopingStructReader);

/** A buffer kept for `encode`: making one costs more than filling it. It is not kept once it has grown to this. */
const LARGE_BUFFER = 64 * 1024;
let spareBuffer: ByteBuffer | undefined;

class StructLikeCodec<T> implements StructCodec<T> {
  readonly kind: "struct" | "union" | "exception";
  readonly typeName: string;
  readonly fields: Fields;
  #write: Writer | undefined;
  #read: Reader | undefined;
  #isCreating = false;

  constructor(kind: "struct" | "union" | "exception", typeName: string, fields: Fields) {
    checkFields(typeName, fields);
    this.kind = kind;
    this.typeName = typeName;
    this.fields = Object.freeze({ ...fields });
  }

  zero(): T {
    return this.create();
  }

  create(init: Init<T> = {}): T {
    if (this.#isCreating) throw new TypeError(`${this.typeName} contains itself, so it has no zero value`);
    this.#isCreating = true;
    try {
      const source = propertiesOf(init);
      return (this.kind === "union" ? this.#createUnion(source) : this.#createStruct(source)) as T;
    } finally {
      this.#isCreating = false;
    }
  }

  #createStruct(source: Properties): object {
    const result: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(this.fields)) {
      const value = propertyOf(source, name) ?? absentValue(field);
      if (value !== undefined) result[name] = value;
    }
    return result;
  }

  #createUnion(source: Properties): object {
    const fields = Object.entries(this.fields);
    const set = fields.filter(([name]) => propertyOf(source, name) !== undefined);
    const [first, second] = set.length > 0 ? set : fields.filter(([, field]) => field.default !== undefined);
    if (first === undefined) throw new TypeError(`the union ${this.typeName} has no zero value`);
    const [name, field] = first;
    if (second !== undefined) {
      throw new TypeError(`${this.typeName}: a union has exactly one field, got ${name} and ${second[0]}`);
    }
    return { [name]: propertyOf(source, name) ?? absentValue(field) };
  }

  /** What gRPC calls the encoding. */
  get encoding(): "thrift" {
    return "thrift";
  }

  encode(message: T): Bytes {
    // Taken away while in use: a getter of the message's may encode another one.
    const buffer = spareBuffer ?? new ByteBuffer(1024);
    spareBuffer = undefined;
    buffer.length = 0;
    this.encodeInto(message, buffer);
    const payload = buffer.toBytes();
    if (buffer.bytes.length < LARGE_BUFFER) spareBuffer = buffer;
    return payload;
  }

  encodeInto(message: T, buffer: ByteBuffer): void {
    const start = buffer.length;
    try {
      this.#write ??= writerOf(this);
      this.#write(message, buffer, 0);
    } catch (error) {
      buffer.length = start;
      throw this.#misuse(error);
    }
  }

  /** What a program is told of a message that is none. */
  #misuse(error: unknown): unknown {
    if (!(error instanceof Fault)) return error;
    const text = `${this.typeName}${error.path}: ${error.reason}`;
    return error.outOfRange ? new RangeError(text) : new TypeError(text);
  }

  decode(payload: Bytes): T {
    const input = new Input(payload);
    try {
      this.#read ??= readerOf(this);
      const message = this.#read(input, 0);
      if (input.left > 0) throw new Fault(`${count(input.left, "byte")} after its end`);
      return message as T;
    } catch (error) {
      throw this.#mistake(error);
    }
  }

  /** What is told of input that is no message. */
  #mistake(error: unknown): unknown {
    return error instanceof Fault ? new ThriftError(this.typeName + error.path, error.reason) : error;
  }

  toJson(message: T, options: ToJsonOptions = {}): JsonValue {
    try {
      return toJson(this, message, options, 0);
    } catch (error) {
      throw this.#misuse(error);
    }
  }

  fromJson(json: unknown, options: FromJsonOptions = {}): T {
    try {
      return fromJson(this, json, { options, filledBytes: 0 }, 0) as T;
    } catch (error) {
      throw this.#mistake(error);
    }
  }
}

function checkFields(typeName: string, fields: Fields): void {
  const names = new Map<number, string>();
  for (const [name, { id }] of Object.entries(fields)) {
    checkFieldId(id); // A field is plain data, it may have been written by hand.
    if (name === "__proto__") throw new TypeError(`${typeName}: a field cannot have the name __proto__`);
    const other = names.get(id);
    if (other !== undefined) throw new TypeError(`${typeName}: ${other} and ${name} have the same id ${id}`);
    names.set(id, name);
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
  return new StructLikeCodec("struct", typeName, fields);
}

/**
 * A union: an object with exactly one of its fields.
 *
 * For a nil union that is not optional Kitex writes one without a field. It counts as absent in a field that may be
 * absent, and so does a union whose one field is unknown here; everywhere else they are an error. So make a field
 * with a union optional unless its IDL says `required`, as the generator does.
 *
 * @param typeName Its name in the IDL.
 * @param fields Its fields by name.
 * @throws {TypeError} When two fields have the same id.
 *
 * @example
 * ```ts
 * import { field, string, struct, union } from "@ttstream/ttstream/thrift";
 *
 * const Picture = struct("Picture", { url: field(1, string) });
 * const Part = union("Part", { text: field(1, string), picture: field(2, Picture) });
 * Part.encode({ picture: { url: "https://example.com/sky.png" } });
 * ```
 */
export function union<F extends Fields>(typeName: string, fields: F): StructCodec<UnionValue<F>> {
  return new StructLikeCodec("union", typeName, fields);
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
  return new StructLikeCodec("exception", typeName, fields);
}

import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";
import { ThriftError } from "./errors.ts";
import type { Fields } from "./field.ts";
import type { MessageCodec } from "./message_codec.ts";
import { memberOf } from "./one_member.ts";
import { struct, type StructCodec, type StructValue, type ValueOf } from "./struct.ts";

// On the wire a unary method's arguments are one struct (Kitex generates XxxArgs).

/** What a unary method's request is: nothing, the one argument's value, or several arguments by their names. */
export type ArgsValue<F extends Fields> = [keyof F] extends [never] ? void
  : { [K in keyof F]: [keyof F] extends [K] ? ValueOf<F[K]> : StructValue<F> }[keyof F];

/**
 * The codec of a unary method's arguments: on the wire a struct of them. The request is the value of the argument
 * itself where there is one, `undefined` where there is none, else an object with the arguments by name. So is its JSON,
 * `null` for no arguments.
 *
 * @param method The method's name in the IDL, for errors.
 * @param fields The arguments by name.
 * @throws {TypeError} When two arguments have the same id.
 *
 * @example
 * ```ts
 * import { argsCodec, field, i32, string } from "@ttstream/ttstream/thrift";
 *
 * const length = argsCodec("Length", { text: field(1, string) });
 * length.encode("hi");
 * const add = argsCodec("Add", { a: field(1, i32), b: field(2, i32) });
 * add.encode({ a: 1, b: 2 });
 * ```
 */
export function argsCodec<F extends Fields>(method: string, fields: F): MessageCodec<ArgsValue<F>>;
export function argsCodec(method: string, fields: Fields): MessageCodec<unknown> {
  const args = struct(`${method}.args`, fields);
  const names = Object.keys(fields);
  const [name] = names;
  if (name === undefined) return new NoValueCodec(args);
  return names.length === 1 ? new OneFieldCodec(args, name) : args;
}

type AnyStruct = StructCodec<Record<string, unknown>>;

/** The struct of no arguments. */
class NoValueCodec implements MessageCodec<unknown> {
  readonly #args: AnyStruct;

  constructor(args: AnyStruct) {
    this.#args = args;
  }

  get encoding(): "thrift" {
    return "thrift";
  }

  encode(): Bytes {
    return this.#args.encode({});
  }

  encodeInto(_value: unknown, buffer: ByteBuffer): void {
    this.#args.encodeInto({}, buffer);
  }

  decode(payload: Bytes): undefined {
    this.#args.decode(payload);
  }

  toJson(): JsonValue {
    return null;
  }

  /** `null`, or an object without arguments. */
  fromJson(json: unknown, options?: FromJsonOptions): undefined {
    if (json !== null && json !== undefined) this.#args.fromJson(json, options);
  }
}

/** The struct of one argument, whose value stands for it. */
class OneFieldCodec implements MessageCodec<unknown> {
  readonly #args: AnyStruct;
  readonly #name: string;

  constructor(args: AnyStruct, name: string) {
    this.#args = args;
    this.#name = name;
  }

  get encoding(): "thrift" {
    return "thrift";
  }

  encode(value: unknown): Bytes {
    return this.#args.encode({ [this.#name]: this.#checked(value) });
  }

  encodeInto(value: unknown, buffer: ByteBuffer): void {
    this.#args.encodeInto({ [this.#name]: this.#checked(value) }, buffer);
  }

  decode(payload: Bytes): unknown {
    const value = this.#args.decode(payload)[this.#name];
    if (value === undefined) throw new ThriftError(`${this.#args.typeName}.${this.#name}`, "missing");
    return value;
  }

  toJson(value: unknown, options?: ToJsonOptions): JsonValue {
    return memberOf(this.#args.toJson({ [this.#name]: this.#checked(value) }, options));
  }

  fromJson(json: unknown, options?: FromJsonOptions): unknown {
    const jsonName = this.#args.fields[this.#name]?.name ?? this.#name;
    const value = this.#args.fromJson(Object.fromEntries([[jsonName, json]]), options)[this.#name];
    if (value === undefined) throw new ThriftError(`${this.#args.typeName}.${this.#name}`, "missing");
    return value;
  }

  /** An optional argument that is the only one: there is nothing to leave it out of. */
  #checked(value: unknown): unknown {
    if (value === undefined) throw new TypeError(`${this.#args.typeName}.${this.#name}: missing`);
    return value;
  }
}

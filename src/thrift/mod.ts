/**
 * Thrift structs as payloads: the types of an IDL as plain data, and codecs made of them that speak Thrift's
 * Binary protocol as Kitex does.
 *
 * @example
 * ```ts
 * import { field, i64, type Infer, list, string, struct } from "@ttstream/ttstream/thrift";
 *
 * const Order = struct("Order", { id: field(1, i64), items: field(2, list(string), { optional: true }) });
 * type Order = Infer<typeof Order>; // { id: bigint; items?: string[] }
 *
 * const payload = Order.encode({ id: 7n, items: ["tea"] });
 * console.log(Order.decode(payload).items); // ["tea"]
 * ```
 *
 * Beside Kitex's own codec:
 *
 * | | Kitex v0.16 | here |
 * |---|---|---|
 * | a field of default requiredness that is nil | written as an empty struct, union or container | must be given; `create` does |
 * | an empty union, in a field that may be absent | a union with nothing set, which Kitex cannot write again | absent |
 * | an empty union elsewhere | the same | an error |
 * | a known field of another type | skipped, and nobody learns of it | an error |
 * | text that is not UTF-8 | read and written as it is | an error |
 * | elements of another type | read as if they were of the right one | an error |
 * | an absent field with a default, in the message itself | its zero value: `Recv` knows no defaults | its default |
 * | a value beyond an enum's names | kept | kept |
 *
 * A struct's encoder and decoder are generated when the first message comes, with `new Function`, from the names and
 * ids of its fields. Where that is forbidden, by a Content Security Policy or a flag of V8's, loops do the same in
 * about twice the time.
 *
 * @module
 */
export * from "./types.ts";
export {
  type Field,
  field,
  type FieldOptions,
  type Fields,
  type OptionalFieldOptions,
  type Requiredness,
} from "./field.ts";
export * from "./struct.ts";
export * from "./method.ts";
export { exceptionMessage } from "./exception_message.ts";
export { ThriftError } from "./errors.ts";
export type { ByteBuffer, Bytes } from "../base/buffer.ts";
export type { Codec, MessageEncoding } from "../core/codec.ts";

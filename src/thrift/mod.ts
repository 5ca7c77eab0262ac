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
export { ThriftError } from "./errors.ts";
export type { ByteBuffer, Bytes } from "../buffer.ts";
export type { Codec } from "../codec.ts";

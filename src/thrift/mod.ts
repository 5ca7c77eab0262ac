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
 * ## JSON
 *
 * Every codec has `toJson` and `fromJson`, for values as `JSON.stringify` takes and `JSON.parse` gives them:
 *
 * | Thrift | JSON | read as well |
 * |---|---|---|
 * | `bool` | `true`, `false` | |
 * | `byte`, `i16`, `i32` | a number | its digits as a string |
 * | `i64` | its digits as a string; a number by option where that is exact | a number up to 2⁵³ - 1 |
 * | `double` | a number; `"NaN"`, `"Infinity"`, `"-Infinity"` | a number as a string |
 * | `string` | a string | |
 * | `binary` | base64 with padding | base64 without padding |
 * | enum | its name; a number where it has none, or by option | a number |
 * | list, set | an array | |
 * | map | an object, its keys as strings | |
 * | map whose keys are structs or containers | an array of pairs `[key, value]` | |
 * | struct, exception | an object by the IDL's names, optional fields that are absent left out | `null` for an absent field |
 * | union | an object with one field | |
 *
 * What `fromJson` refuses is a {@linkcode ThriftError} that names the place, `Question.tags[3].name`: another type, a
 * number that does not fit or that is not exact, half of a surrogate pair, an unknown field unless it is to be skipped,
 * the same key twice, and what is nested deeper than 64. `JSON.parse` has by then taken the last of two equal names.
 *
 * Beside the JSON generic call of Kitex v0.16 (`generic.JSONThriftGeneric`):
 *
 * | | Kitex | here |
 * |---|---|---|
 * | `i64` | a number, whatever reads it | a string, or a number where it is exact |
 * | an enum's value | a number both ways; a name is read as 0 | its name; `enums: "number"` writes what Kitex reads |
 * | `NaN`, `Infinity` | an error | a string |
 * | a value of another type | its zero value, or a guess: `"true"` is `true`, one value a list of it | an error |
 * | a number that does not fit | cut to its low bits | an error |
 * | an unknown field | passed over | an error, or passed over by option |
 * | a required field that is absent | its zero value | an error |
 * | an absent field with a default | its zero value | its default |
 * | `null` in a list or a map | a zero value | an error |
 * | a map whose keys are structs or containers | cannot be written, keys are lost when read | an array of pairs |
 * | a map whose keys are booleans or doubles | not by dynamicgo | an object |
 * | base64 without padding | an error | read |
 * | a field with `go.tag` or `api.key` | the name that this gives it | the IDL's name |
 *
 * @example JSON
 * ```ts
 * import { binary, field, i64, struct } from "@ttstream/ttstream/thrift";
 *
 * const Blob = struct("Blob", { id: field(1, i64), bytes: field(2, binary, { optional: true }) });
 * const blob = Blob.fromJson(JSON.parse('{ "id": "9007199254740993", "bytes": "aGk=" }'));
 * console.log(blob.id); // 9007199254740993n
 * console.log(JSON.stringify(Blob.toJson(blob))); // {"id":"9007199254740993","bytes":"aGk="}
 * ```
 *
 * ## Speed
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
export type { MessageCodec } from "./message_codec.ts";
export { argsCodec, type ArgsValue } from "./args.ts";
export { type ExceptionClass, resultCodec, thrown, type ThrownException } from "./result.ts";
export { exceptionMessage } from "./exception_message.ts";
export { ThriftError } from "./errors.ts";
export type { ByteBuffer, Bytes } from "../base/buffer.ts";
export type { Codec, MessageEncoding } from "../core/codec.ts";
export type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";

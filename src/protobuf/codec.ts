import { create, fromBinary, isMessage, toBinary } from "@bufbuild/protobuf";
import type { Bytes } from "../base/buffer.ts";
import type { Codec } from "../core/codec.ts";
import { ProtobufError } from "./errors.ts";
import { reasonText } from "../base/reason.ts";
import { show } from "../base/format.ts";
import type { DescMessage, MessageInitShape, MessageShape } from "./types.ts";

/** The codec of a message type: reads whole messages, and writes whatever the schema's `create` takes. */
export type ProtobufCodec<Schema extends DescMessage> = Codec<MessageShape<Schema>, MessageInitShape<Schema>>;

/**
 * Makes a codec of a message schema that `protoc-gen-es` v2 has generated. `encode` takes a message or what `create`
 * makes one of: a plain object without the fields that have defaults. Unknown fields are kept and written again.
 *
 * The `bytes` fields and unknown fields of a decoded message are views on the connection's read buffer, as with
 * {@linkcode Codec.decode}: copy (`slice()`) what is small and kept for long.
 *
 * Decoding throws a {@linkcode ProtobufError} for bytes that are no such message, encoding one for a field's value that
 * the schema does not allow, and a TypeError for what is no object or a message of another type.
 *
 * @throws {TypeError} If `schema` is no message schema.
 *
 * @example
 * ```ts
 * import { protobufCodec } from "@ttstream/ttstream/protobuf";
 * import { TimestampSchema } from "@bufbuild/protobuf/wkt";
 *
 * const codec = protobufCodec(TimestampSchema);
 * console.log(codec.decode(Uint8Array.from(codec.encode({ seconds: 7n }))).nanos); // 0
 * ```
 */
export function protobufCodec<Schema extends DescMessage>(schema: Schema): ProtobufCodec<Schema> {
  // The schema comes out of generated code, but a service's or an enum's is imported as easily.
  if (schema?.kind !== "message") {
    throw new TypeError(`a message schema has the kind "message", got ${show(schema?.kind ?? schema)}`);
  }
  const { typeName } = schema;
  return {
    encode(message) {
      checkMessage(message, typeName);
      try {
        return toBinary(schema, create(schema, message));
      } catch (error) {
        throw new ProtobufError(typeName, reasonText(error), { cause: error });
      }
    },
    decode(payload: Bytes) {
      try {
        return fromBinary(schema, payload);
      } catch (error) {
        const description = `cannot decode ${payload.length} bytes: ${reasonText(error)}`;
        throw new ProtobufError(typeName, description, { cause: error });
      }
    },
  };
}

/** `create` makes an empty message of `undefined` and of bytes, and takes from one of another type what has the same name. */
function checkMessage(message: unknown, typeName: string): void {
  if (
    typeof message !== "object" || message === null || Array.isArray(message) || ArrayBuffer.isView(message)
  ) {
    throw new TypeError(`a ${typeName} must be an object, got ${show(message)}`);
  }
  if (isMessage(message) && message.$typeName !== typeName) {
    throw new TypeError(`a ${typeName} is needed, got a ${message.$typeName}`);
  }
}

import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import { show } from "../base/format.ts";
import type { FromJsonOptions, JsonValue, ToJsonOptions } from "./json.ts";

/** How payloads are encoded, as far as a protocol says so: gRPC's content type, which here tells Thrift from all else. */
export type MessageEncoding = "proto" | "thrift" | "json";

/**
 * How messages of type `T` become payloads and back. `Init` is what may be written for one, where that is more than
 * what is read: an object without the fields that have defaults, say.
 * `encode` and `decode` are all that a user must write.
 *
 * A codec that throws ends its stream, and only that.
 *
 * @example
 * ```ts
 * import type { Codec } from "@ttstream/ttstream";
 *
 * const json: Codec<{ text: string }> = {
 *   encode: (message) => new TextEncoder().encode(JSON.stringify(message)),
 *   decode: (payload) => JSON.parse(new TextDecoder().decode(payload)),
 * };
 * ```
 */
export interface Codec<T, Init = T> {
  /** The payload of `message`. The library copies it before it returns to the caller. */
  encode(message: Init): Uint8Array;
  /**
   * The message in `payload`. The bytes are a view on the connection's read buffer: a message that keeps a part
   * of them keeps that buffer in memory, so copy what is small and kept for long.
   */
  decode(payload: Bytes): T;
  /**
   * How the payloads are encoded. gRPC tells its server where it is Thrift (`application/grpc+thrift`), which Kitex has
   * to know; TTHeader Streaming tells nothing. Default: what the server expects.
   */
  readonly encoding?: MessageEncoding | undefined;
  /** Optional fast path: writes the payload straight into the connection's buffer, at its `length`. */
  encodeInto?(message: Init, buffer: ByteBuffer): void;
  /** The message as JSON, where the codec knows one: for tools that show messages. */
  toJson?(message: T, options?: ToJsonOptions): JsonValue;
  /** The message that JSON stands for. */
  fromJson?(json: unknown, options?: FromJsonOptions): T;
}

/** Bytes as they are: the codec of streams that were opened without one. */
export const rawCodec: Codec<Uint8Array> & Codec<Bytes> = {
  encode(message: Uint8Array): Uint8Array {
    if (message instanceof Uint8Array) return message;
    throw new TypeError(`a message must be a Uint8Array, got ${show(message)}`);
  },
  decode(payload: Bytes): Bytes {
    return payload;
  },
};

/**
 * The payload of `message`, checked to be bytes: anything else would leave its frame without a length, and the
 * connection with it.
 *
 * @throws {TypeError} If the codec gave something else, a promise say; and whatever the codec throws.
 */
export function payloadOf<T>(codec: Codec<T>, message: T): Uint8Array {
  const payload: unknown = codec.encode(message);
  if (payload instanceof Uint8Array) return payload;
  throw new TypeError(`a codec's encode must return a Uint8Array, got ${show(payload)}`);
}

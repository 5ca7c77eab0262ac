import { ByteBuffer } from "../../base/buffer.ts";
import { type Codec, payloadOf } from "../../core/codec.ts";

/** What the codec makes of a message: bytes that nobody else changes. */
export function encoded<T>(codec: Codec<T>, message: T): Uint8Array {
  if (codec.encodeInto === undefined) return payloadOf(codec, message).slice();
  const buffer = new ByteBuffer();
  codec.encodeInto(message, buffer);
  return buffer.bytes.subarray(0, buffer.length);
}

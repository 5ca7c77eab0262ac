/** Blocks from fields, and what is in a block. */
import { ByteBuffer, type Bytes } from "../../../src/base/buffer.ts";
import { HpackDecoder } from "../../../src/http2/hpack/decoder.ts";
import type { HpackEncoder } from "../../../src/http2/hpack/encoder.ts";
import type { HeaderField } from "../../../src/http2/hpack/field.ts";

/** A decoder whose limits are out of the way, or those given. */
export function decoder(limits: { maxTableBytes?: number; maxHeaderListBytes?: number } = {}): HpackDecoder {
  return new HpackDecoder({ maxTableBytes: 4096, maxHeaderListBytes: 1 << 20, ...limits });
}

/** One block. */
export function encode(encoder: HpackEncoder, fields: Iterable<HeaderField>): Bytes {
  const buffer = new ByteBuffer();
  encoder.encode(buffer, fields);
  return buffer.toBytes();
}

/** A literal with incremental indexing and a new name, without Huffman code; for names up to 126 bytes. */
export function indexedLiteral(name: string, value: string): Bytes {
  return literal(0x40, name, value);
}

/** A literal with a new name, without Huffman code, in the representation that `pattern` says. */
export function literal(pattern: number, name: string, value: string): Bytes {
  return Uint8Array.from([pattern, ...stringLiteral(name), ...stringLiteral(value)]);
}

function stringLiteral(text: string): number[] {
  const length = text.length < 127 ? [text.length] : [127];
  if (text.length >= 127) {
    let rest = text.length - 127;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push(128 + rest % 128);
    length.push(rest);
  }
  return [...length, ...Array.from(text, (char) => char.charCodeAt(0))];
}

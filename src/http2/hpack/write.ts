import type { ByteBuffer } from "../../base/buffer.ts";
import { huffmanBytes, writeHuffman } from "./huffman.ts";

/**
 * Writes an integer (RFC 7541 5.1).
 *
 * @param pattern The bits above the prefix.
 * @param mask The bits of the prefix, all ones.
 */
export function writeInteger(buffer: ByteBuffer, pattern: number, mask: number, value: number): void {
  if (value < mask) return buffer.writeUint8(pattern | value);
  buffer.writeUint8(pattern | mask);
  let rest = value - mask;
  while (rest >= 0x80) {
    buffer.writeUint8(rest | 0x80);
    rest >>>= 7;
  }
  buffer.writeUint8(rest);
}

/**
 * Writes a string literal, as Huffman code where that is shorter (RFC 7541 5.2).
 *
 * @returns Whether it did: `false`, and nothing is written, where a character is no byte.
 */
export function writeString(buffer: ByteBuffer, text: string): boolean {
  const size = huffmanBytes(text);
  if (size < 0) return false;
  const length = text.length;
  if (size < length) {
    writeInteger(buffer, 0x80, 0x7f, size);
    writeHuffman(buffer, text, size);
    return true;
  }
  writeInteger(buffer, 0, 0x7f, length);
  const at = buffer.reserve(length);
  const bytes = buffer.bytes;
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  buffer.length = at + length;
  return true;
}

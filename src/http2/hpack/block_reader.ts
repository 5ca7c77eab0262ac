import type { Bytes } from "../../base/buffer.ts";
import { HpackError } from "./hpack_error.ts";
import { decodedBytes, decodeHuffman, mostDecodedBytes } from "./huffman.ts";
import { latin1 } from "./latin1.ts";

/** The largest integer that is taken; no index or length of a real block comes near it. */
const MAX_INTEGER = 2 ** 31 - 1;

/** The most bytes that an integer may go on for: enough for {@linkcode MAX_INTEGER}. */
const MAX_CONTINUATION_BYTES = 5;

/** Reads the primitives of a header block, one after the other (RFC 7541 5). */
export class BlockReader {
  readonly #bytes: Bytes;
  #at = 0;
  #stringBytes = 0;

  /** @param bytes The whole block; it is read in place. */
  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  /** The next byte, or -1 at the block's end. */
  next(): number {
    return this.#at < this.#bytes.length ? this.#bytes[this.#at++] ?? -1 : -1;
  }

  /**
   * The integer that begins in the bits of `first` under `mask` (RFC 7541 5.1).
   *
   * @param first The byte read last.
   * @param mask The bits of the prefix, all ones.
   * @throws {HpackError} When the block ends within it, or it is larger than 2^31 - 1 or longer than that needs.
   */
  integer(first: number, mask: number): number {
    let value = first & mask;
    if (value < mask) return value;
    for (let i = 0, factor = 1; i < MAX_CONTINUATION_BYTES; i++, factor *= 128) {
      const byte = this.next();
      if (byte < 0) throw new HpackError("The header block ends within an integer");
      value += (byte & 0x7f) * factor;
      if (value > MAX_INTEGER) throw new HpackError(`An integer is larger than ${MAX_INTEGER}`);
      if (byte < 0x80) return value;
    }
    throw new HpackError(`An integer goes on for more than ${MAX_CONTINUATION_BYTES} bytes`);
  }

  /**
   * The string literal that begins here (RFC 7541 5.2), or `undefined` where it has more than `maxBytes`: it is then
   * checked and skipped. {@linkcode stringBytes} is its length in both cases.
   *
   * @throws {HpackError} When the block ends within it, or its Huffman code is broken.
   */
  string(maxBytes: number): string | undefined {
    const first = this.next();
    if (first < 0) throw new HpackError("The header block ends where a string should begin");
    const length = this.integer(first, 0x7f);
    const start = this.#at;
    const end = start + length;
    const bytes = this.#bytes;
    if (end > bytes.length) {
      throw new HpackError(
        `A string of ${length} bytes is in a header block with ${bytes.length - start} left`,
      );
    }
    this.#at = end;
    if (first < 0x80) {
      this.#stringBytes = length;
      return length > maxBytes ? undefined : latin1(bytes, start, end);
    }
    // The count costs a pass of its own, so only what might be too long is counted.
    if (mostDecodedBytes(length) > maxBytes) {
      this.#stringBytes = decodedBytes(bytes, start, end);
      if (this.#stringBytes > maxBytes) return undefined;
    }
    const text = decodeHuffman(bytes, start, end);
    this.#stringBytes = text.length;
    return text;
  }

  /** The length of the string that was read or skipped last, in bytes after Huffman decoding. */
  get stringBytes(): number {
    return this.#stringBytes;
  }
}

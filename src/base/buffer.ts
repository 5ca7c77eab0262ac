/** Bytes that the library hands out: always backed by a plain `ArrayBuffer`. It takes any `Uint8Array`. */
export type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = new TextEncoder();

/** Up to this many UTF-16 units a loop beats `TextEncoder.encodeInto` (measured on Deno 2.9: about 80). */
const SHORT_STRING = 64;

/**
 * A growing buffer that a {@linkcode Codec} writes a message into, big-endian like the wire.
 *
 * Either call the `write…` methods, or, in a hot path, {@linkcode reserve} room once, set `bytes` by index and
 * then move `length` forward. `bytes` and `view` are replaced when the buffer grows: read them again after
 * every call that may grow it.
 *
 * @example
 * ```ts
 * import { ByteBuffer } from "@ttstream/ttstream";
 *
 * const buffer = new ByteBuffer();
 * buffer.writeInt32(7);
 * buffer.writeUtf8("hi");
 * console.log(buffer.toBytes()); // Uint8Array [0, 0, 0, 7, 104, 105]
 * ```
 */
export class ByteBuffer {
  /** The storage; only the first `length` bytes are meaningful. */
  bytes: Bytes;
  /** A view on the whole of `bytes`, for numbers of 8 bytes. */
  view: DataView<ArrayBuffer>;
  /** How many bytes have been written. Set it lower to take the last ones back. */
  length = 0;

  /**
   * Makes an empty buffer.
   *
   * @param capacity How many bytes it holds before it grows; default 256.
   */
  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Makes room for `size` more bytes, without moving `length`.
   *
   * @returns The offset of the first of them, which is `length`.
   */
  reserve(size: number): number {
    const needed = this.length + size;
    if (needed > this.bytes.length) this.#grow(needed);
    return this.length;
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** Writes the lowest 8 bits of `value`. */
  writeUint8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
    this.length = at + 1;
  }

  /** Writes the lowest 16 bits of `value`, signed or not. */
  writeInt16(value: number): void {
    const at = this.reserve(2);
    const bytes = this.bytes;
    bytes[at] = value >> 8;
    bytes[at + 1] = value;
    this.length = at + 2;
  }

  /** Writes the lowest 32 bits of `value`, signed or not. */
  writeInt32(value: number): void {
    this.setInt32(this.reserve(4), value);
    this.length += 4;
  }

  /** Overwrites four bytes at `offset`, which must have been written or reserved: for sizes known only afterwards. */
  setInt32(offset: number, value: number): void {
    const bytes = this.bytes;
    bytes[offset] = value >> 24;
    bytes[offset + 1] = value >> 16;
    bytes[offset + 2] = value >> 8;
    bytes[offset + 3] = value;
  }

  /** Writes the lowest 64 bits of `value`, signed or not. */
  writeInt64(value: bigint): void {
    const at = this.reserve(8);
    this.view.setBigInt64(at, value);
    this.length = at + 8;
  }

  /** Writes an IEEE 754 double. */
  writeFloat64(value: number): void {
    const at = this.reserve(8);
    this.view.setFloat64(at, value);
    this.length = at + 8;
  }

  /** Copies `source` in; the caller may change it afterwards. */
  writeBytes(source: Uint8Array): void {
    const at = this.reserve(source.length);
    this.bytes.set(source, at);
    this.length = at + source.length;
  }

  /**
   * Writes `text` as UTF-8, without a length before it; a lone surrogate becomes U+FFFD.
   *
   * @returns How many bytes it took.
   */
  writeUtf8(text: string): number {
    const units = text.length;
    const at = this.reserve(units * 3);
    const bytes = this.bytes;
    if (units <= SHORT_STRING) {
      let i = 0;
      for (; i < units; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[at + i] = unit;
      }
      if (i === units) {
        this.length = at + units;
        return units;
      }
    }
    const { written } = utf8.encodeInto(text, at === 0 ? bytes : bytes.subarray(at));
    this.length = at + written;
    return written;
  }

  /** A copy of what has been written. */
  toBytes(): Bytes {
    return this.bytes.slice(0, this.length);
  }
}

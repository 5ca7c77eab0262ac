import { gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Bytes } from "../base/buffer.ts";

/** What messages may be compressed with. */
export type Compression = "gzip" | "deflate";

/**
 * The bytes behind `compressed`. In one go: a message must not come behind one that came later.
 *
 * @param maxBytes What they may be at the most: a few bytes may stand for gigabytes.
 * @throws {RangeError} If they are more.
 * @throws What is wrong with them.
 */
export function decompress(compression: Compression, compressed: Bytes, maxBytes: number): Bytes {
  const inflate = compression === "gzip" ? gunzipSync : inflateSync;
  try {
    const { buffer, byteOffset, length } = inflate(compressed, { maxOutputLength: maxBytes });
    return buffer instanceof ArrayBuffer
      ? new Uint8Array(buffer, byteOffset, length)
      : new Uint8Array(inflate(compressed, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RangeError(`a decompressed message exceeds the limit of ${maxBytes} bytes`, { cause: error });
    }
    throw error;
  }
}

/** `bytes`, compressed. */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes);
}

import type { Bytes } from "../../src/base/buffer.ts";

/** The bytes that hexadecimal digits stand for; white space between them is for the reader. */
export function hex(digits: string): Bytes {
  return Uint8Array.fromHex(digits.replaceAll(/\s/g, ""));
}

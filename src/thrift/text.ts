import type { Bytes } from "../buffer.ts";

// A byte order mark is text like any other: a message must come out as it went in.
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** Up to this many bytes a loop over ASCII beats `TextDecoder` (measured on Deno 2.9). */
const SHORT = 56;

const chars = String.fromCharCode;

/**
 * The text in a range of `bytes`, which must be inside it.
 *
 * @returns undefined where it is not UTF-8.
 */
export function readUtf8(bytes: Bytes, from: number, to: number): string | undefined {
  if (to - from <= SHORT) {
    const text = readAscii(bytes, from, to);
    if (text !== undefined) return text;
  }
  const range = new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
  const text = lenient.decode(range);
  // The strict decoder is slower by half and more, so it only tells a U+FFFD that was sent from a fault.
  if (!text.includes("\ufffd")) return text;
  try {
    return strict.decode(range);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The text in a range of bytes, if they are all ASCII; in steps of eight, which is what makes it fast. */
function readAscii(bytes: Bytes, from: number, to: number): string | undefined {
  let text = "";
  let i = from;
  for (; i + 8 <= to; i += 8) {
    const a = bytes[i] ?? 0, b = bytes[i + 1] ?? 0, c = bytes[i + 2] ?? 0, d = bytes[i + 3] ?? 0;
    const e = bytes[i + 4] ?? 0, f = bytes[i + 5] ?? 0, g = bytes[i + 6] ?? 0, h = bytes[i + 7] ?? 0;
    if ((a | b | c | d | e | f | g | h) > 0x7f) return undefined;
    text += chars(a, b, c, d, e, f, g, h);
  }
  if (i + 4 <= to) {
    const a = bytes[i] ?? 0, b = bytes[i + 1] ?? 0, c = bytes[i + 2] ?? 0, d = bytes[i + 3] ?? 0;
    if ((a | b | c | d) > 0x7f) return undefined;
    text += chars(a, b, c, d);
    i += 4;
  }
  for (; i < to; i++) {
    const a = bytes[i] ?? 0;
    if (a > 0x7f) return undefined;
    text += chars(a);
  }
  return text;
}

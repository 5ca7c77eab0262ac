import type { Bytes } from "../base/buffer.ts";

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

/**
 * The text in a range of bytes, if they are all ASCII. Most strings are short, and what costs is to join pieces: so
 * the pieces are of eight characters, but for the first.
 */
function readAscii(bytes: Bytes, from: number, to: number): string | undefined {
  const first = from + (to - from) % 8;
  let text = readFewAscii(bytes, from, first - from);
  for (let i = first; i < to && text !== undefined; i += 8) {
    const a = bytes[i] ?? 0, b = bytes[i + 1] ?? 0, c = bytes[i + 2] ?? 0, d = bytes[i + 3] ?? 0;
    const e = bytes[i + 4] ?? 0, f = bytes[i + 5] ?? 0, g = bytes[i + 6] ?? 0, h = bytes[i + 7] ?? 0;
    text = (a | b | c | d | e | f | g | h) > 0x7f ? undefined : text + chars(a, b, c, d, e, f, g, h);
  }
  return text;
}

/** The same for up to seven bytes. */
function readFewAscii(bytes: Bytes, i: number, size: number): string | undefined {
  if (size === 0) return "";
  const a = bytes[i] ?? 0;
  if (size === 1) return a > 0x7f ? undefined : chars(a);
  const b = bytes[i + 1] ?? 0;
  if (size === 2) return (a | b) > 0x7f ? undefined : chars(a, b);
  const c = bytes[i + 2] ?? 0;
  if (size === 3) return (a | b | c) > 0x7f ? undefined : chars(a, b, c);
  const d = bytes[i + 3] ?? 0;
  if (size === 4) return (a | b | c | d) > 0x7f ? undefined : chars(a, b, c, d);
  const e = bytes[i + 4] ?? 0;
  if (size === 5) return (a | b | c | d | e) > 0x7f ? undefined : chars(a, b, c, d, e);
  const f = bytes[i + 5] ?? 0;
  if (size === 6) return (a | b | c | d | e | f) > 0x7f ? undefined : chars(a, b, c, d, e, f);
  const g = bytes[i + 6] ?? 0;
  return (a | b | c | d | e | f | g) > 0x7f ? undefined : chars(a, b, c, d, e, f, g);
}

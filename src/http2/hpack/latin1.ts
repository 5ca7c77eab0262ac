import type { Bytes } from "../../base/buffer.ts";

const ascii = new TextDecoder();

/** Up to this many bytes a loop beats `TextDecoder` (measured on Deno 2.9). */
const SHORT_STRING = 32;

/** How many arguments one call of `String.fromCharCode` gets: a long list overflows the stack. */
const CHUNK = 4096;

/** The bytes from `start` to before `end` as a string with one char code for each. */
export function latin1(bytes: Bytes, start: number, end: number): string {
  if (end - start <= SHORT_STRING) return shortLatin1(bytes, start, end);
  // TextDecoder's "latin1" is windows-1252, which has other characters at 0x80 to 0x9f; UTF-8 is right for ASCII.
  if (isAscii(bytes, start, end)) return ascii.decode(bytes.subarray(start, end));
  let text = "";
  for (let i = start; i < end; i += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(i, Math.min(i + CHUNK, end)));
  }
  return text;
}

/** Four characters at a time, since a string that grows by one at a time costs twice as much. */
function shortLatin1(bytes: Bytes, start: number, end: number): string {
  let text = "";
  let i = start;
  for (; i + 4 <= end; i += 4) {
    text += String.fromCharCode(bytes[i] ?? 0, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0, bytes[i + 3] ?? 0);
  }
  for (; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
}

function isAscii(bytes: Bytes, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] ?? 0) > 0x7f) return false;
  return true;
}

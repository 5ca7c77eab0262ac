const encoder = new TextEncoder();

const ESCAPES: Readonly<Record<string, number>> = {
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
  "\\": 0x5c,
  '"': 0x22,
  "'": 0x27,
};

// What the Go code of thriftgo makes of a literal: it hands all but the quotes on to the Go compiler.
const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3})|([abfnrtv\\"']))/g;

/**
 * The bytes that a literal stands for. `text` is as it stands in the file, quotes included.
 * A backslash that begins no escape is itself.
 */
export function literalBytes(text: string): Uint8Array<ArrayBuffer> {
  const body = text.slice(1, -1);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const match of body.matchAll(ESCAPE)) {
    const [whole, hex, short, long, octal, single] = match;
    const byte = hex !== undefined
      ? parseInt(hex, 16)
      : octal !== undefined
      ? parseInt(octal, 8) & 0xff
      : single !== undefined
      ? ESCAPES[single]
      : undefined;
    const codePoint = parseInt(short ?? long ?? "", 16);
    if (byte === undefined && !(codePoint <= 0x10ffff)) continue;
    parts.push(encoder.encode(body.slice(at, match.index)));
    parts.push(byte !== undefined ? Uint8Array.of(byte) : utf8(codePoint));
    at = match.index + whole.length;
  }
  parts.push(encoder.encode(body.slice(at)));
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let length = 0;
  for (const part of parts) {
    bytes.set(part, length);
    length += part.length;
  }
  return bytes;
}

/** Half of a surrogate pair has no UTF-8, and the Go compiler refuses it: it gets bytes that are in no text. */
function utf8(codePoint: number): Uint8Array {
  return codePoint >= 0xd800 && codePoint <= 0xdfff
    ? Uint8Array.of(0xed, 0x80 | codePoint >> 6 & 0x3f, 0x80 | codePoint & 0x3f)
    : encoder.encode(String.fromCodePoint(codePoint));
}

/** The text that a literal stands for, or `undefined` where its bytes are not UTF-8. */
export function literalText(text: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(literalBytes(text));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

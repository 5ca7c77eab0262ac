// JSON leaves these as they are, and a terminal obeys them, or shows them as what they are not.
const HIDDEN = /[\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A value as a line of JSON; characters that would hide something are escaped, which means the same. */
export function jsonLine(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON`);
  return text.replace(HIDDEN, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

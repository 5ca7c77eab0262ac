import type { Bytes } from "./buffer.ts";

/** The bytes that base64 stands for, with or without padding; `undefined` where there is none, or it is no base64. */
export function fromBase64(text: string | undefined): Bytes | undefined {
  if (text === undefined) return undefined;
  try {
    const binary = atob(text);
    return Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
  } catch {
    // The peer's words: whoever needs them says what is wrong, or does without.
    return undefined;
  }
}

/** Bytes as base64, with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

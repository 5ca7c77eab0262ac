import type { Codec } from "../../mod.ts";

/** Messages that are text. */
export const text: Codec<string> = {
  encode: (message) => new TextEncoder().encode(message),
  decode: (payload) => new TextDecoder().decode(payload),
};

/** Bytes of a text, for streams without a codec. */
export function bytes(message: string): Uint8Array {
  return new TextEncoder().encode(message);
}

/** The text of bytes. */
export function string(payload: Uint8Array | undefined): string {
  return new TextDecoder().decode(payload);
}

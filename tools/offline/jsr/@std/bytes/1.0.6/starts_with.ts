import { equals } from "./equals.ts";

/** Whether the first bytes of `source` are `prefix`. */
export function startsWith(source: Uint8Array, prefix: Uint8Array): boolean {
  return equals(source.subarray(0, prefix.length), prefix);
}

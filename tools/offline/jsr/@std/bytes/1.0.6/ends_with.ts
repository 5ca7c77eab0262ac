import { equals } from "./equals.ts";

/** Whether the last bytes of `source` are `suffix`. */
export function endsWith(source: Uint8Array, suffix: Uint8Array): boolean {
  return equals(source.subarray(Math.max(0, source.length - suffix.length)), suffix);
}

import { equals } from "./equals.ts";

/**
 * The index of the last `needle` that ends at `start` or before, or -1; an empty needle is nowhere.
 *
 * @param start The index that the needle's last byte may have at most. Default: the last one.
 */
export function lastIndexOfNeedle(
  source: Uint8Array,
  needle: Uint8Array,
  start: number = source.length - 1,
): number {
  if (needle.length === 0) return -1;
  for (let at = Math.min(start, source.length - 1) - needle.length + 1; at >= 0; at--) {
    if (equals(source.subarray(at, at + needle.length), needle)) return at;
  }
  return -1;
}

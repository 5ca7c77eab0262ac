import { equals } from "./equals.ts";

/**
 * The index of the first `needle` that begins at `start` or later, or -1; an empty needle is nowhere.
 *
 * @param start Where to begin; a negative one counts from the end. Default 0.
 */
export function indexOfNeedle(source: Uint8Array, needle: Uint8Array, start = 0): number {
  const first = needle[0];
  if (first === undefined) return -1;
  const from = start < 0 ? Math.max(0, source.length + start) : start;
  for (let at = source.indexOf(first, from); at !== -1; at = source.indexOf(first, at + 1)) {
    if (equals(source.subarray(at, at + needle.length), needle)) return at;
  }
  return -1;
}

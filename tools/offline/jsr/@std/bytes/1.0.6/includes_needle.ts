import { indexOfNeedle } from "./index_of_needle.ts";

/**
 * Whether `needle` begins in `source` at `start` or later.
 *
 * @param start Where to begin; a negative one counts from the end. Default 0.
 */
export function includesNeedle(source: Uint8Array, needle: Uint8Array, start = 0): boolean {
  return indexOfNeedle(source, needle, start) !== -1;
}

/**
 * Copies as much of `src` as fits into `dst` from `offset` on; an offset outside of `dst` is moved to its nearer end.
 *
 * @returns How many bytes were copied.
 */
export function copy(src: Uint8Array, dst: Uint8Array, offset = 0): number {
  const from = Math.min(Math.max(offset, 0), dst.length);
  const size = Math.min(src.length, dst.length - from);
  dst.set(src.subarray(0, size), from);
  return size;
}

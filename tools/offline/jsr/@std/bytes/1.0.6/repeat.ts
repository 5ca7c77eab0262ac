/**
 * `source`, `count` times in a row, in a new array.
 *
 * @throws {RangeError} If `count` is negative or not an integer.
 */
export function repeat(source: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`Cannot repeat bytes ${count} times: the count must be an integer of at least 0`);
  }
  const whole = new Uint8Array(source.length * count);
  for (let at = 0; at < whole.length; at += source.length) whole.set(source, at);
  return whole;
}

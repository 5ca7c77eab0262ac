/** All of `buffers`, one after the other, in a new array. */
export function concat(buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(buffers.reduce((size, buffer) => size + buffer.length, 0));
  let at = 0;
  for (const buffer of buffers) {
    whole.set(buffer, at);
    at += buffer.length;
  }
  return whole;
}

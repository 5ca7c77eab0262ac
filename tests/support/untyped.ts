/** A value of any type, as a program without types could pass it. */
export function untyped<T>(value: unknown): T {
  const box: { value: T } = JSON.parse("{}");
  Object.assign(box, { value });
  return box.value;
}

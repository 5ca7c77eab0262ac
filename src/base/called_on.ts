/**
 * The object that a method is called on. One that was taken off it, by `const { send } = stream`, has none.
 *
 * @throws {TypeError} That says so, where the runtime would speak of a property of `undefined`.
 */
export function calledOn<T>(object: T | undefined, method: string): T {
  if (object !== undefined) return object;
  throw new TypeError(
    `${method} was called without its stream: call stream.${method}(…), and do not take ${method} off the stream`,
  );
}

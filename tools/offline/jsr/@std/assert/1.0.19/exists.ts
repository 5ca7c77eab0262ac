import { failure } from "./_failure.ts";

/** Asserts that `actual` is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw failure(`Expected actual: "${actual}" to not be null or undefined`, msg);
  }
}

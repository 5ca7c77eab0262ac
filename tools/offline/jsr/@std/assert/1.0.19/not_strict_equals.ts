import { failure, format } from "./_failure.ts";

/** Asserts that the values are not the same one, as `Object.is` says it. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (Object.is(actual, expected)) {
    throw failure(`Expected "actual" to not be strictly equal to: ${format(actual)}`, msg);
  }
}

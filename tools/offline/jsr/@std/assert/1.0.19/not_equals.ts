import { failure, format } from "./_failure.ts";
import { equal } from "./equal.ts";

/** Asserts that the values are not deeply equal, as {@linkcode equal} says it. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) {
    throw failure(`Expected actual: ${format(actual)} not to be: ${format(expected)}`, msg);
  }
}

import { failure } from "./_failure.ts";

/** Asserts that the regular expression does not match `actual`. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) throw failure(`Expected actual: "${actual}" to not match: "${expected}"`, msg);
}

import { failure } from "./_failure.ts";

/** Asserts that the regular expression matches `actual`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) throw failure(`Expected actual: "${actual}" to match: "${expected}"`, msg);
}

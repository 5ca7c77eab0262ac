import { failure } from "./_failure.ts";

/** Asserts that `expected` is a part of `actual`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    throw failure(`Expected actual: "${actual}" to contain: "${expected}"`, msg);
  }
}

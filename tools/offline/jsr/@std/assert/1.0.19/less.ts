import { format } from "./_failure.ts";
import { AssertionError } from "./assertion_error.ts";

/** Asserts that `actual` is less than `expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) {
    throw new AssertionError(msg ?? `Expect ${format(actual)} < ${format(expected)}`);
  }
}

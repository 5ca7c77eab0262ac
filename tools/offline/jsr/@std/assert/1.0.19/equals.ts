import { diff } from "./_diff.ts";
import { failure } from "./_failure.ts";
import { equal } from "./equal.ts";

/** Asserts that both values are deeply equal, as {@linkcode equal} says it. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) {
    throw failure("Values are not equal", msg, "\n" + diff(actual, expected));
  }
}

import { failure } from "./_failure.ts";

/** Asserts that `actual` is no object of the class `unexpectedType`. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: abstract new (...args: never[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (actual instanceof unexpectedType) {
    throw failure(`Expected object to not be an instance of "${unexpectedType.name}"`, msg);
  }
}

import { failure, format } from "./_failure.ts";
import { equal } from "./equal.ts";

/** Anything with a length and indices that is not a string. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Asserts that every element of `expected` is, or deeply equals, an element of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const present = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) => !present.some((element) => equal(element, wanted)));
  if (missing.length > 0) {
    throw failure(
      `Expected actual: "${format(actual)}" to include: "${format(expected)}"`,
      msg,
      `\nmissing: ${format(missing)}`,
    );
  }
}

import { checkError, type ErrorConstructorOf, expectedError } from "./_expected_error.ts";
import { failure } from "./_failure.ts";

/**
 * Asserts that `fn` throws.
 *
 * @returns What it threw.
 */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/**
 * Asserts that `fn` throws an error of that class whose message includes `msgIncludes`.
 *
 * @returns What it threw.
 */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorConstructorOf<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  typeOrMsg?: ErrorConstructorOf<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const expected = expectedError(typeOrMsg, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    checkError(error, expected, "thrown");
    return error;
  }
  throw failure("Expected function to throw", expected.msg);
}

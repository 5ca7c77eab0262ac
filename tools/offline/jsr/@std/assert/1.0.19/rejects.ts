import { checkError, type ErrorConstructorOf, expectedError } from "./_expected_error.ts";
import { failure } from "./_failure.ts";

/**
 * Asserts that the promise that `fn` returns rejects; that `fn` itself throws does not count.
 *
 * @returns What it rejected with.
 */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/**
 * Asserts that the promise that `fn` returns rejects with an error of that class whose message includes
 * `msgIncludes`; that `fn` itself throws does not count.
 *
 * @returns What it rejected with.
 */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorConstructorOf<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  typeOrMsg?: ErrorConstructorOf<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const expected = expectedError(typeOrMsg, msgIncludes, msg);
  const promise = call(fn, expected.msg);
  try {
    await promise;
  } catch (error) {
    checkError(error, expected, "rejected");
    return error;
  }
  throw failure("Expected function to reject", expected.msg);
}

function call(fn: () => PromiseLike<unknown>, msg: string | undefined): PromiseLike<unknown> {
  let promise: unknown;
  try {
    promise = fn();
  } catch {
    promise = undefined;
  }
  if (isThenable(promise)) return promise;
  throw failure("Function throws when expected to reject", msg);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

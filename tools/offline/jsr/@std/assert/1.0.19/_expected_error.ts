import { failure } from "./_failure.ts";
import { assertIsError } from "./is_error.ts";

/** Any class whose objects are of type `E`. */
export type ErrorConstructorOf<E> = abstract new (...args: never[]) => E;

/** What `assertThrows` and `assertRejects` were asked for after the function itself. */
export interface ExpectedError<E extends Error> {
  readonly type: ErrorConstructorOf<E> | undefined;
  readonly msgIncludes: string | undefined;
  readonly msg: string | undefined;
}

/** Sorts out the two forms of call: `(fn, msg)` and `(fn, ErrorClass, msgIncludes, msg)`. */
export function expectedError<E extends Error>(
  typeOrMsg: ErrorConstructorOf<E> | string | undefined,
  msgIncludes: string | undefined,
  msg: string | undefined,
): ExpectedError<E> {
  if (typeof typeOrMsg === "string") return { type: undefined, msgIncludes: undefined, msg: typeOrMsg };
  const prototype: unknown = typeOrMsg?.prototype;
  const isErrorClass = prototype === Error.prototype || prototype instanceof Error;
  return { type: isErrorClass ? typeOrMsg : undefined, msgIncludes, msg };
}

/** Asserts that what was thrown is what was asked for; `how` is the word for it, thrown or rejected. */
export function checkError<E extends Error>(error: unknown, expected: ExpectedError<E>, how: string): void {
  if (!expected.type) return;
  if (!(error instanceof Error)) throw failure(`A non-Error object was ${how}`, expected.msg);
  assertIsError(error, expected.type, expected.msgIncludes, expected.msg);
}

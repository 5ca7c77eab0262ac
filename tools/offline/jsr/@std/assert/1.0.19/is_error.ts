import { stripVTControlCharacters } from "node:util";
import { failure } from "./_failure.ts";

/** Asserts that `error` is an Error, of that class and with that in its message where they are given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: abstract new (...args: never[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) throw failure(`Expected "error" to be an Error object`, msg);
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw failure(
      `Expected error to be instance of "${ErrorClass.name}", but was "${error.constructor?.name}"`,
      msg,
    );
  }
  if (!msgMatches) return;
  const text = stripVTControlCharacters(error.message);
  const found = typeof msgMatches === "string"
    ? text.includes(stripVTControlCharacters(msgMatches))
    : msgMatches.test(text);
  if (!found) {
    const wanted = typeof msgMatches === "string" ? JSON.stringify(msgMatches) : String(msgMatches);
    throw failure(
      `Expected error message to include ${wanted}, but got ${JSON.stringify(error.message)}`,
      msg,
    );
  }
}

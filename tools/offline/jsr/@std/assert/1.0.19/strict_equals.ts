import { diff } from "./_diff.ts";
import { failure, format } from "./_failure.ts";

/** Asserts that both are the same value or object, as `Object.is` says it. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const a = format(actual);
  const b = format(expected);
  if (a === b) throw failure("Values have the same structure but are not reference-equal", msg, `\n\n${a}\n`);
  throw failure("Values are not strictly equal", msg, "\n" + diff(actual, expected));
}

import { AssertionError } from "./assertion_error.ts";

/** An AssertionError that says `text`, then, where the caller gave one, his own message. */
export function failure(text: string, msg: string | undefined, details = ""): AssertionError {
  return new AssertionError(text + (msg ? `: ${msg}` : ".") + details);
}

/** A value as a failure shows it: whole, sorted, one entry a line where it is long. */
export function format(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
    getters: true,
  });
}

import { failure } from "./_failure.ts";

/** Fails in any case. */
export function fail(msg?: string): never {
  throw failure("Failed assertion", msg);
}

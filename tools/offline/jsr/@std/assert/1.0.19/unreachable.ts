import { failure } from "./_failure.ts";

/** Fails because nobody should ever get here. */
export function unreachable(msg?: string): never {
  throw failure("Unreachable", msg);
}

import { failure } from "./_failure.ts";

/** Fails because this is not there yet. */
export function unimplemented(msg?: string): never {
  throw failure("Unimplemented", msg);
}

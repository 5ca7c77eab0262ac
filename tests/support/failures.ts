import { assertRejects, assertThrows } from "@std/assert";
import { TTStreamError } from "../../mod.ts";

/** The TTStreamError that `run` throws; anything else fails the test. Its constructor is private, so `assertThrows` cannot ask for it. */
export function streamErrorThrown(run: () => unknown): TTStreamError {
  return checked(assertThrows(run));
}

/** The TTStreamError that `promise` rejects with; anything else fails the test. */
export async function streamErrorOf(promise: PromiseLike<unknown>): Promise<TTStreamError> {
  return checked(await assertRejects(async () => await promise));
}

function checked(error: unknown): TTStreamError {
  if (error instanceof TTStreamError) return error;
  throw new Error(`expected a TTStreamError, got ${Deno.inspect(error)}`);
}

import { reasonText } from "./reason.ts";

/**
 * Calls a hook of the user's. One that throws, or whose promise rejects, must not take anything else with it.
 *
 * @param name How the user calls it, for what is printed.
 */
export function callSafely(name: string, hook: () => unknown): void {
  try {
    Promise.resolve(hook()).then(undefined, (error) => complain(name, "rejected", error));
  } catch (error) {
    complain(name, "threw", error);
  }
}

function complain(name: string, how: string, error: unknown): void {
  printError(`ttstream: ${name} ${how}:`, error);
}

/** Prints a line and an error, or what can be said of one that cannot be printed: a getter of its own throws, say. */
export function printError(line: string, error: unknown): void {
  try {
    console.error(line, error);
  } catch {
    console.error(line, reasonText(error));
  }
}

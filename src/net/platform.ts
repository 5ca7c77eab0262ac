/**
 * What differs where there is no Deno: there, connections come from `connectOver`, `serveOver` and listeners of the
 * user's own.
 *
 * @module
 */

/** Whether this is Deno. */
export const onDeno: boolean = typeof Deno !== "undefined";

/**
 * Checks that there is a platform for what has been asked for.
 *
 * @param what What it is, as the user calls it.
 * @param instead What the user can do elsewhere.
 * @throws {TypeError} Where there is no Deno.
 */
export function checkOnDeno(what: string, instead: string): void {
  if (!onDeno) throw new TypeError(`${what} needs Deno: elsewhere use ${instead}`);
}

/** Whether what was used had been closed: Deno says so of what a peer's reset has closed, too. */
export function hasBeenClosed(error: unknown): boolean {
  return onDeno && error instanceof Deno.errors.BadResource;
}

/** Whether the client had hung up before it was accepted: its own affair, and no reason to pause. */
export function hadHungUp(error: unknown): boolean {
  return onDeno && (
    error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted
  );
}

/** Whether nobody reads any more what was written to a pipe. */
export function isBrokenPipe(error: unknown): boolean {
  return onDeno && error instanceof Deno.errors.BrokenPipe;
}

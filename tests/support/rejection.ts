/** What `promise` rejects with; a test whose promise resolves fails. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${Deno.inspect(value)}`);
}

/** The message of what `promise` rejects with. */
export async function rejectionText(promise: PromiseLike<unknown>): Promise<string> {
  return messageOf(await rejection(promise));
}

/** An error's message; anything else fails the test. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  throw new Error(`expected an Error, got ${Deno.inspect(error)}`);
}

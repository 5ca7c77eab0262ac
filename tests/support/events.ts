/** Resolves with the reason once `signal` has aborted. */
export function aborted(signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return Promise.resolve(signal.reason);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

/** What `promise` rejects with; that it resolves fails the test. Handled from the start: it may reject at any time. */
export async function caught(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${Deno.inspect(value)}`);
}

/** The message of the error that `promise` rejects with. */
export async function failure(promise: PromiseLike<unknown>): Promise<string> {
  const error = await caught(promise);
  if (error instanceof Error) return error.message;
  throw new Error(`expected an Error, got ${Deno.inspect(error)}`);
}

/**
 * What `call` returns or throws, as a promise. `Promise.try` puts one more promise around one that comes back: with
 * the two that a stream at the server waits for, that is an eighth of what one keeps on which nothing happens.
 */
export function attempt<T>(call: () => T | PromiseLike<T>): Promise<Awaited<T>> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error);
  }
}

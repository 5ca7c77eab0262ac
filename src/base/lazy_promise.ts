/**
 * A result that may never be asked for: its promise is made on demand, and a rejection that nobody awaits does
 * not end the process.
 */
export class LazyPromise<T> {
  #settled: { readonly value: T } | { readonly error: unknown } | undefined;
  #resolvers: PromiseWithResolvers<T> | undefined;

  /** The first settling wins. */
  resolve(value: T): void {
    if (this.#settled !== undefined) return;
    this.#settled = { value };
    this.#resolvers?.resolve(value);
  }

  /** The first settling wins. */
  reject(error: unknown): void {
    if (this.#settled !== undefined) return;
    this.#settled = { error };
    this.#resolvers?.reject(error);
  }

  /** Always the same promise. */
  get promise(): Promise<T> {
    if (this.#resolvers === undefined) {
      this.#resolvers = Promise.withResolvers<T>();
      // It is a property: whoever does not await it must not be killed by it. Who does still sees the rejection.
      this.#resolvers.promise.catch(() => {});
      if (this.#settled !== undefined) {
        if ("error" in this.#settled) this.#resolvers.reject(this.#settled.error);
        else this.#resolvers.resolve(this.#settled.value);
      }
    }
    return this.#resolvers.promise;
  }
}

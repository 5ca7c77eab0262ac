/** Why a stream, or a side of it, is at its end. */
export interface Failure<E = unknown> {
  readonly error: E;
}

/**
 * One whose error is made when somebody asks for it. An error costs several microseconds, a tenth of a short stream, and
 * of those with which streams end well hardly any is looked at.
 */
export class LazyFailure<E> implements Failure<E> {
  readonly #make: () => E;
  #made: Failure<E> | undefined;

  constructor(make: () => E) {
    this.#make = make;
  }

  get error(): E {
    this.#made ??= { error: this.#make() };
    return this.#made.error;
  }
}

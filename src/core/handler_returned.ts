import type { Dialect } from "./dialect.ts";
import type { StreamError, Where } from "./errors.ts";

/**
 * What streams of a connection whose handler has returned meet later reads and writes with. Those of one method share
 * an error: whoever has asked for `writable` gets it, and making one is a tenth of what a short stream costs a server.
 */
export class HandlerReturned {
  readonly #dialect: Dialect;
  #last: { readonly where: Where; readonly error: StreamError } | undefined;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** The error of the method: the one of the stream before, where that was of the same. */
  error(where: Where): StreamError {
    const last = this.#last;
    if (last !== undefined && last.where.service === where.service && last.where.method === where.method) {
      return last.error;
    }
    const error = this.#dialect.handlerReturned(where);
    this.#last = { where, error };
    return error;
  }
}

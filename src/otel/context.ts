import { type Context, ROOT_CONTEXT } from "@opentelemetry/api";

/**
 * A context that has one value more than another: a span, in practice. Those of `@opentelemetry/api` copy a map, and hold
 * closures that refer to them; V8 frees such an object, and all that it holds, only when it collects the whole heap
 * (`bench/NOTES.md` has the figures).
 */
export class OneValueContext implements Context {
  readonly #under: Context;
  readonly #key: symbol | undefined;
  readonly #value: unknown;

  constructor(under: Context, key?: symbol, value?: unknown) {
    this.#under = under;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#under.getValue(key);
  }

  /** A second value goes under the one there is: contexts that are made of each other do not become a chain. */
  setValue(key: symbol, value: unknown): Context {
    if (this.#key === undefined || key === this.#key) return new OneValueContext(this.#under, key, value);
    return new OneValueContext(this.#under.setValue(key, value), this.#key, this.#value);
  }

  deleteValue(key: symbol): Context {
    const under = this.#under.deleteValue(key);
    return key === this.#key
      ? new OneValueContext(under)
      : new OneValueContext(under, this.#key, this.#value);
  }
}

/** The context that has nothing. */
export const ROOT: Context = new OneValueContext(ROOT_CONTEXT);

/** The same context, as one that makes light ones. */
export function lightly(context: Context): Context {
  if (context === ROOT_CONTEXT) return ROOT;
  return context instanceof OneValueContext ? context : new OneValueContext(context);
}

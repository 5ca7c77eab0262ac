/**
 * A payload that is not what the struct says: cut short, of another type, with a size beyond its end, nested too
 * deep, with text that is not UTF-8, or without a required field.
 *
 * Only `decode` throws it. What cannot be encoded is a `TypeError` or a `RangeError` that names the field as well.
 */
export class ThriftError extends Error {
  override readonly name = "ThriftError";
  /** Where: the struct and, where one is to blame, the field: `ChatRequest.items[3].name`. */
  readonly path: string;
  /** What is wrong there. */
  readonly reason: string;

  /**
   * @param path The struct and the field.
   * @param reason What is wrong there.
   */
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/** What is thrown inside the codec: it learns its path on its way up, then becomes a public error. */
export class Fault {
  readonly reason: string;
  /** Whether a value was out of its range, rather than of the wrong type. */
  readonly range: boolean;
  #path = "";

  constructor(reason: string, range = false) {
    this.reason = reason;
    this.range = range;
  }

  /** The path below the outermost struct: `.items[3].name`. */
  get path(): string {
    return this.#path;
  }

  /** Puts one more step before the path. */
  under(step: string): this {
    this.#path = step + this.#path;
    return this;
  }
}

/** What was thrown below `step`, which a {@linkcode Fault} is told; anything else is not ours. */
export function below(step: string, thrown: unknown): unknown {
  return thrown instanceof Fault ? thrown.under(step) : thrown;
}

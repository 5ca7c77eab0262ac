/**
 * A payload that is not what its struct says: cut short, of other types, with a size beyond its end, nested too
 * deep, with text that is not UTF-8, or without a required field.
 *
 * `decode` throws it, and `fromJson` for JSON that is no such struct. What cannot be encoded is a `TypeError` or a `RangeError`, which names the field as well.
 */
export class ThriftError extends Error {
  /** `"ThriftError"`. */
  override readonly name = "ThriftError";
  /** Where: the struct and, where a field is to blame, that field: `ChatRequest.items[3].name`. */
  readonly path: string;
  /** What is wrong there. */
  readonly reason: string;

  /**
   * Made by the codec.
   *
   * @param path The struct and the field.
   * @param reason What is wrong there.
   */
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/** What is thrown inside the codec: it learns its path on the way up and then becomes a public error. */
export class Fault {
  readonly reason: string;
  /** Whether a value of the right type was out of range. */
  readonly outOfRange: boolean;
  #path = "";

  constructor(reason: string, { outOfRange = false }: { outOfRange?: boolean | undefined } = {}) {
    this.reason = reason;
    this.outOfRange = outOfRange;
  }

  /** The path below the outermost struct: `.items[3].name`. */
  get path(): string {
    return this.#path;
  }

  /** Puts a step before the path. */
  under(step: string): this {
    this.#path = step + this.#path;
    return this;
  }
}

/** What was thrown while working on the field `name`, or between fields where there is none. */
export function inField(name: string | undefined, thrown: unknown): unknown {
  return thrown instanceof Fault && name !== undefined ? thrown.under(`.${name}`) : thrown;
}

/** What was thrown while working on the element `index` of a list or set. */
export function inElement(index: number, thrown: unknown): unknown {
  return thrown instanceof Fault ? thrown.under(`[${index}]`) : thrown;
}

/** What was thrown while working on the value at `key` of a map, or, where `key` is undefined, on its key `index`. */
export function inEntry(key: unknown, index: number, thrown: unknown): unknown {
  return thrown instanceof Fault ? thrown.under(`[${keyLabel(key) ?? `key ${index}`}]`) : thrown;
}

/** A key that a payload may have chosen does not make a message longer than this. */
const LONGEST_KEY = 32;

/** A text as messages show it: in quotes, and not all of it where it is long. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY)}…` : text);
}

function keyLabel(key: unknown): string | undefined {
  switch (typeof key) {
    case "string":
      return quoted(key);
    case "number":
    case "bigint":
    case "boolean":
      return String(key);
    default:
      return undefined;
  }
}

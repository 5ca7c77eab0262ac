import { assertEquals } from "./equals.ts";

/**
 * Asserts that `actual` has everything that `expected` has; what it has beyond that is not looked at. Classes do
 * not count, of arrays the first elements do.
 *
 * @throws {TypeError} If one of them is no object.
 */
export function assertObjectMatch(
  actual: object,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  for (const value of [actual, expected]) {
    if (!isObject(value)) {
      throw new TypeError(`Cannot assertObjectMatch ${value === null ? null : typeof value}`);
    }
  }
  assertEquals(
    new Selection().ofFields(actual, expected),
    new Selection().ofFields(expected, expected),
    msg,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The part of a value that another one, its shape, speaks of. */
class Selection {
  /** What has been made for a value, by its shape: a value that contains itself gets a part that does, too. */
  readonly #made = new Map<object, Map<object, object>>();

  of(value: unknown, shape: unknown): unknown {
    if (!isObject(value) || !isObject(shape) || value instanceof RegExp || value instanceof Date) {
      return value;
    }
    if (Array.isArray(value) && Array.isArray(shape)) return this.#ofArray(value, shape);
    if (value instanceof Map && shape instanceof Map) return this.#ofMap(value, shape);
    if (value instanceof Set && shape instanceof Set) return value.intersection(shape);
    return this.ofFields(value, shape);
  }

  ofFields(value: object, shape: object): object {
    return this.#once(value, shape, {}, (part) => {
      const keys = Reflect.ownKeys(value);
      const shared = keys.filter((key) => Object.hasOwn(shape, key));
      const nothingShared = shared.length === 0 && Reflect.ownKeys(shape).length > 0;
      // With nothing in common the failure should show all there is.
      for (const key of nothingShared ? keys : shared) {
        const field = Reflect.get(value, key);
        Object.defineProperty(part, key, {
          value: nothingShared ? field : this.of(field, Reflect.get(shape, key)),
          enumerable: true,
        });
      }
    });
  }

  #ofArray(value: readonly unknown[], shape: readonly unknown[]): object {
    return this.#once(value, shape, [], (part: unknown[]) => {
      for (const [i, element] of value.slice(0, shape.length).entries()) {
        part.push(this.of(element, shape[i]));
      }
    });
  }

  #ofMap(value: ReadonlyMap<unknown, unknown>, shape: ReadonlyMap<unknown, unknown>): object {
    return this.#once(value, shape, new Map<unknown, unknown>(), (part) => {
      for (const [key, element] of value) {
        if (!shape.has(key)) continue;
        // An array in a map has to have the right length.
        part.set(key, Array.isArray(element) ? element : this.of(element, shape.get(key)));
      }
    });
  }

  #once<T extends object>(value: object, shape: object, part: T, fill: (part: T) => void): object {
    const byShape = this.#made.get(value) ?? new Map<object, object>();
    const made = byShape.get(shape);
    if (made) return made;
    this.#made.set(value, byShape.set(shape, part));
    fill(part);
    return part;
  }
}

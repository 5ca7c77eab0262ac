/** Objects of exactly these classes say everything there is to compare when they are turned into a string. */
const comparedAsText: ReadonlySet<unknown> = new Set<unknown>([
  RegExp.prototype,
  URL.prototype,
  URLSearchParams.prototype,
  Intl.Locale.prototype,
  ...temporalPrototypes(),
]);

function temporalPrototypes(): unknown[] {
  const temporal: unknown = Reflect.get(globalThis, "Temporal");
  if (!isObject(temporal)) return [];
  return [
    "Duration",
    "Instant",
    "PlainDate",
    "PlainDateTime",
    "PlainTime",
    "PlainYearMonth",
    "PlainMonthDay",
    "ZonedDateTime",
  ].map((name) => Reflect.get(temporal, name)).flatMap((type) =>
    typeof type === "function" ? [type.prototype] : []
  );
}

const TypedArray: unknown = Object.getPrototypeOf(Uint8Array);

/**
 * Whether `a` and `b` are the same value all the way down: same classes, same keys, equal values. `0` equals
 * `-0`, `NaN` equals `NaN`; functions, and what can only be read asynchronously, equal themselves alone.
 *
 * @throws {TypeError} If two different `WeakMap`s or `WeakSet`s are to be compared: nobody can look into them.
 */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

/** `underway` has the pairs whose comparison has begun: met again, inside themselves, they count as equal. */
function compare(a: unknown, b: unknown, underway: Map<object, object>): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (!sameClass(a, b)) return false;

  if (isTypedArray(a) && isTypedArray(b)) return sameElements(a, b);
  if (isBuffer(a) && isBuffer(b)) return sameElements(new Uint8Array(a), new Uint8Array(b));
  if (a instanceof WeakMap) throw new TypeError("Cannot compare WeakMap instances");
  if (a instanceof WeakSet) throw new TypeError("Cannot compare WeakSet instances");
  if (a instanceof WeakRef && b instanceof WeakRef) return compare(a.deref(), b.deref(), underway);

  if (underway.get(a) === b) return true;
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  underway.set(a, b);
  const same = sameContent(a, b, underway);
  if (!same) underway.delete(a);
  return same;
}

function sameContent(a: object, b: object, underway: Map<object, object>): boolean {
  if (a instanceof Map && b instanceof Map) return sameMap(a, b, underway);
  if (a instanceof Set && b instanceof Set) return sameSet(a, b, underway);
  if (comparedAsText.has(Object.getPrototypeOf(a))) return String(a) === String(b);
  return sameFields(a, b, underway);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isTypedArray(value: object): value is ArrayLike<number | bigint> & object {
  return typeof TypedArray === "function" && value instanceof TypedArray;
}

function isBuffer(value: object): value is ArrayBuffer | SharedArrayBuffer {
  return value instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer);
}

/** An object without a prototype passes for a plain one. */
function sameClass(a: object, b: object): boolean {
  return (Object.getPrototypeOf(a) ?? Object.prototype) === (Object.getPrototypeOf(b) ?? Object.prototype);
}

function sameElements(a: ArrayLike<number | bigint>, b: ArrayLike<number | bigint>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

function sameMap(
  a: ReadonlyMap<unknown, unknown>,
  b: ReadonlyMap<unknown, unknown>,
  underway: Map<object, object>,
): boolean {
  if (a.size !== b.size) return false;
  const left = new Map(b);
  for (const [key, value] of a) {
    // An object may be a key's equal without being the key itself; only then has every entry to be looked at.
    const candidates = isObject(key) ? left.keys() : left.has(key) ? [key] : [];
    let found = false;
    for (const candidate of candidates) {
      found = compare(key, candidate, underway) && compare(value, left.get(candidate), underway);
      if (found) {
        left.delete(candidate);
        break;
      }
    }
    if (!found) return false;
  }
  return true;
}

function sameSet(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>, underway: Map<object, object>): boolean {
  const asMap = (set: ReadonlySet<unknown>) => new Map([...set].map((value) => [value, true]));
  return sameMap(asMap(a), asMap(b), underway);
}

function sameFields(a: object, b: object, underway: Map<object, object>): boolean {
  for (const key of new Set([...fields(a), ...fields(b)])) {
    if (key in a !== key in b) return false;
    if (!compare(Reflect.get(a, key), Reflect.get(b, key), underway)) return false;
  }
  return true;
}

/**
 * The keys that count: of plain objects and arrays the enumerable ones, of every other object also the hidden
 * ones and those of its classes, since that is where accessors live.
 */
function fields(value: object): PropertyKey[] {
  const plain = [null, Object.prototype, Array.prototype];
  if (plain.includes(Object.getPrototypeOf(value))) {
    return Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
  }
  const keys: PropertyKey[] = [];
  for (let at: object | null = value; at !== null && !plain.includes(at); at = Object.getPrototypeOf(at)) {
    keys.push(...Reflect.ownKeys(at));
  }
  return keys;
}

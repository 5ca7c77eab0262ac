/** Values that cannot be looked at, or not for long: what a `throw` or an `abort()` may bring all the same. */

function boom(): never {
  throw new TypeError("do not look at me");
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function withGetter(name: string, get: () => unknown = boom): Error {
  return Object.defineProperty(new Error("fine"), name, { get });
}

/** A Proxy each of whose traps throws. */
function allTraps(target: object): object {
  const names = Object.getOwnPropertyNames(Reflect);
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, boom])));
}

/** Each is made anew, since some can be looked at once. */
export const strange: Record<string, () => unknown> = {
  "a revoked proxy": () => revoked({}),
  "a revoked proxy of an Error": () => revoked(new Error("x")),
  "a revoked function": () => revoked(boom),
  "an Error whose name throws": () => withGetter("name"),
  "an Error whose message throws": () => withGetter("message"),
  "an Error whose cause throws": () => withGetter("cause"),
  "an Error whose stack throws": () => withGetter("stack"),
  "an Error whose message is a symbol": () => withGetter("message", () => Symbol("x")),
  "an Error whose message is an object": () => withGetter("message", () => Object.create(null)),
  "an Error that is its own cause": () => {
    const error = new Error("round");
    error.cause = error;
    return error;
  },
  "a Proxy all of whose traps throw": () => allTraps({}),
  "a Proxy of an Error all of whose traps throw": () => allTraps(new Error("x")),
  "an object without a prototype": () => Object.create(null),
  "an object whose toString throws": () => ({ toString: boom }),
  "an object whose then throws": () => Object.defineProperty({}, "then", { get: boom }),
  "a Proxy that says yes to everything": () => new Proxy({}, { get: () => true }),
  "a symbol": () => Symbol("x"),
  "null": () => null,
  "a bigint": () => 1n,
};

/**
 * What no binding of a module may be called: reserved words, the names of TypeScript's own types, and globals that
 * `deno lint` wants left alone.
 */
const RESERVED: ReadonlySet<string> = new Set(
  ("arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function globalThis if implements import in instanceof interface let new null package private " +
    "protected public return static super switch this throw true try typeof var void while with yield " +
    "any bigint boolean infer intrinsic keyof never number object string readonly symbol undefined unique unknown " +
    "BigInt Boolean Function Infinity NaN Number Object String Symbol as").split(" "),
);

/** Names in use in one module. */
export class Scope {
  readonly #used = new Set<string>();

  /** `name` as an identifier that is neither reserved nor in use yet: where it is, with underscores behind it. */
  add(name: string): string {
    const identifier = name.replace(/[^A-Za-z0-9_$]/g, "_").replace(/^(?=[0-9]|$)/, "_");
    return this.addIdentifier(RESERVED.has(identifier) ? `${identifier}_` : identifier);
  }

  /** The same for what may be called by the name of a type, such as the library's `string`. */
  addIdentifier(name: string): string {
    let identifier = name;
    while (this.#used.has(identifier)) identifier += "_";
    this.#used.add(identifier);
    return identifier;
  }
}

/** The name of a method in lowerCamelCase: `SayHello`, `say_hello` and `SAY_HELLO` are `sayHello`. */
export function methodName(name: string): string {
  const words = name.split(/[_.]+/).filter((word) => word !== "");
  const shouting = words.length > 1 && name === name.toUpperCase();
  const camel = words.map((word, index) => {
    const quiet = shouting ? word.toLowerCase() : word;
    return index === 0 ? lowerFirst(quiet) : quiet.charAt(0).toUpperCase() + quiet.slice(1);
  }).join("");
  return /^[0-9]|^$/.test(camel) ? `_${camel}` : camel;
}

/** The same with a capital at its beginning, for what is named after a method. */
export function pascalCase(name: string): string {
  const camel = methodName(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** Lower-cases the capitals that a name begins with, but for the one that begins its next word: `HTTPGet`, `ID`. */
function lowerFirst(word: string): string {
  const capitals = /^[A-Z]+/.exec(word)?.[0].length ?? 0;
  const lowered = capitals > 1 && capitals < word.length && /[a-z]/.test(word.charAt(capitals))
    ? capitals - 1
    : capitals;
  return word.slice(0, lowered).toLowerCase() + word.slice(lowered);
}

/**
 * The names of methods in TypeScript, unique. A client with a method `then` would be taken for a promise, and no
 * class can have a method `constructor`: these get an underscore.
 */
export function methodNames(names: readonly string[]): string[] {
  const used = new Set(["then", "constructor"]);
  return names.map((name) => {
    let result = methodName(name);
    while (used.has(result)) result += "_";
    used.add(result);
    return result;
  });
}

/** A property's name in an object literal or an interface. */
export function propertyKey(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : JSON.stringify(name);
}

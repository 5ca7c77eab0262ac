import { parseArgs } from "node:util";
import { UsageError } from "./usage.ts";

/** The options that a command has, by their long names. */
export interface OptionSpecs {
  readonly [name: string]: {
    /** `"string"` has a value. */
    readonly type: "boolean" | "string";
    /** The one letter that stands for it. */
    readonly short?: string;
    /** Whether it may be given several times. */
    readonly multiple?: boolean;
  };
}

/** What a command was given. */
export interface Arguments {
  /** What is no option, in its order. */
  readonly positionals: readonly string[];
  /** Whether an option without a value was given. */
  flag(name: string): boolean;
  /** An option's value; `undefined` where it was not given. */
  value(name: string): string | undefined;
  /** All values of an option that may be given several times. */
  values(name: string): readonly string[];
}

/**
 * Reads a command's arguments.
 *
 * @throws {UsageError} For an option that is not there, that has no value where it needs one, or was given twice.
 */
export function readArguments(args: readonly string[], specs: OptionSpecs): Arguments {
  const { values, positionals } = parse(args, specs);
  const all = new Map<string, readonly string[]>();
  const flags = new Set<string>();
  for (const [name, given] of Object.entries(values)) {
    const list = Array.isArray(given) ? given : [given];
    if (list.includes(true)) flags.add(name);
    const texts = list.filter((value) => typeof value === "string");
    if (texts.length > 1 && specs[name]?.multiple !== true) throw new UsageError(`--${name} was given twice`);
    if (texts.includes("")) throw new UsageError(`--${name} needs a value`);
    all.set(name, texts);
  }
  return {
    positionals,
    flag: (name) => flags.has(name),
    value: (name) => all.get(name)?.[0],
    values: (name) => all.get(name) ?? [],
  };
}

function parse(args: readonly string[], specs: OptionSpecs) {
  // Every option may come twice here, so that the second is not passed over in silence.
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [
      name,
      { type, multiple: true, ...(short === undefined ? {} : { short }) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // That is what it throws for wrong arguments; behind the first sentence is advice on how to write others.
    if (!(error instanceof TypeError)) throw error;
    const [first = error.message] = error.message.split(/\.\s|\n/, 1);
    const [, instead] = /starting with a dash use '([^']*)'/.exec(error.message) ?? [];
    const advice = instead === undefined ? "" : `: a value that begins with a dash is given as ${instead}`;
    throw new UsageError(`${first}${advice}`, { cause: error });
  }
}

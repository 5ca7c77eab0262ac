import { parseArgs } from "node:util";

interface Options {
  readonly [name: string]: { readonly type: "boolean" | "string" };
}

type Flags<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>["values"];

/**
 * The flags that a command of this repository was given. A wrong one ends it with exit code 2 before it has done
 * anything: passed over, a slip of the pen would start the longest run there is. `--help` ends it with `help`.
 *
 * @param help Its first line is the usage, with every flag there is.
 */
export function readFlags<const O extends Options>(help: string, options: O): Flags<O> {
  if (Deno.args.includes("--help")) {
    console.log(help);
    Deno.exit(0);
  }
  try {
    return parseArgs({ args: Deno.args, options }).values;
  } catch (error) {
    // That is what it throws for wrong arguments. Where there are more lines, they say how else to write them.
    if (!(error instanceof TypeError)) throw error;
    const [usage] = help.split("\n", 1);
    console.error(`${error.message.split(/\.\s|\n/, 1)[0]}; ${usage}`);
    Deno.exit(2);
  }
}

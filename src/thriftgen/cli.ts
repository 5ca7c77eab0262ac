import { IdlError } from "../idl/diagnostic.ts";
import { generate, type Generated } from "./generate.ts";
import { escapeHidden } from "../idl/hidden.ts";
import type { LibrarySpecifiers } from "./module_scope.ts";
import { join } from "../idl/path.ts";

/** All that the command line does to the world. */
export interface Host {
  /** The text of a file, or `undefined` where there is none. */
  read(path: string): string | undefined;
  /** Makes the folders that `path` needs, then writes the file. */
  write(path: string, text: string): void;
  /** Prints a line on stdout. */
  print(text: string): void;
  /** Prints a line on stderr. */
  complain(text: string): void;
}

const LIBRARY = "@ttstream/ttstream";

const HELP = `Turns Thrift IDLs into TypeScript modules for ${LIBRARY}.

Usage: deno run -RW jsr:${LIBRARY}/thriftgen --out DIR FILE.thrift...

For each FILE, and for each file that it includes, DIR/FILE.ts is written. It exports
  - an interface and a codec for each struct and union, an error class for each exception,
  - a constant for each constant and for the values of each enum,
  - a service for each service: methods with (streaming.mode="bidirectional"), "client" or
    "server" stream, the others are unary. What streams values that are no structs, which
    Kitex cannot send, is left out; stderr says so.
Files of the same name keep the folders that tell them apart.
Existing files are overwritten. Nothing is written when anything is wrong.

Options:
  --out DIR                  the folder to write to; it is made where there is none
  --import SPECIFIER         where the modules import the library from; default
                             ${LIBRARY}. A path to the library's mod.ts will do, too;
                             one that begins with ./ or ../ is meant from DIR
  --import-thrift SPECIFIER  where they import the struct codec from; default SPECIFIER/thrift
                             or, where that is a path to mod.ts, src/thrift/mod.ts beside it
  -I, --include DIR          where else to look for included files, after the folder of the
                             including file and the current one; may be given several times
  -h, --help                 print this

Exit codes: 0 done, 1 something is wrong with an IDL or a file, 2 wrong arguments.`;

interface Options {
  readonly out: string;
  readonly specifiers: LibrarySpecifiers;
  readonly includeDirs: readonly string[];
  readonly paths: readonly string[];
}

/** Wrong arguments. */
class UsageError extends Error {}

/**
 * Runs the command line.
 *
 * @param args Without the name of the program.
 * @returns The exit code.
 */
export function run(args: readonly string[], host: Host): number {
  try {
    const options = parseArguments(args);
    if (options === undefined) {
      host.print(HELP);
      return 0;
    }
    const generated = generate({
      paths: options.paths,
      read: host.read,
      includeDirs: options.includeDirs,
      specifiers: options.specifiers,
    });
    write(generated, options.out, host);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      host.complain(`thriftgen: ${error.message}\nTry --help.`);
      return 2;
    }
    if (!(error instanceof Error)) throw error;
    host.complain(error instanceof IdlError ? error.message : `thriftgen: ${escapeHidden(error.message)}`);
    return 1;
  }
}

function write({ files, notes }: Generated, out: string, host: Host): void {
  for (const { path, text } of files) host.write(join(out, path), text);
  for (const note of notes) host.complain(note);
}

/** The options, or `undefined` where help is asked for. */
function parseArguments(args: readonly string[]): Options | undefined {
  const paths: string[] = [];
  const includeDirs: string[] = [];
  let out: string | undefined;
  let main: string | undefined;
  let thrift: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (!arg.startsWith("-") || arg === "-") {
      paths.push(arg);
      continue;
    }
    if (arg === "--") {
      paths.push(...args.slice(at + 1));
      break;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const name = equals < 0 ? arg : arg.slice(0, equals);
    const value = (what: string): string => {
      const given = equals < 0 ? args[++at] : arg.slice(equals + 1);
      if (given === undefined || given === "") throw new UsageError(`${name} needs ${what}`);
      return given;
    };
    switch (name) {
      case "-h":
      case "--help":
        return undefined;
      case "--out":
        out = value("a folder");
        break;
      case "--import":
        main = value("a module specifier");
        break;
      case "--import-thrift":
        thrift = value("a module specifier");
        break;
      case "-I":
      case "--include":
        includeDirs.push(value("a folder"));
        break;
      default:
        throw new UsageError(`there is no option ${name}`);
    }
  }
  if (paths.length === 0) throw new UsageError("expected at least one FILE.thrift");
  if (out === undefined) throw new UsageError("expected --out DIR");
  return { out, includeDirs, paths, specifiers: librarySpecifiers(main, thrift) };
}

/** Where the modules import from: the codec's entry point follows from the main one, unless that is some other file. */
function librarySpecifiers(main = LIBRARY, thrift: string | undefined): LibrarySpecifiers {
  if (thrift !== undefined) return { main, thrift };
  if (main.endsWith("/mod.ts")) return { main, thrift: main.replace(/mod\.ts$/, "src/thrift/mod.ts") };
  if (/\.[cm]?[jt]sx?$/.test(main)) {
    throw new UsageError(`with --import ${main} there must be --import-thrift`);
  }
  return { main, thrift: `${main.replace(/\/$/, "")}/thrift` };
}

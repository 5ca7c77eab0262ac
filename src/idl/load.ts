import type { Definition, Document } from "./ast.ts";
import { type Diagnostic, IdlError } from "./diagnostic.ts";
import { parse } from "./parser.ts";
import { dirname, join, normalize, stem } from "./path.ts";
import { Source } from "./source.ts";

/** One IDL and what it includes. */
export interface Module {
  readonly path: string;
  readonly document: Document;
  /** What it includes, in order. */
  readonly includes: readonly IncludedModule[];
  /** Its definitions by name; of two with the same name the first. */
  readonly definitions: ReadonlyMap<string, Definition>;
}

export interface IncludedModule {
  /** What the names of the included IDL begin with, before the dot. */
  readonly prefix: string;
  readonly module: Module;
}

/** The text of a file, or `undefined` where there is none. */
export type ReadFile = (path: string) => string | undefined;

/**
 * Reads files and all that they include.
 *
 * @param paths The files named by the user.
 * @param includeDirs Where to look for what is not beside the file that includes it.
 * @returns Every file once, each after those that it includes.
 * @throws {IdlError} When a file does not parse, is not there, or includes itself.
 * @throws {Error} When one of `paths` is not there.
 */
export function load(
  paths: readonly string[],
  read: ReadFile,
  includeDirs: readonly string[] = [],
): Module[] {
  const loader = new Loader(read, includeDirs);
  for (const path of paths) loader.entry(normalize(path));
  return loader.finish();
}

class Loader {
  readonly #read: ReadFile;
  readonly #includeDirs: readonly string[];
  /** `undefined`: it did not parse, or is being read. */
  readonly #modules = new Map<string, Module | undefined>();
  readonly #open: string[] = [];
  readonly #diagnostics: Diagnostic[] = [];

  constructor(read: ReadFile, includeDirs: readonly string[]) {
    this.#read = read;
    this.#includeDirs = includeDirs;
  }

  entry(path: string): void {
    const text = this.#read(path);
    if (text === undefined) throw new Error(`${path}: no such file`);
    this.#load(path, text);
  }

  finish(): Module[] {
    if (this.#diagnostics.length > 0) throw new IdlError(this.#diagnostics);
    return [...this.#modules.values()].filter((module) => module !== undefined);
  }

  #load(path: string, text: string): Module | undefined {
    if (this.#modules.has(path)) return this.#modules.get(path);
    this.#open.push(path);
    const module = this.#parse(path, text);
    this.#open.pop();
    // Entered last, so that the map's order is the order of dependence.
    this.#modules.set(path, module);
    return module;
  }

  #parse(path: string, text: string): Module | undefined {
    let document: Document;
    try {
      document = parse(new Source(path, text));
    } catch (error) {
      if (!(error instanceof IdlError)) throw error;
      this.#diagnostics.push(...error.diagnostics);
      return undefined;
    }
    const includes: IncludedModule[] = [];
    for (const include of document.includes) {
      const complain = (message: string) =>
        this.#diagnostics.push({ source: document.source, offset: include.offset, message });
      // On Windows it would lead out of the folder of the output, too.
      if (include.path.includes("\\")) {
        complain(`expected / between the folders of an included file, found \\ in ${include.path}`);
        continue;
      }
      const found = this.#find(include.path, path);
      if (typeof found === "string") {
        complain(found);
        continue;
      }
      const cycle = this.#open.indexOf(found.path);
      if (cycle >= 0) {
        complain(`expected no cycle of includes: ${[...this.#open.slice(cycle), found.path].join(" -> ")}`);
        continue;
      }
      const module = this.#load(found.path, found.text);
      if (module !== undefined) includes.push({ prefix: stem(include.path), module });
    }
    const definitions = new Map<string, Definition>();
    for (const definition of document.definitions) {
      const name = definition.name.text;
      if (!definitions.has(name)) definitions.set(name, definition);
    }
    return { path, document, includes, definitions };
  }

  /** The included file, or what is wrong. */
  #find(include: string, from: string): { path: string; text: string } | string {
    const candidates = [dirname(from), ".", ...this.#includeDirs].map((directory) =>
      join(directory, include)
    );
    for (const path of new Set(candidates)) {
      const text = this.#read(path);
      if (text !== undefined) return { path, text };
    }
    return `expected a file: there is no ${[...new Set(candidates)].join(", ")}`;
  }
}

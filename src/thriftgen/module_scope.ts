import type { Definition, FunctionNode, StructDefinition } from "../idl/ast.ts";
import type { Module } from "../idl/load.ts";
import { Scope } from "./names.ts";
import { relativeSpecifier, stem } from "../idl/path.ts";
import { WIDTH } from "./layout.ts";
import { quote } from "./quote.ts";

/** Where generated modules import the library from. */
export interface LibrarySpecifiers {
  /** The main entry point. */
  readonly main: string;
  /** The struct codec. */
  readonly thrift: string;
}

/** What all modules of one run share: where each is written, and what its exports are called. */
export interface Outputs {
  /** The path of a module's file below the output folder. */
  path(module: Module): string;
  /** The name that a definition is exported by. */
  exportName(module: Module, definition: Definition): string;
  /** The name of the interface of an exception's fields, or of a method's arguments. */
  fieldsName(module: Module, node: StructDefinition | FunctionNode): string;
  /** The names that a module exports. */
  exportNames(module: Module): readonly string[];
}

type Library = "main" | "thrift";

/** The globals that modules use. */
const GLOBALS = ["Error", "Map", "Record", "Set", "Uint8Array"] as const;

type Global = typeof GLOBALS[number];

/** The names that one module uses and does not define: it writes the import statements for them. */
export class ModuleScope {
  readonly #module: Module;
  readonly #outputs: Outputs;
  readonly #scope = new Scope();
  readonly #library: Record<Library, Map<string, { local: string; type: boolean }>> = {
    main: new Map(),
    thrift: new Map(),
  };
  /** Other modules: the local name of each, and whether only types of it are used. */
  readonly #modules = new Map<Module, { local: string; type: boolean }>();

  constructor(module: Module, outputs: Outputs) {
    this.#module = module;
    this.#outputs = outputs;
    const exported = outputs.exportNames(module);
    for (const name of exported) this.#scope.add(name);
    // No import may hide them: an IDL can be called Map.thrift.
    for (const name of GLOBALS) if (!exported.includes(name)) this.#scope.addIdentifier(name);
  }

  /** A function or constant of the library. */
  value(library: Library, name: string): string {
    return this.#import(library, name, false);
  }

  /** A type of the library. */
  type(library: Library, name: string): string {
    return this.#import(library, name, true);
  }

  #import(library: Library, name: string, type: boolean): string {
    const known = this.#library[library].get(name);
    if (known !== undefined) return known.local;
    const local = this.#scope.addIdentifier(name);
    this.#library[library].set(name, { local, type });
    return local;
  }

  /** A global such as `Map`, which a definition of the IDL may hide. */
  global(name: Global): string {
    return this.#outputs.exportNames(this.#module).includes(name) ? `globalThis.${name}` : name;
  }

  /** An export of this or of another module. */
  export(module: Module, definition: Definition, use: "type" | "value"): string {
    return this.#exported(module, this.#outputs.exportName(module, definition), use);
  }

  /** The interface of an exception's fields, or of a method's arguments. */
  fields(module: Module, node: StructDefinition | FunctionNode): string {
    return this.#exported(module, this.#outputs.fieldsName(module, node), "type");
  }

  #exported(module: Module, name: string, use: "type" | "value"): string {
    if (module === this.#module) return name;
    let imported = this.#modules.get(module);
    if (imported === undefined) {
      imported = { local: this.#scope.add(stem(module.path)), type: true };
      this.#modules.set(module, imported);
    }
    if (use === "value") imported.type = false;
    return `${imported.local}.${name}`;
  }

  /** How this module imports another one. */
  specifier(module: Module): string {
    return relativeSpecifier(this.#outputs.path(this.#module), this.#outputs.path(module));
  }

  /** The import statements for all that has been named. */
  imports(specifiers: LibrarySpecifiers): string {
    const own = this.#outputs.path(this.#module);
    const statements: string[] = [];
    for (const library of ["main", "thrift"] as const) {
      const names = this.#library[library];
      // A relative specifier is meant from the output folder.
      const given = specifiers[library];
      const specifier = /^\.\.?\//.test(given) ? up(own) + given : given;
      statements.push(...importStatements(names, specifier.replace(/^((?:\.\.\/)+)\.\//, "$1")));
    }
    for (const [module, { local, type }] of this.#modules) {
      statements.push(
        `import${type ? " type" : ""} * as ${local} from ${quote(this.specifier(module))};\n`,
      );
    }
    return statements.join("");
  }
}

function up(path: string): string {
  return "../".repeat(path.split("/").length - 1);
}

/** Up to this width formatters are set to here and there. */
const WIDEST = 120;

/**
 * Imports of one module in lines that `deno fmt` leaves alone at its own width and at wider ones. It joins the names
 * of a broken import where they fit a line: a list that would fit wider lines only is divided among statements.
 */
function importStatements(
  names: ReadonlyMap<string, { local: string; type: boolean }>,
  specifier: string,
): string[] {
  const sorted = [...names].sort(([a], [b]) => compare(a.toLowerCase(), b.toLowerCase()));
  const from = `from ${quote(specifier)};\n`;
  const spell = ([name, { local }]: typeof sorted[number]) => name === local ? name : `${name} as ${local}`;
  const types = sorted.filter(([, { type }]) => type).map(spell);
  const values = sorted.filter(([, { type }]) => !type).map(spell);
  if (values.length === 0) return divide("import type", types, from);
  const all = sorted.map((entry) => (entry[1].type ? "type " : "") + spell(entry));
  const line = `import { ${all.join(", ")} } ${from}`;
  if (line.length - 1 <= WIDTH) return [line];
  if (line.length - 1 > WIDEST) return [`import {\n${all.map((name) => `  ${name},\n`).join("")}} ${from}`];
  return [...divide("import type", types, from), ...divide("import", values, from)];
}

function divide(keyword: string, names: readonly string[], from: string): string[] {
  const statements: string[][] = [];
  const spell = (line: readonly string[]) => `${keyword} { ${line.join(", ")} } ${from}`;
  for (const name of names) {
    const line = statements.at(-1);
    if (line !== undefined && spell([...line, name]).length - 1 <= WIDTH) line.push(name);
    else statements.push([name]);
  }
  return statements.map(spell);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

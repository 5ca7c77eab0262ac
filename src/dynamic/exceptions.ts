import type { StructDefinition } from "../idl/ast.ts";
import type { Module } from "../idl/load.ts";
import { stem } from "../idl/path.ts";
import { ExceptionKind } from "./exception.ts";
import type { JsonOptions } from "./json_options.ts";
import type { Types } from "./types.ts";

/** The exceptions that a service's methods declare. */
export class Exceptions {
  readonly #types: Types;
  readonly #options: JsonOptions;
  readonly #kinds = new Map<StructDefinition, ExceptionKind>();
  /** By their names, alone and after that of their file; `undefined` where two have the same. */
  readonly #names = new Map<string, ExceptionKind | undefined>();

  constructor(types: Types, options: JsonOptions) {
    this.#types = types;
    this.#options = options;
  }

  /** The one that a definition stands for, made when a method first declares it. */
  kind(module: Module, definition: StructDefinition): ExceptionKind {
    const known = this.#kinds.get(definition);
    if (known !== undefined) return known;
    const kind = new ExceptionKind(this.#types.struct(module, definition), this.#options);
    this.#kinds.set(definition, kind);
    const name = definition.name.text;
    for (const key of [name, `${stem(module.path)}.${name}`]) {
      this.#names.set(key, this.#names.has(key) ? undefined : kind);
    }
    return kind;
  }

  /** The one of a name. */
  find(name: string): ExceptionKind | undefined {
    return this.#names.get(name);
  }

  /** The names that tell one from the others. */
  names(): string[] {
    return [...this.#names].filter(([name, kind]) =>
      kind !== undefined && (!name.includes(".") || this.#names.get(name.replace(/^.*\./, "")) === undefined)
    ).map(([name]) => name);
  }
}

import type { Definition, FieldNode, FunctionNode, StructDefinition } from "../idl/ast.ts";
import { check } from "../idl/check.ts";
import { IdlError } from "../idl/diagnostic.ts";
import { emitModule } from "./emit.ts";
import { escapeHidden } from "../idl/hidden.ts";
import { load, type Module, type ReadFile } from "../idl/load.ts";
import { hasSeveralArguments, serviceMethods } from "../idl/methods.ts";
import type { LibrarySpecifiers, Outputs } from "./module_scope.ts";
import { pascalCase, Scope } from "./names.ts";
import { outputPaths } from "./output_paths.ts";
import { Resolver } from "../idl/resolve.ts";

import { Evaluator } from "../idl/value.ts";

/** What {@linkcode generate} needs to know. */
export interface GenerateOptions {
  /** The IDLs to start from. */
  readonly paths: readonly string[];
  /** Reads these and what they include. */
  readonly read: ReadFile;
  /** Where else to look for included files. */
  readonly includeDirs?: readonly string[] | undefined;
  /** Where the generated modules import the library from. */
  readonly specifiers: LibrarySpecifiers;
}

/** What {@linkcode generate} has made. */
export interface Generated {
  /** The modules: paths below the output folder, and texts. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** What the user should know: a method that was left out. */
  readonly notes: readonly string[];
}

/**
 * Turns IDLs, and what they include, into TypeScript modules.
 *
 * @throws {IdlError} When anything is wrong with them.
 * @throws {Error} When one of `paths` is not there.
 */
export function generate({ paths, read, includeDirs, specifiers }: GenerateOptions): Generated {
  const modules = load(paths, read, includeDirs);
  const resolver = new Resolver();
  const evaluator = new Evaluator(resolver);
  for (const module of modules) check(module, resolver, evaluator);
  if (resolver.diagnostics.length > 0) throw new IdlError(resolver.diagnostics);
  const outputs = makeOutputs(modules);
  const context = { resolver, evaluator, outputs, specifiers };
  const files = modules.map((module) => ({ path: outputs.path(module), text: emitModule(module, context) }));
  return { files, notes: modules.flatMap((module) => omissions(module, resolver)) };
}

function makeOutputs(modules: readonly Module[]): Outputs {
  const paths = outputPaths(modules.map(({ path }) => path));
  const names = new Map<NamedNode, string>();
  const exported = new Map<Module, string[]>();
  for (const module of modules) {
    const scope = new Scope();
    const { definitions } = module.document;
    for (const definition of definitions) names.set(definition, scope.add(definition.name.text));
    const own = definitions.map((definition) => names.get(definition) ?? "");
    // Names that the IDL does not have come last: they give way.
    for (const [node, name] of definitions.flatMap(addedNames)) {
      const added = scope.add(name);
      names.set(node, added);
      own.push(added);
    }
    exported.set(module, own);
  }
  return {
    path: (module) => paths.get(module.path) ?? "",
    exportName: (_module, definition) => names.get(definition) ?? "",
    fieldsName: (_module, node) => names.get(fieldsOf(node)) ?? "",
    exportNames: (module) => exported.get(module) ?? [],
  };
}

/** What has a name among the exports of a module: definitions, and the fields of exceptions and methods. */
type NamedNode = Definition | readonly FieldNode[];

/** The interfaces of what has none by its own name: of exceptions, which are classes, and of several arguments. */
function addedNames(definition: Definition): [readonly FieldNode[], string][] {
  if (definition.kind === "struct" && definition.category === "exception") {
    return [[definition.fields, `${definition.name.text}Fields`]];
  }
  if (definition.kind !== "service") return [];
  return definition.functions.filter(hasSeveralArguments).map((node) => [
    node.parameters,
    `${definition.name.text}${pascalCase(node.name.text)}Args`,
  ]);
}

function fieldsOf(node: StructDefinition | FunctionNode): readonly FieldNode[] {
  return "parameters" in node ? node.parameters : node.fields;
}

function omissions(module: Module, resolver: Resolver): string[] {
  const { source, definitions } = module.document;
  return definitions.flatMap((definition) => {
    if (definition.kind !== "service") return [];
    const own = new Set(definition.functions);
    return serviceMethods(resolver, module, definition).omitted.filter(({ node }) => own.has(node)).map(
      ({ node, reason }) => {
        const { line, column } = source.position(node.name.offset);
        const name = `${definition.name.text}.${node.name.text}`;
        return `${escapeHidden(source.path)}:${line}:${column}: note: ${name} is left out, because ${reason}`;
      },
    );
  });
}

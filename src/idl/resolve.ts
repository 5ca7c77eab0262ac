import type {
  ConstDefinition,
  Definition,
  EnumDefinition,
  ServiceDefinition,
  TypedefDefinition,
  TypeNode,
} from "./ast.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Module } from "./load.ts";
import type { Type } from "./model.ts";

/** What a name in a value stands for. */
export type Referent =
  | { readonly kind: "constant"; readonly module: Module; readonly definition: ConstDefinition }
  | {
    readonly kind: "member";
    readonly module: Module;
    readonly definition: EnumDefinition;
    readonly member: string;
  };

/**
 * Looks names up as thriftgo does (its `semantic` package): a name without a dot is of the same file, one with a dot
 * of the included file whose name comes before it.
 */
export class Resolver {
  readonly diagnostics: Diagnostic[] = [];
  /** `undefined`: it is wrong, and that has been said. */
  readonly #types = new Map<TypeNode, Type | undefined>();
  readonly #typedefs = new Map<TypedefDefinition, Type | undefined>();
  readonly #openTypedefs = new Set<TypedefDefinition>();

  report(module: Module, offset: number, message: string): void {
    this.diagnostics.push({ source: module.document.source, offset, message });
  }

  /** The type that `node` of `module` means; what is wrong with it is reported once. */
  type(module: Module, node: TypeNode): Type | undefined {
    if (this.#types.has(node)) return this.#types.get(node);
    const type = this.#resolve(module, node);
    this.#types.set(node, type);
    return type;
  }

  #resolve(module: Module, node: TypeNode): Type | undefined {
    switch (node.kind) {
      case "base":
        return { kind: node.base };
      case "list":
      case "set": {
        const element = this.type(module, node.element);
        return element && { kind: node.kind, element };
      }
      case "map": {
        const key = this.type(module, node.key);
        const value = this.type(module, node.value);
        return key && value && { kind: "map", key, value };
      }
      case "named":
        return this.#named(module, node.name, node.offset);
    }
  }

  #named(module: Module, name: string, offset: number): Type | undefined {
    const found = this.#find(module, name, isType);
    if (found === undefined) {
      const other = module.definitions.get(name);
      this.report(
        module,
        offset,
        other === undefined ? undefinedType(name) : `expected a type: ${name} is a ${other.kind}`,
      );
      return undefined;
    }
    const { definition } = found;
    switch (definition.kind) {
      case "enum":
        return { kind: "enum", module: found.module, definition };
      case "struct":
        return { kind: "struct", module: found.module, definition };
      case "typedef": {
        const type = this.#typedef(found.module, definition, module, offset);
        return type && { ...type, alias: { module: found.module, definition } };
      }
    }
  }

  /** What a typedef stands for, with `alias` being the next typedef on the way where there is one. */
  #typedef(home: Module, definition: TypedefDefinition, from: Module, offset: number): Type | undefined {
    if (this.#typedefs.has(definition)) return this.#typedefs.get(definition);
    if (this.#openTypedefs.has(definition)) {
      this.report(from, offset, `expected a type that is not made of itself: ${definition.name.text}`);
      return undefined;
    }
    this.#openTypedefs.add(definition);
    const type = this.type(home, definition.type);
    this.#openTypedefs.delete(definition);
    this.#typedefs.set(definition, type);
    return type;
  }

  /** The service that `name` means in `module`. */
  service(module: Module, name: string): { module: Module; definition: ServiceDefinition } | undefined {
    return this.#find(module, name, isService);
  }

  /** All that `name` may mean as a value; thriftgo wants exactly one. */
  referents(module: Module, name: string): Referent[] {
    const dot = name.lastIndexOf(".");
    if (dot < 0) {
      const found = this.#find(module, name, isConstant);
      return found === undefined ? [] : [{ kind: "constant", ...found }];
    }
    const [owner, member] = [name.slice(0, dot), name.slice(dot + 1)];
    const referents = this.#members(module, owner, member);
    for (const { prefix, module: included } of module.includes) {
      if (prefix === owner) {
        const definition = included.definitions.get(member);
        if (definition?.kind === "const") referents.push({ kind: "constant", module: included, definition });
      }
      const middle = owner.lastIndexOf(".");
      if (middle >= 0 && prefix === owner.slice(0, middle)) {
        referents.push(...this.#members(included, owner.slice(middle + 1), member));
      }
    }
    return referents;
  }

  #members(module: Module, name: string, member: string): Referent[] {
    const definition = module.definitions.get(name);
    let found: { module: Module; definition: EnumDefinition } | undefined;
    if (definition?.kind === "enum") found = { module, definition };
    else if (definition?.kind === "typedef") {
      const type = this.type(module, definition.type);
      if (type?.kind === "enum") found = type;
    }
    return found?.definition.members.some(({ name }) => name.text === member)
      ? [{ kind: "member", module: found.module, definition: found.definition, member }]
      : [];
  }

  #find<D extends Definition>(
    module: Module,
    name: string,
    is: (definition: Definition) => definition is D,
  ): { module: Module; definition: D } | undefined {
    const dot = name.lastIndexOf(".");
    if (dot < 0) {
      const definition = module.definitions.get(name);
      return definition !== undefined && is(definition) ? { module, definition } : undefined;
    }
    for (const { prefix, module: included } of module.includes) {
      if (prefix !== name.slice(0, dot)) continue;
      const definition = included.definitions.get(name.slice(dot + 1));
      if (definition !== undefined && is(definition)) return { module: included, definition };
    }
    return undefined;
  }
}

function undefinedType(name: string): string {
  if (name === "uuid") return "expected a type: Kitex's Thrift has no `uuid`";
  if (name === "slist") return "expected a type: there is no `slist`, it was a `string`";
  return `expected a type: ${name} is not defined`;
}

function isType(
  definition: Definition,
): definition is Exclude<Definition, ConstDefinition | ServiceDefinition> {
  return definition.kind !== "const" && definition.kind !== "service";
}

function isConstant(definition: Definition): definition is ConstDefinition {
  return definition.kind === "const";
}

function isService(definition: Definition): definition is ServiceDefinition {
  return definition.kind === "service";
}

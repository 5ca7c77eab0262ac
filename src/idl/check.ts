import type { EnumDefinition, FieldNode, FunctionNode, Name, ServiceDefinition } from "./ast.ts";
import type { Module } from "./load.ts";
import { typeName } from "./model.ts";
import type { Resolver } from "./resolve.ts";
import { streamingMode } from "./streaming.ts";
import type { Evaluator } from "./value.ts";

/**
 * Checks all that thriftgo checks (its `semantic` package and its Go generator), and what would end in Go code that
 * does not compile: integers that do not fit, ids of more than 16 bits, constants made of themselves.
 */
export function check(module: Module, resolver: Resolver, evaluator: Evaluator): void {
  const { definitions } = module.document;
  unique(module, resolver, definitions.map(({ name }) => name), "name in this file");
  for (const definition of definitions) {
    switch (definition.kind) {
      case "const":
        evaluator.constant(module, definition);
        break;
      case "typedef":
        resolver.type(module, definition.type);
        break;
      case "enum":
        checkEnum(module, resolver, definition);
        break;
      case "struct":
        checkFields(module, resolver, definition.fields);
        for (const field of definition.fields) {
          resolver.type(module, field.type);
          evaluator.default(module, field);
        }
        break;
      case "service":
        checkService(module, resolver, evaluator, definition);
        break;
    }
  }
}

function checkEnum(module: Module, resolver: Resolver, definition: EnumDefinition): void {
  unique(module, resolver, definition.members.map(({ name }) => name), `value of ${definition.name.text}`);
  const names = new Map<bigint, string>();
  for (const { name, value, valueOffset } of definition.members) {
    const other = names.get(value);
    if (BigInt.asIntN(32, value) !== value) {
      resolver.report(module, valueOffset, `expected an integer of 32 bits, found ${value}`);
    } else if (other !== undefined && other !== name.text) {
      resolver.report(module, valueOffset, `expected another value than ${value}, which ${other} has`);
    }
    names.set(value, name.text);
  }
}

function checkFields(
  module: Module,
  resolver: Resolver,
  fields: readonly FieldNode[],
  what = "field",
): void {
  unique(module, resolver, fields.map(({ name }) => name), what);
  const names = new Map<number, string>();
  for (const { id, idOffset, name } of fields) {
    const other = names.get(id);
    if ((id << 16) >> 16 !== id) {
      resolver.report(module, idOffset, `expected a field id of 16 bits, found ${id}`);
    } else if (other !== undefined) {
      resolver.report(module, idOffset, `expected another field id than ${id}, which ${other} has`);
    }
    names.set(id, name.text);
  }
}

function checkService(
  module: Module,
  resolver: Resolver,
  evaluator: Evaluator,
  service: ServiceDefinition,
): void {
  const { parent, functions } = service;
  if (parent !== undefined) checkParent(module, resolver, service, parent);
  unique(module, resolver, functions.map(({ name }) => name), `method of ${service.name.text}`);
  for (const node of functions) checkFunction(module, resolver, evaluator, node);
}

function checkParent(module: Module, resolver: Resolver, service: ServiceDefinition, parent: Name): void {
  const found = resolver.service(module, parent.text);
  if (found === undefined) {
    resolver.report(module, parent.offset, `expected a service: ${parent.text} is not defined`);
    return;
  }
  const seen = new Set([service]);
  let next: typeof found | undefined = found;
  while (next !== undefined) {
    if (seen.has(next.definition)) {
      resolver.report(
        module,
        parent.offset,
        `expected a service that does not extend itself: ${parent.text}`,
      );
      return;
    }
    seen.add(next.definition);
    const { parent: ancestor }: ServiceDefinition = next.definition;
    next = ancestor && resolver.service(next.module, ancestor.text);
  }
}

function checkFunction(module: Module, resolver: Resolver, evaluator: Evaluator, node: FunctionNode): void {
  const { name, oneway, result, parameters, throws } = node;
  if (oneway && result !== undefined) {
    resolver.report(module, result.offset, `expected \`void\`: ${name.text} is oneway`);
  }
  const [thrown] = throws;
  if (oneway && thrown !== undefined) {
    resolver.report(module, thrown.name.offset, `expected no exceptions: ${name.text} is oneway`);
  }
  if (result !== undefined) resolver.type(module, result);
  checkFields(module, resolver, parameters, `argument of ${name.text}`);
  checkFields(module, resolver, throws, `exception of ${name.text}`);
  for (const field of [...parameters, ...throws]) {
    resolver.type(module, field.type);
    evaluator.default(module, field);
  }
  for (const field of throws) checkThrown(module, resolver, field);
  streamingMode(resolver, module, node);
}

/** In Go a struct that is no exception is no error either. */
function checkThrown(module: Module, resolver: Resolver, { type: node, id, idOffset }: FieldNode): void {
  const type = resolver.type(module, node);
  if (type !== undefined && !(type.kind === "struct" && type.definition.category === "exception")) {
    resolver.report(module, node.offset, `expected an exception, found ${typeName(type)}`);
  }
  if (id === 0) resolver.report(module, idOffset, "expected another id than 0, which is that of the result");
}

function unique(module: Module, resolver: Resolver, names: readonly Name[], what: string): void {
  const seen = new Map<string, Name>();
  for (const name of names) {
    const first = seen.get(name.text);
    if (first === undefined) {
      seen.set(name.text, name);
      continue;
    }
    const { line } = module.document.source.position(first.offset);
    resolver.report(module, name.offset, `expected another ${what}: ${name.text} is on line ${line} already`);
  }
}

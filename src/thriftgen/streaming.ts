import type { FunctionNode, ServiceDefinition } from "./ast.ts";
import type { Module } from "./load.ts";
import type { Type } from "./model.ts";
import type { Resolver } from "./resolve.ts";

/** The words of the annotation `streaming.mode` for methods that stream. */
export type StreamingKind = "bidirectional" | "client" | "server";

export type StructType = Type & { readonly kind: "struct" };

/** A method that streams. */
export interface StreamingMethod {
  readonly kind: StreamingKind;
  readonly node: FunctionNode;
  readonly request: StructType;
  readonly response: StructType;
}

/** A method that is left out of its service, and why: `it does not stream`. */
export interface OmittedMethod {
  readonly node: FunctionNode;
  readonly reason: string;
}

export interface ServiceMethods {
  readonly streaming: readonly StreamingMethod[];
  readonly omitted: readonly OmittedMethod[];
}

const MODE = "streaming.mode";

/**
 * The annotation `streaming.mode` of a method as thriftgo reads it (its `generator/golang/streaming`): at most once,
 * and with one of four words; such a method takes one argument.
 */
export function streamingMode(
  resolver: Resolver,
  module: Module,
  node: FunctionNode,
): StreamingKind | "unary" | undefined {
  const [annotation, again] = node.annotations.filter(({ key }) => key === MODE);
  if (annotation === undefined) return undefined;
  const { value, offset } = annotation;
  if (again !== undefined) {
    resolver.report(module, again.offset, `expected ${MODE} once for a method`);
    return undefined;
  }
  if (value !== "bidirectional" && value !== "client" && value !== "server" && value !== "unary") {
    resolver.report(
      module,
      offset,
      `expected "bidirectional", "client", "server" or "unary", found "${value}"`,
    );
    return undefined;
  }
  const { length } = node.parameters;
  if (length !== 1) {
    const message =
      `expected exactly one argument of the streaming method ${node.name.text}, found ${length}`;
    resolver.report(module, node.parameters[1]?.name.offset ?? node.name.offset, message);
    return undefined;
  }
  return value;
}

/** The methods of a service and of those it extends, the inherited ones first; its own ones stand in for them. */
export function serviceMethods(
  resolver: Resolver,
  module: Module,
  service: ServiceDefinition,
): ServiceMethods {
  const streaming = new Map<string, StreamingMethod>();
  const omitted = new Map<string, OmittedMethod>();
  for (const { home, definition } of lineage(resolver, module, service)) {
    for (const node of definition.functions) {
      const name = node.name.text;
      streaming.delete(name);
      omitted.delete(name);
      const method = streamingMethod(resolver, home, node);
      if (typeof method === "string") omitted.set(name, { node, reason: method });
      else streaming.set(name, method);
    }
  }
  return { streaming: [...streaming.values()], omitted: [...omitted.values()] };
}

/** The service and those it extends, the outermost ancestor first; a service that extends itself ends it. */
function lineage(
  resolver: Resolver,
  module: Module,
  service: ServiceDefinition,
): { home: Module; definition: ServiceDefinition }[] {
  const services: { home: Module; definition: ServiceDefinition }[] = [];
  let next: { module: Module; definition: ServiceDefinition } | undefined = { module, definition: service };
  while (next !== undefined && !services.some(({ definition }) => definition === next?.definition)) {
    services.unshift({ home: next.module, definition: next.definition });
    const { parent }: ServiceDefinition = next.definition;
    next = parent && resolver.service(next.module, parent.text);
  }
  return services;
}

/** The method, or why it is left out. */
function streamingMethod(resolver: Resolver, module: Module, node: FunctionNode): StreamingMethod | string {
  // Kitex's own generator (tool/internal_pkg/pluginmode/thriftgo/convertor.go) passes over them.
  if (node.name.text.startsWith("_")) return "Kitex passes over names that begin with an underscore";
  const kind = streamingMode(resolver, module, node);
  if (kind === undefined || kind === "unary") return "it does not stream";
  const [parameter] = node.parameters;
  const request = parameter && resolver.type(module, parameter.type);
  const response = node.result && resolver.type(module, node.result);
  if (request?.kind !== "struct" || response?.kind !== "struct") {
    return "it streams values that are no structs, which Kitex cannot send";
  }
  return { kind, node, request, response };
}

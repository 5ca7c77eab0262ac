import type { FieldNode, FunctionNode, ServiceDefinition } from "./ast.ts";
import type { Module } from "./load.ts";
import type { Type } from "./model.ts";
import { hasZero } from "./requiredness.ts";
import type { Resolver } from "./resolve.ts";
import { type StreamingKind, streamingMode } from "./streaming.ts";

export type StructType = Type & { readonly kind: "struct" };

/** A method that streams. */
export interface StreamingMethod {
  readonly kind: StreamingKind;
  readonly node: FunctionNode;
  readonly request: StructType;
  readonly response: StructType;
}

/** A method with one request and at most one response. */
export interface UnaryMethod {
  readonly kind: "unary";
  readonly node: FunctionNode;
  /** The file that the method is defined in. */
  readonly home: Module;
  readonly service: ServiceDefinition;
  readonly parameters: readonly Parameter[];
  /** `undefined` for `void`. */
  readonly result: Type | undefined;
  readonly throws: readonly { readonly field: FieldNode; readonly type: StructType }[];
}

/** An argument of a unary method. */
export interface Parameter {
  readonly field: FieldNode;
  readonly type: Type;
  readonly requiredness: FieldNode["requiredness"];
}

/** Whether the request is an object of arguments. */
export function hasSeveralArguments({ parameters }: FunctionNode): boolean {
  return parameters.length > 1;
}

export type ServiceMethod = StreamingMethod | UnaryMethod;

/** A method that is left out of its service, and why. */
export interface OmittedMethod {
  readonly node: FunctionNode;
  readonly reason: string;
}

export interface ServiceMethods {
  readonly methods: readonly ServiceMethod[];
  readonly omitted: readonly OmittedMethod[];
}

/** The methods of a service and of those it extends, the inherited ones first; its own ones stand in for them. */
export function serviceMethods(
  resolver: Resolver,
  module: Module,
  service: ServiceDefinition,
): ServiceMethods {
  const methods = new Map<string, ServiceMethod>();
  const omitted = new Map<string, OmittedMethod>();
  for (const { home, definition } of lineage(resolver, module, service)) {
    for (const node of definition.functions) {
      const name = node.name.text;
      methods.delete(name);
      omitted.delete(name);
      const method = serviceMethod(resolver, home, definition, node);
      if (typeof method === "string") omitted.set(name, { node, reason: method });
      else methods.set(name, method);
    }
  }
  return { methods: [...methods.values()], omitted: [...omitted.values()] };
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
function serviceMethod(
  resolver: Resolver,
  home: Module,
  service: ServiceDefinition,
  node: FunctionNode,
): ServiceMethod | string {
  const kind = streamingMode(resolver, home, node);
  if (kind === undefined || kind === "unary") return unaryMethod(resolver, home, service, node);
  const [parameter] = node.parameters;
  const request = parameter && resolver.type(home, parameter.type);
  const response = node.result && resolver.type(home, node.result);
  if (request?.kind !== "struct" || response?.kind !== "struct") {
    return "it streams values that are no structs, which Kitex cannot send";
  }
  return { kind, node, request, response };
}

function unaryMethod(
  resolver: Resolver,
  home: Module,
  service: ServiceDefinition,
  node: FunctionNode,
): UnaryMethod {
  const parameters = node.parameters.flatMap((field): Parameter[] => {
    const type = resolver.type(home, field.type);
    return type === undefined
      ? []
      : [{ field, type, requiredness: parameterRequiredness(resolver, node, field, type) }];
  });
  const throws = node.throws.flatMap((field) => {
    const type = resolver.type(home, field.type);
    return type?.kind === "struct" ? [{ field, type }] : [];
  });
  const result = node.result && resolver.type(home, node.result);
  return { kind: "unary", node, home, service, parameters, result, throws };
}

/**
 * thriftgo passes over `optional` for an argument. One without a zero value may be left out as a field may, unless it
 * is the only one: then it is the request.
 */
function parameterRequiredness(
  resolver: Resolver,
  { parameters }: FunctionNode,
  field: FieldNode,
  type: Type,
): FieldNode["requiredness"] {
  if (field.requiredness === "required") return "required";
  if (field.value !== undefined || hasZero(resolver, type)) return "default";
  return parameters.length === 1 ? "required" : "optional";
}

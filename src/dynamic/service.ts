import type { JsonValue } from "../core/json.ts";
import {
  type AnyMethods,
  defineService,
  type Method,
  type MethodKind,
  type Service,
} from "../core/service.ts";
import type { ServiceDefinition } from "../idl/ast.ts";
import type { Module } from "../idl/load.ts";
import { type ServiceMethod, serviceMethods, type UnaryMethod } from "../idl/methods.ts";
import type { Resolver } from "../idl/resolve.ts";
import { argsCodec, resultCodec } from "../thrift/mod.ts";
import type { DynamicException } from "./exception.ts";
import { Exceptions } from "./exceptions.ts";
import { JsonCodec } from "./json_codec.ts";
import type { JsonOptions } from "./json_options.ts";
import type { Types } from "./types.ts";
import { structOf } from "./value.ts";

/** A method whose messages are JSON. */
export type DynamicMethod<K extends MethodKind = MethodKind> = Method<K, JsonValue, JsonValue>;

/** The kinds of methods by their names: `{ Ask: "server", Add: "unary" }`. */
export type MethodKinds = { readonly [name: string]: MethodKind };

/** Methods of these kinds. */
export type DynamicMethods<Kinds extends MethodKinds = MethodKinds> = {
  readonly [N in keyof Kinds]: DynamicMethod<Kinds[N]>;
};

/** A service made of an IDL at run time. */
export interface DynamicService<M extends AnyMethods = DynamicMethods> extends Service<M> {
  /**
   * An exception that one of the methods declares, for a handler to throw.
   *
   * @param name Its name in the IDL; where several files have one of that name, as `file.Name` with the file it is in.
   * @param fields Its fields as JSON.
   * @throws {TypeError} When no method declares it.
   * @throws {ThriftError} When the fields are not those of the exception.
   */
  exception(name: string, fields?: { readonly [name: string]: JsonValue }): DynamicException;
}

/** What services are made with. */
export interface ServiceContext {
  readonly resolver: Resolver;
  readonly types: Types;
  readonly options: JsonOptions;
}

/** Makes the service of a definition. */
export function makeService(
  module: Module,
  definition: ServiceDefinition,
  context: ServiceContext,
): DynamicService {
  const name = definition.name.text;
  const exceptions = new Exceptions(context.types, context.options);
  const { methods } = serviceMethods(context.resolver, module, definition);
  const entries = methods.map((method) => {
    const wireName = method.node.name.text;
    const property = propertyOf(wireName);
    const made = makeMethod(method, context, exceptions);
    return [property, property === wireName ? made : { ...made, name: wireName }] as const;
  });
  const service = defineService(name, Object.fromEntries(entries));
  return {
    ...service,
    exception(exceptionName, fields = {}) {
      const kind = exceptions.find(exceptionName);
      if (kind === undefined) {
        throw new TypeError(
          `no method of ${name} throws ${exceptionName}, only ${exceptions.names().join(", ") || "nothing"}`,
        );
      }
      return kind.create(fields);
    },
  };
}

/** The names that would make of a client a promise, or give it another prototype, get an underscore. */
function propertyOf(name: string): string {
  return /^(?:then|__proto__)_*$/.test(name) ? `${name}_` : name;
}

function makeMethod(method: ServiceMethod, context: ServiceContext, exceptions: Exceptions): DynamicMethod {
  const { types, options } = context;
  if (method.kind === "unary") return makeUnary(method, context, exceptions);
  const [request, response] = [method.request, method.response].map(({ module, definition }) =>
    new JsonCodec(types.struct(module, definition), options)
  );
  if (request === undefined || response === undefined) throw new TypeError("a method has two messages");
  return { kind: method.kind, request, response };
}

function makeUnary(
  { node, home, parameters, result, throws }: UnaryMethod,
  { types, options }: ServiceContext,
  exceptions: Exceptions,
): DynamicMethod {
  const name = node.name.text;
  const requiredness = new Map(parameters.map(({ field, requiredness }) => [field, requiredness]));
  const fields = types.fields(
    home,
    structOf({ fields: node.parameters }),
    (field) => requiredness.get(field) ?? field.requiredness,
  );
  const kinds = throws.map(({ field, type }) => ({
    field,
    kind: exceptions.kind(type.module, type.definition),
  }));
  const thrown = Object.fromEntries(kinds.map(({ field, kind }) => [field.name.text, kind.thrown(field.id)]));
  const response = result === undefined
    ? resultCodec(name, undefined, thrown)
    : resultCodec(name, types.of(result), thrown);
  return {
    kind: "unary",
    request: new JsonCodec(argsCodec(name, fields), options),
    response: new JsonCodec(response, options),
    throws: kinds.map(({ kind }) => kind.class),
    oneway: node.oneway,
  };
}

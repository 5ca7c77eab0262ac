import type { DynamicService } from "../dynamic/mod.ts";
import type { ServiceDefinition } from "../idl/ast.ts";
import { load, type Module } from "../idl/load.ts";
import { type ServiceMethod, serviceMethods } from "../idl/methods.ts";
import { Resolver } from "../idl/resolve.ts";
import { servicesOf } from "../cli/idl.ts";
import type { CallableMethod, CallableService, Catalog } from "./catalog.ts";
import { signatureOf, wantsOf } from "./idl_signature.ts";

/**
 * The services of IDLs.
 *
 * @param read The text of a file, or `undefined` where there is none.
 * @throws {IdlError} What is wrong with an IDL, with its place.
 * @throws {Error} When a file is not there, or may not be read.
 */
export function idlCatalog(
  idls: readonly string[],
  includeDirs: readonly string[],
  read: (path: string) => string | undefined,
): Catalog {
  const dynamic = servicesOf(idls, includeDirs);
  const services = new Map<string, CallableService>();
  for (const idl of idls) {
    const module = load([idl], read, includeDirs).at(-1);
    for (const definition of module?.document.definitions ?? []) {
      const service = definition.kind === "service" ? dynamic.get(definition.name.text) : undefined;
      if (module === undefined || definition.kind !== "service" || service === undefined) continue;
      if (!services.has(service.name)) services.set(service.name, serviceOf(module, definition, service));
    }
  }
  return {
    names: () => Promise.resolve([...services.keys()]),
    find: (name) => Promise.resolve(services.get(name)),
  };
}

function serviceOf(module: Module, definition: ServiceDefinition, service: DynamicService): CallableService {
  const described = new Map(
    serviceMethods(new Resolver(), module, definition).methods.map((
      method,
    ) => [method.node.name.text, method]),
  );
  const methods = Object.entries(service.methods).flatMap(([property, method]): CallableMethod[] => {
    const name = method.name ?? property;
    const description = described.get(name);
    return description === undefined ? [] : [{ name, method, ...describe(description) }];
  });
  return { name: service.name, methods };
}

function describe(method: ServiceMethod): Omit<CallableMethod, "name" | "method"> {
  return {
    signature: signatureOf(method),
    wants: wantsOf(method),
    takesNothing: method.kind === "unary" && method.parameters.length === 0,
    hasResponse: method.kind !== "unary" || method.result !== undefined,
  };
}

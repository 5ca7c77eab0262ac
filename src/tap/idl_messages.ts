import { DynamicException, type DynamicMethod, type DynamicService } from "../dynamic/mod.ts";
import type { MessageReader } from "./event.ts";

/** Reads messages of the services of IDLs. */
export function idlMessages(services: Iterable<DynamicService>): MessageReader {
  const methods = new Map<string, DynamicMethod | undefined>();
  for (const { name: service, methods: all } of services) {
    for (const [property, method] of Object.entries(all)) {
      const name = method.name ?? property;
      methods.set(`${service}/${name}`, method);
      // Unary Thrift names no service: a method is known where one service alone has it.
      methods.set(name, methods.has(name) ? undefined : method);
    }
  }
  return {
    read(path, from, payload) {
      const method = methods.get(path) ?? methods.get(withoutPackage(path));
      if (method === undefined) return undefined;
      if (from === "client") return { json: method.request.decode(payload) };
      try {
        return { json: method.response.decode(payload) };
      } catch (error) {
        if (error instanceof DynamicException) return { json: error.fields, exception: error.name };
        throw error;
      }
    },
  };
}

/** gRPC's paths may have the package before the service. */
function withoutPackage(path: string): string {
  return path.replace(/^.*\.(?=[^/]*\/)/, "");
}

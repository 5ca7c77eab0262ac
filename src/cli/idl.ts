import { type DynamicService, loadServices } from "../dynamic/mod.ts";

/** The services of all IDLs by their names; where two have one of the same name, that of the first. */
export function servicesOf(
  idls: readonly string[],
  includeDirs: readonly string[],
): Map<string, DynamicService> {
  const services = new Map<string, DynamicService>();
  for (const idl of idls) {
    for (const [name, service] of loadServices(idl, { includeDirs })) {
      if (!services.has(name)) services.set(name, service);
    }
  }
  return services;
}

import { reasonText } from "../base/reason.ts";
import type { Output } from "../cli/output.ts";
import { escapeHidden } from "../idl/hidden.ts";
import type { Catalog } from "./catalog.ts";

/** Prints the services, and the methods of each. */
export async function list(catalog: Catalog, stdout: Output): Promise<void> {
  for (const name of await catalog.names()) {
    stdout.line(stdout.paint("bold", escapeHidden(name)));
    for (const line of await methodLines(catalog, name)) stdout.line(`  ${escapeHidden(line)}`);
  }
}

/** A server may name a service, and not describe it. */
async function methodLines(catalog: Catalog, name: string): Promise<string[]> {
  try {
    const service = await catalog.find(name);
    return (service?.methods ?? []).map(({ signature }) => signature);
  } catch (error) {
    return [`(${reasonText(error)})`];
  }
}

import type { Output } from "../cli/output.ts";
import { escapeHidden } from "../idl/hidden.ts";
import type { Catalog } from "./catalog.ts";

/** Prints the services, and the methods of each. */
export async function list(catalog: Catalog, stdout: Output): Promise<void> {
  for (const name of await catalog.names()) {
    const service = await catalog.find(name);
    stdout.line(stdout.paint("bold", escapeHidden(name)));
    for (const { signature } of service?.methods ?? []) stdout.line(`  ${escapeHidden(signature)}`);
  }
}

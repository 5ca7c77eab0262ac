import type { Catalog } from "./catalog.ts";

export function idlCatalog(
  _idls: readonly string[],
  _includeDirs: readonly string[],
  _read: (path: string) => string | undefined,
): Catalog {
  throw new Error("not yet");
}

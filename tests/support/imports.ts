import { assert } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** The import map for programs outside of the package: its own, and its entry points by their names. */
export async function importsForUsers(): Promise<Record<string, string>> {
  const config: unknown = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  assert(typeof config === "object" && config !== null && "imports" in config && "exports" in config);
  const entryPoints = Object.entries(config.exports ?? {}).map(([name, path]) =>
    [`@ttstream/ttstream${name.slice(1)}`, new URL(path, root).href] as const
  );
  return Object.assign({}, config.imports, Object.fromEntries(entryPoints));
}

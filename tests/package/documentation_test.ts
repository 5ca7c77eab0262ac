/** What the registry shows of the package: every entry point says what it is, every function how it is used. */
import { assert, assertEquals } from "@std/assert";
import { denoDoc } from "./deno_doc.ts";

const root = new URL("../../", import.meta.url);

/** What `deno doc --json` tells of a symbol, as far as it is looked at here. */
interface Documented {
  readonly name: string;
  readonly kinds: readonly string[];
  readonly hasExample: boolean;
}

interface Documentation {
  /** The modules without a documentation of their own. */
  readonly silent: readonly string[];
  readonly symbols: readonly Documented[];
}

async function documentation(modules: readonly string[]): Promise<Documentation> {
  const nodes = Object.entries(recordIn(await denoDoc(modules), "nodes"));
  assert(nodes.length > 0);
  return {
    silent: nodes.filter(([, node]) => Object.keys(recordIn(node, "module_doc")).length === 0).map(([path]) =>
      path
    ),
    symbols: nodes.flatMap(([, node]) => listIn(node, "symbols").map(documented)),
  };
}

function documented(symbol: unknown): Documented {
  const declarations = listIn(symbol, "declarations");
  const tags = declarations.flatMap((declaration) => listIn(recordIn(declaration, "jsDoc"), "tags"));
  return {
    name: textIn(symbol, "name"),
    kinds: declarations.map((declaration) => textIn(declaration, "kind")),
    hasExample: tags.some((tag) => textIn(tag, "kind") === "example"),
  };
}

/** The functions among the symbols whose documentation shows none being called. */
function withoutExample({ symbols }: Documentation): string[] {
  const functions = symbols.filter(({ kinds }) => kinds.includes("function"));
  assert(functions.length > 0);
  return functions.filter(({ hasExample }) => !hasExample).map(({ name }) => name);
}

function valueIn(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function recordIn(value: unknown, key: string): object {
  const found = valueIn(value, key);
  return typeof found === "object" && found !== null ? found : {};
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const found = valueIn(value, key);
  return Array.isArray(found) ? found : [];
}

function textIn(value: unknown, key: string): string {
  const found = valueIn(value, key);
  return typeof found === "string" ? found : "";
}

async function entryPoints(): Promise<string[]> {
  const config: unknown = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  return Object.values(recordIn(config, "exports")).filter((path) => typeof path === "string");
}

Deno.test("every entry point says what it is, and every exported function has an example", async () => {
  const found = await documentation(await entryPoints());
  assertEquals(found.silent, []);
  assertEquals(withoutExample(found), []);
});

Deno.test("a module without words and a function without an example would be found", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/module.ts`;
    const example = "/**\n * Two.\n *\n * @example\n * ```ts\n * two();\n * ```\n */\n";
    await Deno.writeTextFile(
      path,
      `/** One. */\nexport function one(): void {}\n${example}export function two(): void {}\n`,
    );
    const found = await documentation([path]);
    assertEquals([found.silent.length, withoutExample(found)], [1, ["one"]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

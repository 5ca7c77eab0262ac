/** What the source promises of itself: who imports whom, and where the platform is named. */
import { assert, assertEquals } from "@std/assert";
import { denoDoc } from "./deno_doc.ts";

const root = new URL("../../", import.meta.url);

/** The folders of `src/`, each with those it may import from beside itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "base": [],
  "net": ["base"],
  "core": ["base", "net"],
  "ttheader": ["base", "net", "core", "ttheader/unary"],
  "ttheader/unary": ["base", "net", "core", "ttheader"],
  "http2/hpack": ["base"],
  "http2": ["base", "net", "http2/hpack"],
  "grpc": ["base", "net", "core", "http2", "http2/hpack"],
  "rpc/client": ["base", "net", "core", "rpc"],
  "rpc/server": ["base", "net", "core", "rpc"],
  "rpc/pool": ["base", "net", "core", "rpc/client"],
  "rpc": ["base", "core", "rpc/client", "rpc/server"],
  "protobuf": ["base", "core"],
  "otel": ["base", "net", "core", "grpc"],
  "thrift": ["base", "core"],
  "idl": [],
  "thriftgen": ["idl"],
  "dynamic": ["base", "net", "core", "thrift", "idl"],
  "cli": ["base", "net", "dynamic"],
  "tap": [
    "base",
    "net",
    "core",
    "ttheader",
    "ttheader/unary",
    "http2",
    "http2/hpack",
    "grpc",
    "idl",
    "dynamic",
    "cli",
  ],
  "call": ["base", "core", "grpc", "rpc/client", "idl", "dynamic", "cli"],
};

/** The one file above the protocols that names one: what is spoken where nobody says. */
const DEFAULT_PROTOCOL = "rpc/default_protocol.ts";

/** What stands between the commands and the process that they run in. */
const PROCESS: readonly string[] = ["thriftgen/main.ts", "cli/program.ts", "cli/arguments.ts"];

interface SourceFile {
  /** From `src/` on. */
  readonly path: string;
  readonly folder: string;
  /** Without its comments. */
  readonly code: string;
  /** What it imports and re-exports: paths from `src/` on, and the specifiers of what is not the package's. */
  readonly imports: readonly string[];
}

function sourceFile(path: string, text: string): SourceFile {
  const code = text.replaceAll(/^\s*\/\*[^]*?\*\/|^\s*\/\/.*$| \/\/ .*$/gm, "");
  const specifiers = code.matchAll(
    /^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"([^"]+)"|\bimport\("([^"]+)"\)/gm,
  );
  const imports = [...specifiers].map(([, fixed, dynamic]) => resolved(path, fixed ?? dynamic ?? ""));
  return { path, folder: folderOf(path), code, imports };
}

function resolved(path: string, specifier: string): string {
  const base = new URL(path, "file:///");
  return specifier.startsWith(".") ? new URL(specifier, base).pathname.slice(1) : specifier;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

async function sourceFiles(under = ""): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`src/${under}`, root))) {
    if (isDirectory) files.push(...await sourceFiles(`${under}${name}/`));
    else files.push(sourceFile(under + name, await Deno.readTextFile(new URL(`src/${under}${name}`, root))));
  }
  return files;
}

const files = await sourceFiles();

function wrongImports(file: SourceFile): string[] {
  const allowed = mayImport[file.folder];
  if (allowed === undefined) return [`${file.path}: its folder is not among those that are known`];
  return file.imports
    .filter((path) => path.endsWith(".ts"))
    .filter((path) => folderOf(path) !== file.folder && !allowed.includes(folderOf(path)))
    .filter((path) => file.path !== DEFAULT_PROTOCOL || path !== "ttheader/protocol.ts")
    .map((path) => `${file.path} imports ${path}`);
}

/** What a file says of the platform: Deno's namespace, Node's modules and globals. */
function platformIn({ path, code, imports }: SourceFile): string[] {
  const modules = imports.filter((specifier) => specifier.startsWith("node:"));
  const globals = code.match(
    /(?<![\w$.#"'-])(?:Deno|process|Buffer|setImmediate|clearImmediate|require|__dirname)\b(?=[.(\[])/g,
  );
  return [...modules, ...globals ?? []].map((name) => `${path}: ${name}`);
}

/** The first circle that is found among the files, as the files that it goes through. */
function circle(all: readonly SourceFile[]): string[] | undefined {
  const byPath = new Map(all.map((file) => [file.path, file]));
  const finished = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const next of byPath.get(path)?.imports ?? []) {
      const found = visit(next, [...way, path]);
      if (found !== undefined) return found;
    }
    finished.add(path);
    return undefined;
  };
  for (const { path } of all) {
    const found = visit(path, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

Deno.test("imports run one way between the folders of src", () => {
  assertEquals(files.flatMap(wrongImports), []);
});

Deno.test("no two files of src import each other, by whatever way round", () => {
  assertEquals(circle(files), undefined);
});

Deno.test("only src/net, and what runs a command, names Deno, node: modules and Node's globals", () => {
  const others = files.filter(({ folder, path }) => folder !== "net" && !PROCESS.includes(path));
  assertEquals(others.flatMap(platformIn), []);
  assert(files.filter(({ folder }) => folder === "net").flatMap(platformIn).length > 0);
});

Deno.test("wrong imports, circles and platforms would be found", () => {
  const a = sourceFile(
    "core/a.ts",
    `import {\n  b,\n  c,\n} from "./b.ts";\nexport * from "../rpc/wrap_stream.ts";\n`,
  );
  const b = sourceFile(
    "core/b.ts",
    `/** Deno.cwd() */\nimport "node:fs";\nconst c = await import("./c.ts");\nDeno.exit();\nlet p: Deno.Addr;`,
  );
  const c = sourceFile(
    "core/c.ts",
    `import type { A } from "./a.ts"; // Deno.cwd()\nexport const processes = 1;\n`,
  );
  assertEquals([a, b, c].flatMap(wrongImports), ["core/a.ts imports rpc/wrap_stream.ts"]);
  assertEquals(circle([a, b, c]), ["core/a.ts", "core/b.ts", "core/c.ts", "core/a.ts"]);
  assertEquals(circle([a, b]), undefined);
  assertEquals([a, b, c].flatMap(platformIn), ["core/b.ts: node:fs", "core/b.ts: Deno", "core/b.ts: Deno"]);
  assertEquals(wrongImports(sourceFile("other/a.ts", "")).length, 1);
});

Deno.test("no public type names Deno: programs that have another platform can use them all", async () => {
  assertEquals(await publicMentions(await entryPoints()), []);
});

Deno.test("a public type that names Deno would be found, wherever it stands", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/module.ts`;
    await Deno.writeTextFile(
      path,
      `
/** Not in the documentation: Deno.Conn. */
export interface Dialled { readonly addrs: readonly Deno.NetAddr[] }
/** A class. */
export class Dialler { dial(options?: { conn: Deno.Conn }): void { void options; } }
/** Nothing of the kind. */
export type Denominator = number;
`,
    );
    assertEquals(await publicMentions([path]), ["Dialled", "Dialler"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The modules that the package exports. */
async function entryPoints(): Promise<string[]> {
  const config: unknown = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  assert(typeof config === "object" && config !== null && "exports" in config);
  return Object.values(config.exports ?? {});
}

/** The exported symbols of modules whose signatures name `Deno`. */
async function publicMentions(modules: readonly string[]): Promise<string[]> {
  const symbols = symbolsIn(await denoDoc(modules));
  assert(symbols.length > 0);
  return symbols.filter((symbol) => names(symbol)).map(({ name }) => name);
}

interface DocumentedSymbol {
  readonly name: string;
}

function symbolsIn(documentation: unknown): DocumentedSymbol[] {
  assert(typeof documentation === "object" && documentation !== null && "nodes" in documentation);
  const modules: readonly unknown[] = Object.values(documentation.nodes ?? {});
  return modules.flatMap((module) => {
    assert(typeof module === "object" && module !== null && "symbols" in module);
    const { symbols } = module;
    assert(Array.isArray(symbols));
    return symbols.filter(isSymbol);
  });
}

function isSymbol(value: unknown): value is DocumentedSymbol {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}

/** Whether any text of it names `Deno`, beside what it says in words and where it stands. */
function names(part: unknown): boolean {
  if (typeof part === "string") return /\bDeno\b/.test(part);
  if (typeof part !== "object" || part === null) return false;
  return Object.entries(part).some(([key, value]) => key !== "jsDoc" && key !== "location" && names(value));
}

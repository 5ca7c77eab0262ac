/** What Deno's own tools say about generated code, with their default settings, and what the command line does for real. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { moduleOf } from "./support.ts";

const decoder = new TextDecoder();
const golden = new URL("golden/", import.meta.url);
const root = new URL("../../", import.meta.url);

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function deno(args: readonly string[], cwd: string): Promise<Output> {
  const env = { NO_COLOR: "1" };
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd, env })
    .output();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function thriftgen(args: readonly string[], cwd: string): Promise<Output> {
  const main = new URL("src/thriftgen/main.ts", root).href;
  return deno(["run", "--quiet", "--no-config", "-RW", main, ...args], cwd);
}

/** A package with the modules of the golden IDLs in it, and nothing else. */
async function withPackage(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "thriftgen-" }));
  try {
    for (const path of ["everything.thrift", "shared.thrift", "more/shared.thrift"]) {
      await Deno.mkdir(`${folder}/idl/more`, { recursive: true });
      await Deno.copyFile(new URL(path, golden), `${folder}/idl/${path}`);
    }
    const config = {
      name: "@test/generated",
      version: "0.0.0",
      exports: { ".": "./gen/everything.ts", "./shared": "./gen/shared.ts" },
      imports: {
        "@ttstream/ttstream": new URL("mod.ts", root).href,
        "@ttstream/ttstream/thrift": new URL("src/thrift/mod.ts", root).href,
        "@std/bytes": "jsr:@std/bytes@^1",
      },
      lock: false,
    };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const { code, stderr } = await thriftgen(["--out", "gen", "idl/everything.thrift"], folder);
    assertEquals(code, 0, stderr);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The tools, and what each is to find nothing wrong with. */
const tools: readonly (readonly [string, readonly string[]])[] = [
  ["deno check", ["check", "gen"]],
  ["deno fmt --check", ["fmt", "--check", "gen"]],
  ["deno lint, which in a package looks for slow types, too,", ["lint", "gen"]],
];

for (const [name, args] of tools) {
  Deno.test(`${name} finds nothing wrong with generated code`, async () => {
    await withPackage(async (folder) => {
      const { code, stdout, stderr } = await deno(args, folder);
      assertEquals(code, 0, stdout + stderr);
    });
  });
}

/** An IDL with names of `length` letters in every place where a line may grow too long. */
function idlWithNames(length: number): string {
  const name = (first: string) => first + "n".repeat(length - 1);
  const [struct, other, field] = [name("S"), name("T"), name("f")];
  return `
    enum ${name("E")} { ${name("V")} }
    enum ${name("D")} {}
    typedef map<string, list<${struct}>> ${name("A")}
    typedef ${struct} ${name("B")}
    const ${name("E")} ${name("C")} = ${name("E")}.${name("V")}
    const string ${name("G")} = "${name("a")}"
    const list<string> ${name("H")} = ["${name("a")}", "${name("b")}"]
    const map<string, ${other}> ${name("I")} = {"${name("a")}": {}}
    const binary ${name("J")} = "${"b".repeat(length % 7)}"
    const set<${other}> ${name("K")} = []
    struct ${other} {}
    struct ${struct} {
      1: ${other} ${field}
      2: optional ${name("A")} ${name("g")}
      3: required list<${name("E")}> ${name("h")} = [0]
      4: string ${name("i")} = "${name("a")}"
      5: optional map<${other}, set<${struct}>> ${name("j")} = {}
    }
    union ${name("U")} { 1: ${other} ${field}; 2: map<string, ${struct}> ${name("g")} }
    union ${name("W")} { 1: ${other} ${field} }
    service ${name("X")} {
      ${other} ${name("M")}(1: ${struct} a) (streaming.mode = "bidirectional")
      ${name("U")} ${name("n")}(1: ${other} a) (streaming.mode = "server")
    }
    service ${name("Y")} {}
    exception ${name("P")} {}
    exception ${name("Q")} { 1: string message; 2: optional map<string, ${struct}> ${field} }
    service ${name("Z")} {
      ${other} ${name("m")}(1: ${struct} ${field}) throws (1: ${name("P")} ${field})
      map<string, list<${other}>> ${name("n")}(1: ${struct} ${field}, 2: list<${other}> ${name("g")})
        throws (1: ${name("P")} p, 2: ${name("Q")} ${field})
      oneway void ${name("o")}(1: map<string, ${other}> ${field} = {})
    }`;
}

Deno.test("deno fmt --check finds nothing wrong with generated code, however long its names are", async () => {
  const folder = await Deno.makeTempDir({ prefix: "thriftgen-" });
  try {
    for (let length = 1; length <= 55; length++) {
      await Deno.writeTextFile(`${folder}/names${length}.ts`, moduleOf(idlWithNames(length)));
    }
    const { code, stderr } = await deno(["fmt", "--check", "--no-config"], folder);
    assertEquals(code, 0, stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("No tool obeys or runs what an IDL's comments say", async () => {
  const orders = [
    "@ts-nocheck",
    '@deno-types="./none.d.ts"',
    "deno-lint-ignore-file",
    "@jsxImportSource none",
  ];
  const idl = `${orders.map((order) => `// ${order}`).join("\n")}

/**
 * Not run:
 *
 * \`\`\`ts
 * throw new Error("run");
 * \`\`\`
 */
struct A {
  1: string a // @ts-expect-error nothing is wrong
}`;
  await withPackage(async (folder) => {
    const path = `${folder}/gen/orders.ts`;
    await Deno.writeTextFile(path, moduleOf(idl));
    const checked = await deno(["test", "--doc", "gen/orders.ts"], folder);
    assertEquals(checked.code, 0, checked.stdout + checked.stderr);
    await Deno.writeTextFile(path, `${moduleOf(idl)}\nexport const wrong: string = 5;\nexport var b: any;\n`);
    assertStringIncludes((await deno(["check", path], folder)).stderr, "TS2322");
    assertStringIncludes((await deno(["lint", path], folder)).stderr, "no-explicit-any");
  });
});

Deno.test("The package's lint would find a slow type", async () => {
  await withPackage(async (folder) => {
    const path = `${folder}/gen/everything.ts`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, `${text}\nexport const slow = Point.create();\n`);
    const { code, stderr } = await deno(["lint", "gen"], folder);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "no-slow-types");
  });
});

Deno.test("The command line makes folders, overwrites what is there, and is quiet but for its notes", async () => {
  await withPackage(async (folder) => {
    await Deno.writeTextFile(`${folder}/gen/everything.ts`, "old");
    const { code, stdout, stderr } = await thriftgen(["--out", "gen", "idl/everything.thrift"], folder);
    assertEquals([code, stdout], [0, ""]);
    assert(stderr.trimEnd().split("\n").every((line) => /^idl\/\S+:\d+:\d+: note: /.test(line)), stderr);
    const [first] = (await Deno.readTextFile(`${folder}/gen/everything.ts`)).split("\n");
    assertStringIncludes(first ?? "", "DO NOT EDIT");
    assertEquals((await Deno.stat(`${folder}/gen/more/shared.ts`)).isFile, true);
  });
});

Deno.test("The command line writes nothing and exits with 1 when an IDL is wrong", async () => {
  await withPackage(async (folder) => {
    await Deno.writeTextFile(`${folder}/bad.thrift`, "struct A { 1: B b }\n");
    const { code, stdout, stderr } = await thriftgen(
      ["--out", "none", "idl/shared.thrift", "bad.thrift"],
      folder,
    );
    assertEquals([code, stdout], [1, ""]);
    assertEquals(
      stderr,
      "bad.thrift:1:15: expected a type: B is not defined\nstruct A { 1: B b }\n              ^\n",
    );
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assertEquals(names.includes("none"), false);
  });
});

Deno.test("The command line takes a folder for no file", async () => {
  await withPackage(async (folder) => {
    const { code, stderr } = await thriftgen(["--out", "gen", "idl"], folder);
    assertEquals([code, stderr], [1, "thriftgen: idl: no such file\n"]);
  });
});

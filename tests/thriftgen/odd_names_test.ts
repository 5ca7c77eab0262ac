/** Names that mean something else to JavaScript, to a URL or to a file system than to Thrift. */
import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { generate } from "../../src/thriftgen/generate.ts";
import { escapeHidden } from "../../src/idl/hidden.ts";
import { dirname } from "../../src/idl/path.ts";
import { errorsOf, generateFrom } from "./support.ts";

/** Writes the modules made of these files, and hands over the folder. */
async function withModules(
  files: Readonly<Record<string, string>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "thriftgen-" }));
  const root = new URL("../../", import.meta.url);
  const specifiers = {
    main: new URL("mod.ts", root).href,
    thrift: new URL("src/thrift/mod.ts", root).href,
  };
  try {
    const { files: modules } = generate({
      paths: Object.keys(files),
      read: (path) => files[path],
      specifiers,
    });
    for (const { path, text } of modules) {
      await Deno.mkdir(`${folder}/${dirname(path)}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, text);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const folders = [
  ...["a?b", "a#b", "a%41", "a%2fb", "..%2f..%2fx", "%2e%2e", "a b", " ", "a\tb", "a\nb", "a\rb", "a\u2028b"],
  ...["\u202ea", 'a"b', "a'b", "a\"'b", "a`${b}", "a;b", "日本", "a:b", "a*b"],
];

for (const name of folders) {
  Deno.test({
    name: `A module imports the one in the folder ${escapeHidden(JSON.stringify(name))}, and no other`,
    // Other systems have no such folders.
    ignore: Deno.build.os !== "linux",
    async fn() {
      const files = {
        "base.thrift": "const string WHO = 'root'",
        [`${name}/base.thrift`]: "const string WHO = 'folder'",
        "main.thrift": `include ${JSON.stringify(`${name}/base.thrift`)}\nconst string WHO = base.WHO`,
      };
      await withModules(files, async (folder) => {
        const { WHO } = await import(pathToFileURL(`${folder}/main.ts`).href);
        assertEquals(WHO, "folder");
      });
    },
  });
}

/** What a file's name or a specifier may hold beside letters. */
const marks = [
  "\n$();",
  "\r$();",
  "\u2028$();",
  "\u2029$();",
  '"$();"',
  "';$();'",
  "*/$();/*",
  "${$()}",
  "\u202e",
];

for (const mark of marks) {
  Deno.test(`A module says that it was made from a file with ${escapeHidden(JSON.stringify(mark))} in its name, on one line`, () => {
    const [file] = generateFrom({ [`a${mark.replace("/", "")}.thrift`]: "" }).files;
    assertEquals(file?.text.split(/[\n\r\u2028\u2029\u202e]/).map((line) => line.slice(0, 17)), [
      "// Code generated",
      "",
    ]);
  });

  Deno.test(`A module imports the library from a specifier with ${escapeHidden(JSON.stringify(mark))} in it`, async () => {
    const specifier = `lib${mark}`;
    const { files: [file] } = generate({
      paths: ["a.thrift"],
      read: () => "struct A {}\nservice S { A f(1: A a) (streaming.mode = 'client') }",
      specifiers: { main: specifier, thrift: specifier },
    });
    const found = file?.text.matchAll(/ from (.*);\n/g) ?? [];
    const literals = [...found].map(([, literal]) => literal);
    assertEquals(literals.length >= 2, true, file?.text);
    const code = `export default [${literals.join(", ")}];`;
    assertEquals(/[\u2028\u2029\u202e]/.test(code), false);
    const { default: specifiers } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    assertEquals(specifiers, literals.map(() => specifier));
  });
}

const names = [
  ...["__proto__", "__proto___", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "then"],
  ...[
    "default",
    "arguments",
    "eval",
    "await",
    "yield",
    "let",
    "static",
    "type",
    "as",
    "of",
    "get",
    "async",
    "new",
  ],
  ...["globalThis", "undefined", "NaN", "Object", "Number", "Map", "Set", "Record", "Uint8Array", "Promise"],
  ...[
    "Symbol",
    "Function",
    "require",
    "exports",
    "module",
    "global",
    "any",
    "never",
    "unique",
    "field",
    "struct",
  ],
  ...[
    "from",
    "asserts",
    "is",
    "out",
    "accessor",
    "declare",
    "namespace",
    "abstract",
    "satisfies",
    "using",
    "keyof",
  ],
  ...[
    "infer",
    "readonly",
    "override",
    "defer",
    "source",
    "defineService",
    "Service",
    "StructCodec",
    "NaN_",
    "in",
  ],
];

Deno.test("Names that JavaScript knows are names like others, everywhere in an IDL", async () => {
  const files: Record<string, string> = {
    "structs.thrift": names.map((name) => `struct ${name} { 1: string text }`).join("\n"),
    "fields.thrift": `struct Fields { ${
      names.map((name, at) => `${at + 1}: string ${name} = "${at}"`).join("; ")
    } }
      const Fields CONSTANT = {${names.map((name, at) => `"${name}": "${at}"`).join(", ")}}`,
    "unions.thrift": `union Union { ${names.map((name, at) => `${at + 1}: string ${name}`).join("; ")} }`,
    "enums.thrift": names.map((name) => `enum ${name} { ${names.join(", ")} }`).join("\n"),
    "constants.thrift": names.map((name, at) => `const i32 ${name} = ${at}`).join("\n"),
    "aliases.thrift": `struct A { 1: string text }\n${names.map((name) => `typedef A ${name}`).join("\n")}`,
    "services.thrift": `struct A {}\n${
      names.map((name) => `service ${name} { A ${name}(1: A a) (streaming.mode = "client") }`).join("\n")
    }
      service All { ${names.map((name) => `A ${name}(1: A a) (streaming.mode = "server")`).join("\n")} }`,
  };
  // Each imports one module called so, and uses all that it may hide.
  for (const name of names) {
    files[`included/${name}.thrift`] = `enum E { ${name} }`;
    files[`including_${name}.thrift`] = `include "included/${name}.thrift"
      struct Empty {}
      struct A { 1: set<${name}.E> s = [${name}.E.${name}]; 2: map<string, binary> m = {"": ""}; 3: double d = 1e999 }
      service S {}`;
  }
  await withModules(files, async (folder) => {
    const command = new Deno.Command(Deno.execPath(), { args: ["check", "--quiet", folder] });
    const { success, stderr } = await command.output();
    assertEquals(success, true, new TextDecoder().decode(stderr));
    const load = (name: string): Promise<Record<string, unknown>> =>
      import(pathToFileURL(`${folder}/${name}.ts`).href);
    for (const name of ["structs", "enums", "constants", "services", "aliases"]) {
      assertEquals(Object.keys(await load(name)).length >= names.length, true, name);
    }
    const { Fields, CONSTANT } = await import(pathToFileURL(`${folder}/fields.ts`).href);
    const values = names.map((_, at) => String(at));
    assertEquals(Object.values(Fields.create()), values);
    assertEquals(Object.values(CONSTANT), values);
    assertEquals(Object.values(Fields.decode(Fields.encode(CONSTANT))), values);
    const { __proto__, constructor } = await import(pathToFileURL(`${folder}/enums.ts`).href);
    assertEquals([__proto__.__proto__, constructor.constructor], [0, 2]);
    for (const name of names) await load(`including_${name}`);
  });
});

Deno.test("A backslash in the path of an included file is refused: on Windows it leads to another folder", () => {
  assertEquals(errorsOf({ "a.thrift": "include '..\\\\b.thrift'", "..\\b.thrift": "" }), [
    "a.thrift:1:9: expected / between the folders of an included file, found \\ in ..\\b.thrift",
  ]);
});

/** The guide's commands that generate code, and what they are given. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { importsForUsers } from "../support/imports.ts";
import { moduleOf } from "../thriftgen/support.ts";
import { readPage } from "./pages.ts";
import { deno, folderOf, withPrograms } from "./programs.ts";

const thrift = await readPage("docs/thrift.md");
const protobuf = await readPage("docs/protobuf.md");

/** The one block of a language on a page. */
function block({ path, blocks }: typeof thrift, language: string): string {
  const found = blocks.find((block) => block.language === language)?.code;
  assert(found !== undefined, `${path} has no block of ${language}`);
  return found;
}

Deno.test("docs/thrift.md: its command makes of its IDL the module that its programs import", async () => {
  const name = "@ttstream/ttstream/thriftgen";
  const line = new RegExp(`^deno (.* jsr:${name} .*)$`, "m").exec(thrift.text)?.[1];
  assert(line !== undefined, "the page does not run the generator");
  const imports = await importsForUsers();
  const args = line.split(" ").map((part) => part === `jsr:${name}` ? imports[name] ?? "" : part);
  const folder = await Deno.makeTempDir();
  try {
    const idl = block(thrift, "thrift");
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports, lock: false }));
    await Deno.writeTextFile(`${folder}/chat.thrift`, idl);
    const { code, stderr } = await deno(folder, args);
    assertEquals([code, stderr], [0, ""]);
    const generated = await Deno.readTextFile(`${folder}/gen/chat.ts`);
    // The first line names the IDL's file.
    assertEquals(generated.split("\n").slice(1), moduleOf(idl).split("\n").slice(1));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("docs/thrift.md: a field of a wrong type does not compile", async () => {
  await withPrograms([thrift], async (folder) => {
    const own = `${folder}/${folderOf(thrift)}`;
    const program = thrift.blocks.find(({ code }) => code.includes("user: 7n"))?.code ?? "";
    assertStringIncludes(program, "./gen/chat.ts");
    await Deno.writeTextFile(`${own}/wrong.ts`, program.replace("user: 7n", "user: 7"));
    const { code, stderr } = await deno(own, ["check", "--quiet", "wrong.ts"]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "'bigint'");
  });
});

Deno.test("docs/protobuf.md: its .proto and buf.gen.yaml are what the example's code was generated of", async () => {
  const said = (text: string) => text.replaceAll(/^ *(\/\/|#).*\n/gm, "").replaceAll(/\n+/g, "\n").trim();
  const example = (name: string) =>
    Deno.readTextFile(new URL(`../../examples/protobuf/${name}`, import.meta.url));
  assertEquals(said(block(protobuf, "proto")), said(await example("chat.proto")));
  assertEquals(said(block(protobuf, "yaml")), said(await example("buf.gen.yaml")));
});

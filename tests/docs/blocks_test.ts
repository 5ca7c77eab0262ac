/**
 * The guide's blocks of code. Those of TypeScript type-check, each as a module of its own beside the named ones of its
 * page and the service of the first. One that a block `text prints` follows is run, and prints that. Those of Go parse.
 */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { page } from "./pages.ts";
import { deno, folderOf, pages, programs, withPrograms } from "./programs.ts";

Deno.test("every block of TypeScript in the guide type-checks", async () => {
  await withPrograms(pages, async (folder) => {
    const { code, stderr } = await deno(folder, ["check", "--quiet", "."]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  });
});

Deno.test("a block with a wrong type would be found", async () => {
  const wrong = page(
    "docs/wrong.md",
    '```ts\nimport { Chat } from "./chat.ts";\n\nconst n: number = Chat;\n```\n',
  );
  await withPrograms([wrong], async (folder) => {
    const { code, stderr } = await deno(folder, ["check", "--quiet", "."]);
    assertNotEquals(code, 0);
    assertStringIncludes(stderr, "wrong/line_1.ts");
  });
});

Deno.test("what a program prints always follows the program", () => {
  for (const { path, blocks } of pages) {
    for (const [i, { words, line }] of blocks.entries()) {
      if (words.includes("prints")) assert(blocks[i - 1]?.language === "ts", `${path}:${line}`);
    }
  }
});

for (const from of pages) {
  const printing = programs(from).filter(({ prints }) => prints !== undefined);
  if (printing.length === 0) continue;
  Deno.test(`the programs of ${from.path} print what stands below them: ${printing.length}`, async (test) => {
    await withPrograms([from], async (folder) => {
      for (const { name, flags, prints } of printing) {
        await test.step(name, async () => {
          const args = ["run", "--quiet", "--no-prompt", "--no-check", ...flags, name];
          const output = await deno(`${folder}/${folderOf(from)}`, args);
          assertEquals(output, { code: 0, stdout: prints ?? "", stderr: "" });
        });
      }
    });
  });
}

for (const from of pages) {
  const tests = programs(from).filter(({ name }) => name.endsWith("_test.ts"));
  if (tests.length === 0) continue;
  Deno.test(`the tests that ${from.path} shows pass`, async () => {
    await withPrograms([from], async (folder) => {
      for (const { name } of tests) {
        const { code, stdout } = await deno(`${folder}/${folderOf(from)}`, [
          "test",
          "--quiet",
          "--no-check",
          name,
        ]);
        assertEquals(code, 0, stdout);
        assertMatch(stdout, /^ok \| [1-9]\d* passed .*\| 0 failed/m);
      }
    });
  });
}

const hasGo = await gofmt("package main\n").then(({ success }) => success, () => false);

/** Formats Go code, a fragment of a file also, and says whether it could be parsed. */
async function gofmt(code: string): Promise<{ readonly success: boolean; readonly said: string }> {
  const process = new Deno.Command("gofmt", {
    args: ["-e"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  const decoder = new TextDecoder();
  return { success, said: decoder.decode(stderr) + decoder.decode(stdout) };
}

Deno.test({
  name: "every block of Go in the guide parses, and is formatted by gofmt",
  // The guide is read where there is no Go, too.
  ignore: !hasGo,
  async fn() {
    for (const { path, blocks } of pages) {
      for (const { code, line } of blocks.filter(({ language }) => language === "go")) {
        const { success, said } = await gofmt(code);
        assert(success, `${path}:${line}: ${said}`);
        assertEquals(code, said, `${path}:${line}`);
      }
    }
  },
});

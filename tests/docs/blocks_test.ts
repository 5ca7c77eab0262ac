/**
 * The guide's blocks of code. Those of TypeScript type-check, each as a module of its own beside the named ones of its
 * page and the service of the first. One that a block `text prints` follows is run, and prints that. Those of Go parse.
 */
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { importsForUsers } from "../support/imports.ts";
import { type Block, guide, type Page, page } from "./pages.ts";

/** How long a program of the guide may take, in milliseconds: where it strikes, it hangs. */
const PROGRAM_MS = 60_000;

/** What pages import without defining it, from the page that does. */
const SHARED = ["chat.ts"];

const pages = await guide();

interface Program {
  /** Of the file that it is written to. */
  readonly name: string;
  readonly code: string;
  /** What it prints, where the page says so. */
  readonly prints: string | undefined;
}

/** A page's programs: the named ones by their names, the others by where they stand. */
function programs({ blocks }: Page): Program[] {
  return blocks.flatMap((block, i) => {
    if (block.language !== "ts" || block.words.includes("ignore")) return [];
    const next = blocks[i + 1];
    const prints = next?.words.includes("prints") ? next.code : undefined;
    return [{ name: nameOf(block) ?? `line_${block.line}.ts`, code: block.code, prints }];
  });
}

/** `chat.ts`, where a block begins with `// chat.ts`. */
function nameOf({ code }: Block): string | undefined {
  return /^\/\/ ([\w/]+\.ts)\b/.exec(code)?.[1];
}

/** Writes the pages' programs into folders of a new one, each with what it may import, and runs `test` there. */
async function withPrograms(of: readonly Page[], test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const config = { imports: await importsForUsers(), lock: false };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const shared = pages.flatMap(programs).filter(({ name }) => SHARED.includes(name));
    for (const from of of) {
      const own = `${folder}/${folderOf(from)}`;
      await Deno.mkdir(`${own}/gen`, { recursive: true });
      await Deno.copyFile(new URL("../../examples/gen/chat.ts", import.meta.url), `${own}/gen/chat.ts`);
      const proto = new URL("../../examples/protobuf/gen/chat_pb.ts", import.meta.url);
      await Deno.copyFile(proto, `${own}/gen/chat_pb.ts`);
      for (const { name, code } of [...shared, ...programs(from)]) {
        await Deno.writeTextFile(`${own}/${name}`, code);
      }
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `errors`, of `docs/errors.md`. */
function folderOf({ path }: Page): string {
  return path.replace(/^docs\//, "").replace(/\.md$/, "");
}

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function deno(cwd: string, args: readonly string[]): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", NO_PROXY: "127.0.0.1" },
    stdin: "null",
    signal: AbortSignal.timeout(PROGRAM_MS),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

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
      for (const { name, prints } of printing) {
        await test.step(name, async () => {
          const args = ["run", "--quiet", "--no-prompt", "--no-check", "-N", name];
          const output = await deno(`${folder}/${folderOf(from)}`, args);
          assertEquals(output, { code: 0, stdout: prints ?? "", stderr: "" });
        });
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

/** The programs of the guide, written where they run: each page in a folder of its own, with what it may import. */
import { importsForUsers } from "../support/imports.ts";
import { moduleOf } from "../thriftgen/support.ts";
import { type Block, guide, type Page, readPage } from "./pages.ts";

/** How long a program of the guide may take, in milliseconds: where it strikes, it hangs. */
const PROGRAM_MS = 60_000;

/** What pages import without defining it, from the page that does. */
const SHARED = ["chat.ts"];

/** The pages of the guide, and the front page. */
export const pages: readonly Page[] = [...await guide(), await readPage("README.md")];

/** What the generator makes of the guide's IDLs. */
const modules = ["chat", "bank"].map((name) => ({ name, code: generated(`${name}.thrift`) }));

/** A block that runs. */
export interface Program {
  /** Of the file that it is written to. */
  readonly name: string;
  readonly code: string;
  /** The flags that it runs with, where its first line says `deno run …`. */
  readonly flags: readonly string[];
  /** What it prints, where the page says so. */
  readonly prints: string | undefined;
}

/** A page's programs: the named ones by their names, the others by where they stand. */
export function programs({ blocks }: Page): Program[] {
  return blocks.flatMap((block, i) => {
    if (block.language !== "ts" || block.words.includes("ignore")) return [];
    const next = blocks[i + 1];
    const prints = next?.words.includes("prints") ? next.code : undefined;
    return [{
      name: nameOf(block) ?? `line_${block.line}.ts`,
      code: block.code,
      flags: flagsOf(block),
      prints,
    }];
  });
}

/** `chat.ts`, where a block begins with `// chat.ts`. */
function nameOf({ code }: Block): string | undefined {
  return /^\/\/ ([\w/]+\.ts)\b/.exec(code)?.[1];
}

/** What stands between `deno run` and the file in a block's first line. */
function flagsOf({ code }: Block): readonly string[] {
  return /^\/\/ [\w/.]+ — deno run (.+) [\w/.]+$/m.exec(code)?.[1]?.split(" ") ?? ["-N"];
}

/** Writes the pages' programs into folders of a new one, each with what it may import, and runs `test` there. */
export async function withPrograms(
  of: readonly Page[],
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const config = { imports: await importsForUsers(), lock: false };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    const shared = pages.flatMap(programs).filter(({ name }) => SHARED.includes(name));
    for (const from of of) {
      const own = `${folder}/${folderOf(from)}`;
      await Deno.mkdir(`${own}/gen`, { recursive: true });
      for (const { name, code } of modules) await Deno.writeTextFile(`${own}/gen/${name}.ts`, code);
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

/** The module that the generator makes of the IDL which the guide shows under that name. */
function generated(name: string): string {
  const idl = pages.flatMap(({ blocks }) => blocks).find(({ code }) =>
    code.startsWith(`// ${name}
`)
  );
  if (idl === undefined) throw new Error(`the guide has no ${name}`);
  return moduleOf(idl.code);
}

/** A page's folder: `errors`, of `docs/errors.md`. */
export function folderOf({ path }: Page): string {
  return path.replace(/^docs\//, "").replace(/\.md$/, "");
}

/** What a command has said. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Deno in a folder. */
export async function deno(cwd: string, args: readonly string[]): Promise<Output> {
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

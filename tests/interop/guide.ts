/**
 * What the guide's page on Kitex says, done: its Go programs are built, and play with its TypeScript, both ways; and
 * every other piece of Go in the guide compiles. Ends with `N passed, M failed`.
 */
import { assert, assertEquals } from "@std/assert";
import { guide, type Page, readPage } from "../docs/pages.ts";
import { deno, folderOf, withPrograms } from "../docs/programs.ts";
import { hasGo, MissingGo, runGo } from "./harness/build.ts";
import { runPart } from "./harness/part.ts";
import { freePort, listening } from "../support/listening.ts";

const MODULE = new URL("go/", import.meta.url);
const WORDS = "You\nasked:\nWhy\nis\nthe\nsky\n";

/** What pieces of Go stand in, by their page: imports that they need, and the function around each. */
const PIECES: Readonly<Record<string, readonly (readonly [before: string, after: string])[]>> = {
  "docs/life-of-a-stream.md": [
    ["func leave(ctx context.Context, client service.Client) error {", "return nil\n}"],
    ["type handler struct{ c service.Client }\n", ""],
    ["func send(ctx context.Context, words []string, stream chat.Chat_AskServer) error {", "return nil\n}"],
  ],
  "docs/metadata.md": [["func tenant(ctx context.Context) {", "_, _ = tenant, ok\n}"]],
  "docs/timeouts.md": [[
    "func ask(ctx context.Context, client service.Client, question *chat.Question) {",
    "_, _ = stream, err\n}",
  ]],
};

/** Imports that the pieces have in common, and what uses each: Go refuses one that nobody does. */
const IMPORTS = [
  ['"context"', "context.Background"],
  ['"io"', "io.EOF"],
  ['"log"', "log.Println"],
  ['"time"', "time.Now"],
  ['"example/kitex_gen/chat"', "chat.NewWord"],
  ['service "example/kitex_gen/chat/chat"', "service.NewClient"],
  ['"github.com/bytedance/gopkg/cloud/metainfo"', "metainfo.GetValue"],
  ['"github.com/cloudwego/kitex/client/callopt/streamcall"', "streamcall.WithRecvTimeout"],
  ['"github.com/cloudwego/kitex/pkg/streaming"', "streaming.TimeoutConfig{}"],
] as const;

/** The blocks of Go on a page, in their order. */
function goOf({ blocks }: Page): string[] {
  return blocks.filter(({ language }) => language === "go").map(({ code }) => code);
}

/** A program that compiles where the pieces do. */
function programOf(pieces: readonly string[], around: readonly (readonly [string, string])[]): string {
  return [
    "package main\n",
    `import (\n${IMPORTS.map(([path]) => `\t${path}\n`).join("")})\n`,
    ...IMPORTS.map(([, use]) => `var _ = ${use}`),
    ...pieces.map((piece, i) => `${around[i]?.[0] ?? ""}\n${piece}\n${around[i]?.[1] ?? ""}\n`),
    "func main() {}\n",
  ].join("\n");
}

/** Generates what the guide's IDL makes of itself in Go, and builds the page's programs. */
async function buildPrograms(folder: string, page: Page, port: number): Promise<void> {
  const mod = await Deno.readTextFile(new URL("go.mod", MODULE));
  await Deno.writeTextFile(`${folder}/go.mod`, mod.replace(/^module .*$/m, "module example"));
  await Deno.copyFile(new URL("go.sum", MODULE), `${folder}/go.sum`);
  const idl = (await readPage("docs/thrift.md")).blocks.find(({ language }) => language === "thrift");
  assert(idl !== undefined);
  await Deno.writeTextFile(`${folder}/chat.thrift`, idl.code);
  await runGo(folder, "tool", "kitex", "-streamx", "-module", "example", "chat.thrift");
  for (const code of goOf(page)) {
    const path = /^\/\/ (\w+)\/main\.go$/m.exec(code)?.[1];
    assert(path !== undefined, "a Go program of the page has no name");
    await Deno.mkdir(`${folder}/${path}`);
    await Deno.writeTextFile(`${folder}/${path}/main.go`, code.replaceAll("8888", `${port}`));
    await runGo(folder, "build", "-o", `${folder}/bin/`, `./${path}`);
  }
}

/** Runs `test` while a server runs, and gives it what the server prints. */
async function beside(
  command: Deno.Command,
  port: number,
  test: (printed: ReadableStream<Uint8Array<ArrayBuffer>>) => Promise<void>,
): Promise<void> {
  const server = command.spawn();
  try {
    await listening(port);
    await test(server.stdout);
  } finally {
    server.kill();
    await server.status;
  }
}

async function firstLine(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const piece of bytes.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}

async function kitexServer(folder: string, cwd: string, port: number): Promise<void> {
  const server = new Deno.Command(`${folder}/bin/server`, { stdin: "null", stdout: "piped", stderr: "null" });
  await beside(server, port, async () => {
    const output = await deno(cwd, ["run", "--quiet", "-N", "to_kitex.ts"]);
    assertEquals(output, { code: 0, stdout: `${WORDS}blue?\n6 letters\n`, stderr: "" });
  });
}

async function kitexClient(folder: string, cwd: string, port: number, page: Page): Promise<void> {
  const shown = page.blocks.find(({ language }) => language === "text")?.code.trimEnd().split("\n") ?? [];
  assertEquals(shown.length, 2);
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-N", "from_kitex.ts"],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  });
  await beside(server, port, async (printed) => {
    const { stdout } = await new Deno.Command(`${folder}/bin/client`, { stdin: "null" }).output();
    assertEquals(new TextDecoder().decode(stdout), `${WORDS}${shown[0]}\n`);
    assertEquals(await firstLine(printed), shown[1]);
  });
}

if (import.meta.main) await runPart(main);

async function main(): Promise<number> {
  if (!await hasGo()) throw new MissingGo();
  const page = await readPage("docs/kitex.md");
  const port = freePort();
  const folder = await Deno.makeTempDir();
  let failed = 0;
  const cases: [name: string, run: () => Promise<void>][] = [];
  try {
    await buildPrograms(folder, page, port);
    await withPrograms([page], async (programs) => {
      const cwd = `${programs}/${folderOf(page)}`;
      for (const name of ["to_kitex.ts", "from_kitex.ts"]) {
        const code = await Deno.readTextFile(`${cwd}/${name}`);
        await Deno.writeTextFile(
          `${cwd}/${name}`,
          code.replace("port: 8888", `hostname: "127.0.0.1", port: ${port}`),
        );
      }
      cases.push([
        "docs/kitex.md: a server in Go, a client in TypeScript",
        () => kitexServer(folder, cwd, port),
      ]);
      cases.push([
        "docs/kitex.md: a server in TypeScript, a client in Go",
        () => kitexClient(folder, cwd, port, page),
      ]);
      for (const other of await guide()) {
        const pieces = goOf(other);
        if (pieces.length === 0 || other.path === page.path) continue;
        cases.push([`${other.path}: its Go compiles`, async () => {
          const around = PIECES[other.path] ?? [];
          assertEquals(pieces.length, around.length, "pieces that nobody knows what stands around");
          await Deno.mkdir(`${folder}/${folderOf(other)}`);
          await Deno.writeTextFile(`${folder}/${folderOf(other)}/main.go`, programOf(pieces, around));
          await runGo(folder, "vet", `./${folderOf(other)}`);
        }]);
      }
      for (const [name, run] of cases) {
        try {
          await run();
          console.log(`ok      ${name}`);
        } catch (error) {
          failed++;
          console.log(`FAILED  ${name}\n${error instanceof Error ? error.message : error}`);
        }
      }
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`guide: ${cases.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** The guide's page on the two commands: what `call` prints there is what it prints. */
import { assert, assertEquals } from "@std/assert";
import { importsForUsers } from "../support/imports.ts";
import { readPage } from "./pages.ts";
import { deno, folderOf, type Output, withPrograms } from "./programs.ts";

const tools = await readPage("docs/tools.md");
const kitex = await readPage("docs/kitex.md");

/** The page's blocks of text, in their order. */
const shown = tools.blocks.filter(({ language }) => language === "text").map(({ code }) => code);

/** The page's command lines that run `call`, as arguments of Deno. */
const commands = tools.blocks.filter(({ language }) => language === "sh").flatMap(({ code }) =>
  code.split("\n")
)
  .filter((line) => line.includes("ttstream/call")).map((line) =>
    [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "").slice(1)
  );

/** Runs `test` beside the server of the page on Kitex, with a way to run a command line at it. */
async function atServer(
  test: (run: (args: readonly string[]) => Promise<Output>) => Promise<void>,
): Promise<void> {
  const imports = await importsForUsers();
  const idl = (await readPage("docs/thrift.md")).blocks.find(({ language }) => language === "thrift");
  assert(idl !== undefined);
  await withPrograms([kitex], async (folder) => {
    const cwd = `${folder}/${folderOf(kitex)}`;
    await Deno.writeTextFile(`${cwd}/chat.thrift`, idl.code);
    const code = await Deno.readTextFile(`${cwd}/from_kitex.ts`);
    // Says where it listens, on any port.
    const told = code.replace(
      "port: 8888",
      'hostname: "127.0.0.1", port: 0, onListen: (a) => console.log(a.port)',
    );
    await Deno.writeTextFile(`${cwd}/from_kitex.ts`, told);
    const server = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "-N", "from_kitex.ts"],
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const port = (await reader.read()).value?.trim();
      await test((args) =>
        deno(cwd, args.map((arg) => imports[arg.replace(/^jsr:/, "")] ?? arg.replace("8888", port ?? "")))
      );
    } finally {
      server.kill();
      await reader.cancel();
      await server.status;
    }
  });
}

Deno.test("docs/tools.md: call lists methods and prints what comes", async () => {
  await atServer(async (run) => {
    assertEquals(commands.length, 2);
    const outputs: string[] = [];
    for (const args of commands) {
      const { code, stdout, stderr } = await run(args);
      assertEquals([code, stderr], [0, ""]);
      outputs.push(stdout);
    }
    assertEquals(outputs.join("\n"), shown[0]);
  });
});

Deno.test("docs/tools.md: call tells what is wrong with a request", async () => {
  await atServer(async (run) => {
    const args = (commands[1] ?? []).map((arg) => arg.replace('"text"', '"txt"'));
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stdout, stderr], [2, "", shown[1]]);
  });
});

/** The front page's way from an IDL to a call from the shell, done as it says. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { importsForUsers } from "../support/imports.ts";
import { readPage } from "./pages.ts";
import { deno } from "./programs.ts";

const readme = await readPage("README.md");
const imports = await importsForUsers();

/** The block that begins with `// name`. */
function block(name: string): string {
  const code = readme.blocks.find(({ code }) => code.startsWith(`// ${name}`))?.code;
  assert(code !== undefined, `the README has no ${name}`);
  return code;
}

/** The README's command line for one of the package's commands, as a shell takes it apart, and its place. */
function command(name: string): { readonly args: string[]; readonly after: string } {
  const found = new RegExp(`^deno (.* jsr:@ttstream/ttstream/${name} .*)$`, "m").exec(readme.text);
  assert(found !== null, `the README does not run ${name}`);
  const [whole, line = ""] = found;
  const args = (line.match(/'[^']*'|\S+/g) ?? []).map((part) => part.replaceAll("'", ""));
  return {
    args: args.map((part) => imports[part.replace(/^jsr:/, "")] ?? part),
    after: readme.text.slice(found.index + whole.length),
  };
}

Deno.test("README: an IDL becomes a server, and call talks to it, as the page says", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports, lock: false }));
    await Deno.writeTextFile(`${folder}/chat.thrift`, block("chat.thrift"));
    const generated = await deno(folder, command("thriftgen").args);
    assertEquals([generated.code, generated.stderr], [0, ""]);
    const code = block("chat_server.ts");
    assertStringIncludes(code, "port: 8888");
    await Deno.writeTextFile(
      `${folder}/chat_server.ts`,
      code.replace("port: 8888", 'hostname: "127.0.0.1", port: 0, onListen: (a) => console.log(a.port)'),
    );
    const server = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--check", "-N", "chat_server.ts"],
      cwd: folder,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const port = (await reader.read()).value?.trim() ?? "";
      const { args, after } = command("call");
      const said = /^```\n\n```json\n([^]*?)```$/m.exec(after)?.[1];
      const [run, ...rest] = args.map((part) => part.replace("8888", port));
      const called = await deno(folder, [run ?? "", "--quiet", ...rest]);
      assertEquals(called, { code: 0, stdout: said ?? "", stderr: "" });
    } finally {
      server.kill();
      await reader.cancel();
      await server.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

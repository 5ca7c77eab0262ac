import { assertEquals, assertStringIncludes } from "@std/assert";

const root = new URL("../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

/** The program in the README that starts with `// name`, with a port of its own. */
function program(name: string, port: number): string {
  const code = readme.split("```ts\n").slice(1).map((part) => part.split("```")[0] ?? "")
    .find((part) => part.startsWith(`// ${name}`));
  if (code === undefined) throw new Error(`the README has no ${name}`);
  return code.replace('"@ttstream/ttstream"', JSON.stringify(new URL("mod.ts", root).href))
    .replace("port: 8888", `hostname: "127.0.0.1", port: ${port}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function run(file: string): Deno.Command {
  const config = new URL("deno.json", root).pathname;
  const args = ["run", "--quiet", "--config", config, "-N", file];
  return new Deno.Command(Deno.execPath(), {
    args,
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

Deno.test("the README's client and server run as they stand there, and the server reads who cancelled", async () => {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  await Deno.writeTextFile(`${folder}/server.ts`, program("server.ts", port) + "\n");
  await Deno.writeTextFile(`${folder}/client.ts`, program("client.ts", port));
  const server = run(`${folder}/server.ts`).spawn();
  try {
    await listening(port);
    const client = await run(`${folder}/client.ts`).output();
    assertEquals(new TextDecoder().decode(client.stderr), "");
    assertEquals(new TextDecoder().decode(client.stdout), "You\nasked:\nWhy\nis\nthe\nsky\n");
  } finally {
    server.kill();
    const { stdout } = await server.output();
    await Deno.remove(folder, { recursive: true });
    assertStringIncludes(new TextDecoder().decode(stdout), "[server-side stream]");
  }
});

/** Waits until something listens on the port. */
async function listening(port: number): Promise<void> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The guide's servers and clients that are programs of their own: both run as they stand, and say what they should. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { freePort, listening } from "../support/listening.ts";
import { deno, folderOf, pages, withPrograms } from "./programs.ts";

const WORDS = "You\nasked:\nWhy\nis\nthe\nsky\n";
const LEFT =
  "[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";
const RESET =
  "rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by ServiceA]";

/** The pairs, by their page and the prefix of their files: what the client prints, and the first line of the server's. */
const pairs = [
  { path: "README.md", prefix: "", client: WORDS, server: LEFT },
  { path: "docs/getting-started.md", prefix: "chat_", client: `${WORDS}6 letters\nHELLO\n`, server: LEFT },
  { path: "docs/grpc.md", prefix: "grpc_", client: `${WORDS}WHY? 1\nno question\n`, server: RESET },
  { path: "docs/protobuf.md", prefix: "proto_", client: `${WORDS}WHY?\n2\n`, server: RESET },
] as const;

for (const { path, prefix, client, server: reads } of pairs) {
  Deno.test(`${path}: ${prefix}server.ts and ${prefix}client.ts run, and the server reads who left`, async () => {
    const from = pages.filter((page) => page.path === path);
    await withPrograms(from, async (folder) => {
      const cwd = `${folder}/${from.map(folderOf)[0]}`;
      const port = freePort();
      for (const name of [`${prefix}server.ts`, `${prefix}client.ts`]) await moveTo(port, `${cwd}/${name}`);
      const server = start(cwd, `${prefix}server.ts`);
      try {
        await listening(port);
        const said = await deno(cwd, ["run", "--quiet", "--no-check", "-N", `${prefix}client.ts`]);
        assertEquals(said, { code: 0, stdout: client, stderr: "" });
        assertEquals(await firstLine(server.stdout), reads);
      } finally {
        server.kill();
        await server.status;
      }
    });
  });
}

Deno.test("docs/deployment.md: server.ts ends well when it is told to", async () => {
  const from = pages.filter((page) => page.path === "docs/deployment.md");
  await withPrograms(from, async (folder) => {
    const cwd = `${folder}/${from.map(folderOf)[0]}`;
    const port = freePort();
    await moveTo(port, `${cwd}/server.ts`);
    // It listens a moment before it heeds signals: so it says when it does.
    const code = await Deno.readTextFile(`${cwd}/server.ts`);
    const telling = code.replace("await server.finished;", 'console.log("ready");\nawait server.finished;');
    await Deno.writeTextFile(`${cwd}/server.ts`, telling);
    const server = start(cwd, "server.ts");
    assertEquals(await firstLine(server.stdout), "ready");
    server.kill("SIGTERM");
    assertEquals((await server.status).code, 0);
  });
});

/** Gives a program a port of its own. */
async function moveTo(port: number, path: string): Promise<void> {
  const code = await Deno.readTextFile(path);
  assertStringIncludes(code, "port: 8888");
  await Deno.writeTextFile(path, code.replace("port: 8888", `hostname: "127.0.0.1", port: ${port}`));
}

function start(cwd: string, name: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-N", name],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Of what comes, the first line; the rest is dropped. */
async function firstLine(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  for await (const piece of bytes.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}

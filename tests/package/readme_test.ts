/** What the README says, done as it says: from the IDL, or the generated code of a `.proto`, to the client's output. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { importsForUsers } from "../support/imports.ts";

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
const protobuf = new URL("../../examples/protobuf/", import.meta.url);

const WORDS = "You\nasked:\nWhy\nis\nthe\nsky\n";
const ENDED = "rpc error: code = 1 desc = transport: ";

/** The README's servers and clients, by the prefix of their files: what the client prints, and what the server prints among others. */
const PROGRAMS = [
  { what: "twenty lines each", prefix: "", client: WORDS, server: "[server-side stream]" },
  { what: "server and client of the IDL", prefix: "chat_", client: WORDS, server: "[server-side stream]" },
  {
    what: "server and client of gRPC",
    prefix: "grpc_",
    client: `${WORDS}WHY? 1\nno question\n`,
    server: ENDED,
  },
  {
    what: "server and client of the .proto",
    prefix: "proto_",
    client: `${WORDS}WHY?\n2\n`,
    server: ENDED,
  },
] as const;

/** The block of code in the README that starts with `// name`. */
function block(name: string): string {
  const blocks = readme.split(/^```.*\n/m);
  const code = blocks.find((text) => text.startsWith(`// ${name}`));
  if (code === undefined) throw new Error(`the README has no ${name}`);
  return code;
}

/** The program of that name, with a port of its own. */
function program(name: string, port: number): string {
  const code = block(name).replace("port: 8888", `hostname: "127.0.0.1", port: ${port}`);
  assertStringIncludes(code, String(port));
  return code;
}

/** The README's command line that runs the generator, without `deno`, and with the package that is here. */
async function generating(): Promise<string[]> {
  const name = "@ttstream/ttstream/thriftgen";
  const line = new RegExp(`^deno (.* jsr:${name} .*)$`, "m").exec(readme)?.[1];
  if (line === undefined) throw new Error("the README does not run the generator");
  const imports = await importsForUsers();
  return line.split(" ").map((part) => part === `jsr:${name}` ? imports[name] ?? "" : part);
}

function deno(cwd: string, args: readonly string[]): Deno.Command {
  const env = { NO_COLOR: "1" };
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env,
  });
}

async function outputOf(cwd: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await deno(cwd, args).output();
  const decoder = new TextDecoder();
  assertEquals({ code, stderr: decoder.decode(stderr) }, { code: 0, stderr: "" });
  return decoder.decode(stdout);
}

/** Runs `test` in a folder with the README's files in it, and the module that its command makes of the IDL. */
async function withFiles(port: number, test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const config = { imports: await importsForUsers(), lock: false };
    await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
    await Deno.writeTextFile(`${folder}/chat.thrift`, block("chat.thrift"));
    for (const { prefix } of PROGRAMS) {
      for (const name of [`${prefix}server.ts`, `${prefix}client.ts`]) {
        await Deno.writeTextFile(`${folder}/${name}`, program(name, port));
      }
    }
    await outputOf(folder, await generating());
    await Deno.copyFile(new URL("gen/chat_pb.ts", protobuf), `${folder}/gen/chat_pb.ts`);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

for (const { what, prefix, client, server: reads } of PROGRAMS) {
  Deno.test(`the README's ${what} run as they stand there, and the server reads who cancelled`, async () => {
    const port = freePort();
    await withFiles(port, async (folder) => {
      const server = deno(folder, ["run", "--quiet", "-N", `${prefix}server.ts`]).spawn();
      try {
        await listening(port);
        const said = await outputOf(folder, ["run", "--quiet", "-N", `${prefix}client.ts`]);
        assertEquals(said, client);
      } finally {
        server.kill();
        const { stdout } = await server.output();
        // By then it may have said all it had to say, or not.
        assertStringIncludes(new TextDecoder().decode(stdout), reads);
      }
    });
  });
}

Deno.test("the README's call talks to the server that has just been written, as it says", async () => {
  const name = "@ttstream/ttstream/call";
  const [, line = "", said = ""] = readme.match(
    new RegExp(`^deno (.* jsr:${name} .*)\n\`\`\`\n\n\`\`\`json\n([^]*?)\`\`\`$`, "m"),
  ) ?? [];
  assertStringIncludes(line, "127.0.0.1:8888");
  const imports = await importsForUsers();
  const port = freePort();
  await withFiles(port, async (folder) => {
    const server = deno(folder, ["run", "--quiet", "-N", "chat_server.ts"]).spawn();
    try {
      await listening(port);
      // As a shell takes it apart: what is in quotes is one argument.
      const args = (line.match(/'[^']*'|\S+/g) ?? []).map((part) => part.replaceAll("'", ""));
      const command = args.map((part) =>
        part === `jsr:${name}` ? imports[name] ?? "" : part.replace("8888", `${port}`)
      );
      assertEquals(await outputOf(folder, ["run", "--quiet", "--no-prompt", ...command.slice(1)]), said);
    } finally {
      server.kill();
      await server.output();
    }
  });
});

Deno.test("the README's server and client of the IDL type-check against the generated module", async () => {
  await withFiles(freePort(), async (folder) => {
    await outputOf(folder, ["check", "--quiet", "chat_server.ts", "chat_client.ts"]);
    // So that it is seen that something is checked.
    const wrong = block("chat_client.ts").replace("user: 7n", "user: 7");
    await Deno.writeTextFile(`${folder}/wrong.ts`, wrong);
    const { code, stderr } = await deno(folder, ["check", "--quiet", "wrong.ts"]).output();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stderr), "'bigint'");
  });
});

Deno.test("the README's server and client of the .proto type-check against the generated module", async () => {
  await withFiles(freePort(), async (folder) => {
    await outputOf(folder, ["check", "--quiet", "proto_server.ts", "proto_client.ts"]);
    // So that it is seen that something is checked.
    const wrong = block("proto_client.ts").replace('message: "why?"', "message: 7");
    await Deno.writeTextFile(`${folder}/wrong.ts`, wrong);
    const { code, stderr } = await deno(folder, ["check", "--quiet", "wrong.ts"]).output();
    assertEquals(code, 1);
    assertStringIncludes(new TextDecoder().decode(stderr), "'string'");
  });
});

Deno.test("the README's .proto and buf.gen.yaml are what the example's code was generated of", async () => {
  const said = (text: string) => text.replaceAll(/^ *(\/\/|#).*\n/gm, "").replaceAll(/\n+/g, "\n").trim();
  const proto = await Deno.readTextFile(new URL("chat.proto", protobuf));
  assertEquals(said(block("chat.proto")), said(proto));
  const yaml = /^```yaml\n([^]*?)^```/m.exec(readme)?.[1] ?? "";
  assertEquals(said(yaml), said(await Deno.readTextFile(new URL("buf.gen.yaml", protobuf))));
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

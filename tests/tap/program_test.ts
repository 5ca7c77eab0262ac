/** The tap as a program: between a client and a server, what it prints, and how it ends. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connect, createClient, defineService, implement, type Protocol, ttheader } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { call } from "../../src/call/call.ts";
import { ChatServer, IDL } from "../call/chat_server.ts";
import { text } from "../support/codecs.ts";
import { runCommand, RunningCommand } from "../support/command.ts";
import { tap } from "../../src/tap/tap.ts";
import { CommandHere } from "../support/here.ts";
import { serveLocally } from "../support/loopback.ts";

const Chat = defineService("Chat", {
  ask: { kind: "server", name: "Ask", request: text, response: text },
});

const chat = implement(Chat, {
  async *ask(question, stream) {
    for (const word of question.split(" ")) yield word;
    if (question === "forever") {
      await new Promise((resolve) => stream.signal.addEventListener("abort", resolve));
    }
  },
});

/** What a test has: a server, a tap before it, and what asks through the tap. */
interface Tapped {
  readonly tap: RunningCommand;
  /** The port that the tap listens on. */
  readonly port: number;
  /** Asks, and reads the whole answer. */
  ask(question: string, protocol?: Protocol): Promise<string[]>;
}

async function tapped(args: readonly string[], test: (tapped: Tapped) => Promise<void>): Promise<void> {
  await using server = serveLocally(chat, { protocols: [ttheader(), grpc()], onError() {} });
  const to = `127.0.0.1:${server.addr.port}`;
  await using tap = new RunningCommand("tap", ["--listen", "0", "--to", to, ...args]);
  const said = await tap.stderr.until(/listening on \S+:\d+, .*\n/);
  const port = Number(/:(\d+),/.exec(said)?.[1]);
  assertEquals(said, `tap: listening on 127.0.0.1:${port}, to ${to}\n`);
  await test({
    tap,
    port,
    async ask(question, protocol) {
      await using connection = await connect({ port, serviceName: "ServiceA", protocol });
      return await Array.fromAsync(createClient(Chat, connection).ask(question));
    },
  });
}

/** The lines without their times. */
function untimed(output: string): string[] {
  return output.split("\n").map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
}

for (const [name, protocol] of [["TTHeader Streaming", ttheader()], ["HTTP/2", grpc()]] as const) {
  Deno.test(`the tap shows a stream of ${name}, its life when the client has gone, and ends well at Ctrl-C`, async () => {
    await tapped([], async ({ tap, ask }) => {
      assertEquals(await ask("two words", protocol), ["two", "words"]);
      const output = await tap.stdout.until(/H request header.*\n\n/);
      const lines = untimed(output);
      assertEquals(lines[1], `#1 - - speaks   ${name}`);
      const id = name === "HTTP/2" ? "HEADERS " : "Header  ";
      assertStringIncludes(output, `#1 → 1 ${id} Chat/Ask `);
      assertStringIncludes(output, " Chat/Ask 9 B\n");
      assertMatch(
        output,
        /\n1 stream of 1 connection, \S+ from .*\n +\|0s.*\n#1 1 Chat\/Ask +H.*T 1 → 2 ← ended by the server\n/,
      );
      tap.interrupt();
      const { code, stdout, stderr } = await tap.end();
      assertEquals([code, stdout], [0, output]);
      assertMatch(stderr, /^tap: listening .*\n$/);
    });
  });
}

Deno.test("the tap has no colours where nobody looks at a terminal", async () => {
  await tapped(["--once"], async ({ tap, ask }) => {
    await ask("hi");
    const { stdout } = await tap.end();
    assertEquals(stdout.includes("\x1b"), false);
  });
});

Deno.test("with --once the tap ends with its clients, and Ctrl-C shows streams that go on", async () => {
  await tapped(["--once"], async ({ tap, ask }) => {
    const asked = ask("forever").then(() => "answered", (error) => error.message);
    await tap.stdout.until(/← 1 Data/);
    tap.interrupt();
    const { code, stdout } = await tap.end();
    assertEquals(code, 0);
    assertMatch(stdout, /#1 1 Chat\/Ask +H.* 1 → 1 ← still open\n/);
    assertEquals(stdout.match(/^H request header/gm)?.length, 1);
    assertMatch(await asked, /code=12006/);
  });
});

Deno.test("the tap ends at SIGTERM as at Ctrl-C", async () => {
  await tapped([], async ({ tap, ask }) => {
    const asked = ask("forever").then(() => "answered", (error) => error.message);
    await tap.stdout.until(/← 1 Data/);
    tap.interrupt("SIGTERM");
    const { code, stdout } = await tap.end();
    assertEquals(code, 0);
    assertMatch(stdout, /#1 1 Chat\/Ask +H.* 1 → 1 ← still open\n/);
    assertMatch(await asked, /code=12006/);
  });
});

Deno.test("a server that cannot be reached is said to be, whatever is looked for", async () => {
  await using server = new ChatServer();
  const { address } = server;
  await server[Symbol.asyncDispose]();
  const command = new CommandHere(tap, ["--listen", "0", "--to", address, "--once", "--method", "Ask"]);
  const port = Number(/:(\d+),/.exec(await command.said(/listening on \S+:\d+, /))?.[1]);
  const client = await Deno.connect({ hostname: "127.0.0.1", port });
  const { stdout } = await command.ended;
  client.close();
  assertMatch(stdout, /^\S+ #1 - - unreachable .*ECONNREFUSED.*\n$/);
});

Deno.test("--json prints an object a line, and the lives of the streams last", async () => {
  await tapped(["--json", "--once"], async ({ tap, ask }) => {
    await ask("hi");
    const { stdout } = await tap.end();
    const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(
      events.map(({ kind }) => kind),
      [
        "connected",
        "speaks",
        "Header",
        "Data",
        "Trailer",
        "Header",
        "Data",
        "Trailer",
        "closed",
        "closed",
        "stream",
      ],
    );
    const { time, ...header } = events[2];
    assertMatch(time, /^\d{4}-\d\d-\d\dT.*Z$/);
    assertEquals(header, {
      connection: 1,
      from: "client",
      stream: 1,
      kind: "Header",
      method: "Chat/Ask",
      keys: { isn: "Chat" },
    });
    const { method, requests, responses, end } = events.at(-1);
    assertEquals(
      { method, requests, responses, end },
      { method: "Chat/Ask", requests: 1, responses: 1, end: { how: "well", by: "server", text: "" } },
    );
  });
});

Deno.test("--method shows the streams of that method alone", async () => {
  await tapped(["--once", "--method", "Other"], async ({ tap, ask }) => {
    await ask("hi");
    assertEquals((await tap.end()).stdout, "");
  });
});

Deno.test("a tap whose output nobody reads any more ends quietly", async () => {
  await tapped([], async ({ tap, ask }) => {
    await ask("hi");
    await tap.stdout.until(/connected/);
    await tap.stdout.close();
    await ask("hi").catch(() => {
      // The tap may end before the stream does.
    });
    assertEquals(await tap.code(), 0);
    assertMatch(await tap.stderr.toEnd(), /^tap: listening .*\n$/);
  });
});

Deno.test("a server that cannot be reached is said to be", async () => {
  const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = unused.addr;
  unused.close();
  await using tap = new RunningCommand("tap", ["--listen", "0", "--to", `:${port}`, "--once"]);
  const said = await tap.stderr.until(/listening on \S+:\d+, .*\n/);
  const client = await Deno.connect({ hostname: "127.0.0.1", port: Number(/:(\d+),/.exec(said)?.[1]) });
  const { code, stdout } = await tap.end();
  client.close();
  assertEquals(code, 0);
  assertMatch(stdout, /#1 - - unreachable .*ECONNREFUSED/);
});

Deno.test("a tap that cannot listen says where, with exit code 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, stdout, stderr } = await runCommand("tap", ["--listen", String(port), "--to", "127.0.0.1:1"]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, new RegExp(`^tap: cannot listen on 127\\.0\\.0\\.1:${port}: .*\n$`));
});

Deno.test("tap --help shows the three commands that people need most", async () => {
  const { code, stdout, stderr } = await runCommand("tap", ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.match(/^ {2}deno run -NR jsr:@ttstream\/ttstream\/tap .*$/gm)?.length, 3);
});

Deno.test("a program with wrong arguments says its name, what is wrong, and where to look", async () => {
  const { code, stdout, stderr } = await runCommand("tap", ["--listen", "9000"]);
  assertEquals([code, stdout, stderr], [2, "", "tap: expected --to HOST:PORT\nTry --help.\n"]);
});

Deno.test("the tap shows messages as JSON by an IDL, until Ctrl-C", async () => {
  await using server = new ChatServer();
  const command = new CommandHere(tap, [
    "--listen",
    "0",
    "--to",
    server.address,
    "--idl",
    IDL,
    "--stream",
    "1",
  ]);
  const port = Number(/:(\d+),/.exec(await command.said(/listening on \S+:\d+, /))?.[1]);
  const called = new CommandHere(call, ["--idl", IDL, `:${port}`, "Chat/Ask", "-d", '{"text":"hi"}']);
  assertEquals(await called.ended, { code: 0, stdout: '{"text":"hi"}\n', stderr: "" });
  command.interrupt();
  const { code, stdout } = await command.ended;
  assertEquals(code, 0);
  assertStringIncludes(stdout, '#1 → 1 Data     Chat/Ask 10 B {"text":"hi"}\n');
  assertStringIncludes(stdout, '#1 ← 1 Data     Chat/Ask 10 B {"text":"hi"}\n');
});

/** Wrong arguments, and what is said of them. */
const wrong: readonly (readonly [readonly string[], string])[] = [
  [[], "expected --listen [HOST:]PORT"],
  [["--listen", "9000"], "expected --to HOST:PORT"],
  [["--listen", "9000", "--to", "host"], '--to must be HOST:PORT, with a port from 1 to 65535, got "host"'],
  [
    ["--listen", "99999", "--to", "a:1"],
    '--listen must be HOST:PORT, with a port from 0 to 65535, got "99999"',
  ],
  [
    ["--listen", "1", "--to", "a:1", "--stream", "x"],
    '--stream must be a stream\'s id, or CONNECTION/ID, got "x"',
  ],
  [["--listen", "9000", "--to", ":9000"], "--to is where the tap itself listens"],
  [["--listen", "9000", "--to", "localhost:9000"], "--to is where the tap itself listens"],
  [["--listen", "0.0.0.0:9000", "--to", "[::1]:9000"], "--to is where the tap itself listens"],
  [["--listen", "1", "--to", "a:1", "b"], '"b" belongs to no option'],
  [["--lissten", "1"], "Unknown option '--lissten'"],
  [["--listen"], "Option '--listen <value>' argument missing"],
  [["--to", "a:1", "--to", "b:1"], "--to was given twice"],
];

for (const [args, said] of wrong) {
  Deno.test(`tap ${args.join(" ")} ends with exit code 2, and says what is wrong`, async () => {
    assertEquals(await new CommandHere(tap, args).ended, { code: 2, stdout: "", stderr: `${said}\n` });
  });
}

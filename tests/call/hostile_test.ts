/** `call` against servers that hang, that never stop, and that would write to the terminal. */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { type Codec, defineService, implement, route } from "../../mod.ts";
import { call } from "../../src/call/call.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { CommandHere } from "../support/here.ts";
import { serveLocally } from "../support/loopback.ts";
import { IDL } from "./chat_server.ts";
import { serveDisguised, servicesResponse } from "./reflecting_server.ts";

const raw: Codec<Uint8Array> = { encode: (message) => message, decode: (payload) => payload.slice() };

const Reflection = defineService("grpc.reflection.v1.ServerReflection", {
  info: { kind: "bidirectional", name: "ServerReflectionInfo", request: raw, response: raw },
});

/** A server that takes connections, reads, and says nothing, not even at their ends. */
class SilentServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections: Deno.Conn[] = [];
  readonly #connected = Promise.withResolvers<void>();
  readonly #accepting = this.#accept();
  readonly address = `127.0.0.1:${this.#listener.addr.port}`;

  /** Resolves when somebody has connected, and sent something. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    for (const connection of this.#connections) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.push(connection);
      if (await connection.read(new Uint8Array(1)) !== null) this.#connected.resolve();
    }
  }
}

for (const protocol of ["ttheader", "grpc"] as const) {
  Deno.test(`over ${protocol} a server that hangs does not keep a call beyond its time`, async () => {
    await using server = new SilentServer();
    const startedAt = performance.now();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ask", "--timeout", "100ms"];
    assertEquals((await new CommandHere(call, args).ended).code, 4);
    assertLess(performance.now() - startedAt, 2_000);
  });

  Deno.test(`over ${protocol} a server that hangs does not keep a call that Ctrl-C has cancelled`, async () => {
    await using server = new SilentServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ask"];
    const command = new CommandHere(call, args);
    await server.connected;
    const startedAt = performance.now();
    command.interrupt();
    assertEquals((await command.ended).code, 130);
    assertLess(performance.now() - startedAt, 2_000);
  });
}

for (const args of [["--list"], ["Chat/Ask"]]) {
  Deno.test(`the time-out of ${args.join(" ")} goes for what the server is asked about itself, too`, async () => {
    await using server = new SilentServer();
    const { code, stderr } = await new CommandHere(call, [server.address, ...args, "--timeout", "100ms"])
      .ended;
    assertEquals([code, stderr], [4, "call: rpc error: code = 4 desc = context deadline exceeded\n"]);
  });
}

Deno.test("a reflection service that goes on and on is left after its second answer", async () => {
  const reflection = implement(Reflection, {
    async *info() {
      for (;;) yield servicesResponse(["demo.Clock"]);
    },
  });
  await using server = serveLocally(route(reflection), { protocols: [grpc()] });
  assertEquals(await new CommandHere(call, [`127.0.0.1:${server.addr.port}`, "--list"]).ended, {
    code: 1,
    stdout: "",
    stderr: "call: the server's reflection service has answered twice\n",
  });
});

/** Arguments behind the address of a server whose every name and value has an escape sequence, and what becomes of it. */
const disguised: readonly (readonly [readonly string[], number, RegExp])[] = [
  [["demo.Nothing/Tick"], 2, /^there is no service "demo.Nothing", only demo.Clock, demo.Ev\\u001b\[2Jil\n$/],
  [
    ["demo.Clock/Tick", "-d", "7"],
    2,
    /TickRequest \{\n {2}int32 how\\u001b\[2J\\u000aMany\n\}\n$/,
  ],
];

/** What a terminal would obey. */
function controlsIn(text: string): string[] {
  return [...text].filter((character) => character < " " && character !== "\n" || character === "\x9b");
}

for (const [args, code, said] of disguised) {
  Deno.test(`what a server would do to the terminal is shown instead: ${JSON.stringify(args)}`, async () => {
    await using server = serveDisguised();
    const ended = await new CommandHere(call, [`127.0.0.1:${server.addr.port}`, ...args]).ended;
    assertEquals(ended.code, code);
    assertMatch(ended.stderr, said);
    assertEquals(controlsIn(ended.stderr + ended.stdout), []);
  });
}

Deno.test("what a header would do to the terminal is shown instead", async () => {
  await using server = serveLocally((stream) => {
    stream.trailer.set("to\x1b[2Jkens", "v\x9b2J\nvalue");
  });
  const args = ["--idl", IDL, `127.0.0.1:${server.addr.port}`, "Chat/Ask", "-v"];
  assertEquals(await new CommandHere(call, args).ended, {
    code: 0,
    stdout: "",
    stderr: "trailer to\\u001b[2Jkens=v\\u009b2J\\u000avalue\n",
  });
});

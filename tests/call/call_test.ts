/** `call`: every kind of method, over both protocols, and, as a program, how it ends. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCommand, RunningCommand } from "../support/command.ts";
import { call } from "../../src/call/call.ts";
import { CommandHere } from "../support/here.ts";
import { ChatServer, IDL } from "./chat_server.ts";

const protocols = ["ttheader", "grpc"] as const;

/** Where the certificates are. */
const TLS = "tests/data/tls/";

/** A call, what it reads on stdin, what it prints, and its exit code. */
interface Case {
  readonly method: string;
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly stdout: string;
  /** Without the command's name. */
  readonly stderr?: string;
  readonly code?: number;
}

const cases: readonly Case[] = [
  { method: "Ask", args: ["-d", '{"text":"two words"}'], stdout: '{"text":"two"}\n{"text":"words"}\n' },
  { method: "Ask", args: ["-d", '{"text":"x","user":"7","mood":"BAD"}'], stdout: '{"text":"x"}\n' },
  { method: "Talk", stdin: '{"text":"a"}\n\n{"text":"b"}', stdout: '{"text":"A"}\n{"text":"B"}\n' },
  {
    method: "Talk",
    args: ["-d", '{"text":"a"}', "-d", '{"text":"b"}'],
    stdout: '{"text":"A"}\n{"text":"B"}\n',
  },
  { method: "Count", stdin: '{"text":"a"}\n{"text":"b"}\n', stdout: '{"text":"2"}\n' },
  { method: "Count", stdin: "", stdout: '{"text":"0"}\n' },
  { method: "Add", args: ["-d", '{"a":1,"b":2}'], stdout: "3\n" },
  { method: "Cheer", args: ["--data", '"BAD"'], stdout: '"GOOD"\n' },
  { method: "Withdraw", args: ["-d", '"1"'], stdout: '"0"\n' },
  { method: "Withdraw", args: ["-d", "5"], stdout: "", stderr: 'Overdrawn: {"missing":"5"}', code: 1 },
  { method: "Ping", stdout: '"pong"\n' },
  { method: "Forget", args: ["-d", '"me"'], stdout: "" },
  {
    method: "Ask",
    args: ["-d", '{"text":"business"}'],
    stdout: "",
    stderr: 'biz error: code=404, msg=no such model, extra={"model":"gpt-0"}',
    code: 1,
  },
];

for (const protocol of protocols) {
  for (const { method, args = [], stdin, stdout, stderr, code = 0 } of cases) {
    const name = [method, ...args, ...(stdin === undefined ? [] : [JSON.stringify(stdin)])].join(" ");
    Deno.test(`over ${protocol} ${name} ends with exit code ${code}`, async () => {
      await using server = new ChatServer();
      const all = ["--idl", IDL, "--protocol", protocol, server.address, `Chat/${method}`, ...args];
      assertEquals(await new CommandHere(call, all, stdin).ended, {
        code,
        stdout,
        stderr: stderr === undefined ? "" : `call: ${stderr}\n`,
      });
    });
  }

  Deno.test(`over ${protocol} a oneway method is called, and not waited for`, async () => {
    await using server = new ChatServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Log", "-d", '"a line"'];
    assertEquals(await runCommand("call", args), { code: 0, stdout: "", stderr: "" });
    await server.whenLogged;
    assertEquals(server.logged, ["a line"]);
  });

  Deno.test(`over ${protocol} a handler's error is printed, with exit code 1`, async () => {
    await using server = new ChatServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ask", "-d", '{"text":"boom"}'];
    const { code, stdout, stderr } = await runCommand("call", args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^call: .*boom.*\n$/);
  });

  Deno.test(`over ${protocol} Ctrl-C cancels the stream at the server, and says so, with exit code 130`, async () => {
    await using server = new ChatServer();
    const args = [
      "--idl",
      IDL,
      "--protocol",
      protocol,
      server.address,
      "Chat/Ask",
      "-d",
      '{"text":"forever"}',
    ];
    await using command = new RunningCommand("call", args);
    await command.stdout.until(/\n/);
    // As whoever sends it to the process and to its group: it is one all the same.
    command.interrupt();
    command.interrupt();
    const { code, stdout, stderr } = await command.end();
    assertEquals([code, stdout], [130, '{"text":"forever"}\n']);
    assertMatch(
      stderr,
      protocol === "grpc" ? /^call: rpc error: code = 1 desc = .*\n$/ : /^call: .*code=12007.*\n$/,
    );
    assertMatch(
      (await server.cancelled).message,
      protocol === "grpc" ? /code = 1 / : /canceled path: call\]/,
    );
  });

  Deno.test(`over ${protocol} SIGTERM cancels the stream as well, with exit code 143`, async () => {
    await using server = new ChatServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ask"];
    await using command = new RunningCommand("call", [...args, "-d", '{"text":"forever"}']);
    await command.stdout.until(/\n/);
    command.interrupt("SIGTERM");
    assertEquals((await command.end()).code, 143);
    assertMatch(
      (await server.cancelled).message,
      protocol === "grpc" ? /code = 1 .*error code: CANCEL/ : /canceled path: call\]/,
    );
  });

  Deno.test(`over ${protocol} a reader that has what it wants cancels the stream, quietly`, async () => {
    await using server = new ChatServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ask", "-d", '{"text":"many"}'];
    await using command = new RunningCommand("call", args);
    await command.stdout.until(/\n/);
    await command.stdout.close();
    assertEquals([await command.code(), await command.stderr.toEnd()], [0, ""]);
    await server.cancelled;
  });

  Deno.test(`over ${protocol} a call that takes too long ends with exit code 4`, async () => {
    await using server = new ChatServer();
    const target = [server.address, "Chat/Ask", "-d", '{"text":"forever"}', "--timeout", "300ms"];
    const { code, stdout, stderr } = await runCommand("call", [
      "--idl",
      IDL,
      "--protocol",
      protocol,
      ...target,
    ]);
    assertEquals([code, stdout], [4, '{"text":"forever"}\n']);
    assertMatch(stderr, protocol === "grpc" ? /code = 4 / : /code=12015/);
    await server.cancelled;
  });

  Deno.test(`over ${protocol} metainfo and metadata go along, and --verbose prints what comes back`, async () => {
    await using server = new ChatServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ask", "-d", '{"text":"hi"}'];
    const pairs = ["--metainfo", "USER=7", "--transient", "STEP=a=b", "--metadata", "x-key=v", "-v"];
    const { code, stderr } = await runCommand("call", [...args, ...pairs]);
    assertEquals(code, 0);
    assertStringIncludes(stderr, "trailer tokens=2\n");
    const { metainfo, metadata } = server.asked ?? {};
    assertEquals(metainfo?.persistent.get("USER"), "7");
    assertEquals(metainfo?.transient.get("STEP"), "a=b");
    assertEquals(metadata?.get("x-key"), "v");
  });

  Deno.test(`over ${protocol} a wrong line of stdin ends the call, and says what is wanted`, async () => {
    await using server = new ChatServer();
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Talk"];
    const { code, stderr } = await runCommand("call", args, { stdin: '{"text":"a"}\n{"txet":"b"}\n' });
    assertEquals(code, 2);
    assertEquals(
      stderr,
      'call: line 2 of stdin is not what Talk wants: Question: has no field "txet"\n' +
        "struct Question {\n  string text\n  optional i64 user\n  optional Mood mood\n}\n",
    );
  });
}

Deno.test("a method that streams requests is called as a program, with its requests on stdin", async () => {
  await using server = new ChatServer();
  const args = ["--idl", IDL, server.address, "Chat/Talk"];
  assertEquals(await runCommand("call", args, { stdin: '{"text":"a"}\n\n{"text":"b"}' }), {
    code: 0,
    stdout: '{"text":"A"}\n{"text":"B"}\n',
    stderr: "",
  });
});

Deno.test("a request on stdin that is no UTF-8 is not sent as something else", async () => {
  await using server = new ChatServer();
  const stdin = ReadableStream.from([Uint8Array.of(0x22, 0xff, 0x22, 0x0a)]);
  const args = ["--idl", IDL, server.address, "Chat/Talk"];
  const { code, stdout, stderr } = await new CommandHere(call, args, stdin).ended;
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^call: stdin cannot be read: .*\n$/);
});

Deno.test({
  name: "an output that cannot be written is said to be, with exit code 1",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = new ChatServer();
    const main = new URL("../../src/call/main.ts", import.meta.url).pathname;
    const command = [Deno.execPath(), "run", "-q", "--no-check", "-NR", main, "--idl", IDL, server.address];
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", 'exec "$@" >/dev/full', "sh", ...command, "Chat/Ping"],
    }).output();
    assertEquals(code, 1);
    assertMatch(new TextDecoder().decode(stderr), /^call: cannot write its output: No space left .*\n$/);
  },
});

Deno.test("a call that has ended does not wait for what is typed on stdin", async () => {
  await using server = new ChatServer();
  const typing = Promise.withResolvers<void>();
  const stdin = new ReadableStream<string>({
    async start(controller) {
      controller.enqueue('{"text":"a"}\n');
      await typing.promise;
      controller.close();
    },
  });
  const args = ["--idl", IDL, server.address, "Chat/Talk", "--timeout", "500ms"];
  await using command = new RunningCommand("call", args, { stdin });
  const code = await command.exited();
  typing.resolve();
  assertEquals(code, 4);
});

for (const protocol of protocols) {
  Deno.test(`over ${protocol} a server with a certificate of --ca is called over TLS, and without it is not`, async () => {
    const [cert, key] = await Promise.all(
      ["localhost.pem", "localhost-key.pem"].map((name) => Deno.readTextFile(TLS + name)),
    );
    await using server = new ChatServer({ cert, key });
    const args = ["--idl", IDL, "--protocol", protocol, server.address, "Chat/Ping"];
    assertEquals(await runCommand("call", [...args, "--ca", `${TLS}ca.pem`]), {
      code: 0,
      stdout: '"pong"\n',
      stderr: "",
    });
    const untrusted = await new CommandHere(call, [...args, "--tls"]).ended;
    assertEquals([untrusted.code, untrusted.stdout], [3, ""]);
    assertMatch(untrusted.stderr, /^call: cannot connect to \S+: invalid peer certificate: /);
  });
}

Deno.test("a server that is not there is exit code 3", async () => {
  const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = unused.addr;
  unused.close();
  const { code, stdout, stderr } = await runCommand("call", ["--idl", IDL, `:${port}`, "Chat/Ping"]);
  assertEquals([code, stdout], [3, ""]);
  assertMatch(stderr, new RegExp(`^call: cannot connect to 127\\.0\\.0\\.1:${port}: .*\n$`));
});

Deno.test("a server that takes no connection in time is exit code 3", async () => {
  // Nobody accepts, and TLS waits for an answer.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const args = ["--idl", IDL, "--tls", `:${listener.addr.port}`, "Chat/Ping", "--timeout", "300ms"];
  const { code, stderr } = await runCommand("call", args);
  assertEquals(code, 3);
  assertMatch(stderr, /not connected after 300 ms/);
});

/** What `call` says of wrong arguments and requests, before it connects to anybody; its help; its lists. */
import { assertEquals, assertMatch } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { call } from "../../src/call/call.ts";
import { CommandHere } from "../support/here.ts";
import { IDL } from "./chat_server.ts";

const QUESTION = "struct Question {\n  string text\n  optional i64 user\n  optional Mood mood\n}";

const ADVICE = "\nTry --help.";

/** Arguments behind `--idl FILE`, and what is said of them. */
const wrong: readonly (readonly [readonly string[], string])[] = [
  [[], "expected HOST:PORT SERVICE/METHOD\nTry --help."],
  [[":1"], "expected SERVICE/METHOD after the server's address\nTry --help."],
  [[":1", "Ask"], 'the method must be SERVICE/METHOD, as in Chat/Ask, got "Ask"\nTry --help.'],
  [
    ["host", "Chat/Ask"],
    'the server must be HOST:PORT, with a port from 1 to 65535, got "host"\nTry --help.',
  ],
  [[":1", "Chat/Ask", "x"], '"x" is one argument too many\nTry --help.'],
  [
    [":1", "Chat/Ask", "--timeout", "5"],
    '--timeout must be a time such as 5s, 300ms or 2m, got "5"\nTry --help.',
  ],
  [[":1", "Chat/Ask", "--metainfo", "x"], '--metainfo must be KEY=VALUE, got "x"\nTry --help.'],
  [[":1", "Chat/Ask", "--protocol", "http"], '--protocol must be ttheader or grpc, got "http"\nTry --help.'],
  [
    ["./chat.sock", "Chat/Ask", "--tls"],
    "there is no TLS over a Unix socket, such as ./chat.sock\nTry --help.",
  ],
  [[":1", "Chat/Ask", "--ca", IDL], `--ca: no PEM certificate in ${IDL}\nTry --help.`],
  [[":1", "Chatter/Ask"], 'there is no service "Chatter", only Chat\nTry --help.'],
  [
    [":1", "Chat/Aks"],
    'Chat has no method "Aks", only Ask, Talk, Count, Add, Withdraw, Cheer, Ping, Forget, Log\nTry --help.',
  ],
  [
    [":1", "Chat/Ask", "-d", "{"],
    "--data is no JSON: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
  ],
  [
    [":1", "Chat/Ask", "-d", '{"text":7}'],
    `--data is not what Ask wants: Question.text: expected a string, got the number 7\n${QUESTION}`,
  ],
  [
    [":1", "Chat/Add", "-d", '{"a":1,"c":2}'],
    '--data is not what Add wants: Add.args: has no field "c"\nan object with its arguments {\n  i32 a\n  i32 b\n}',
  ],
  [
    [":1", "Chat/Cheer", "-d", '"SAD"'],
    '--data is not what Cheer wants: Cheer.args.mood: Mood has no value "SAD"\nMood: GOOD, BAD',
  ],
];

for (const [args, said] of wrong) {
  Deno.test(`call ${args.join(" ")} ends with exit code 2, and says what is wrong`, async () => {
    const { code, stdout, stderr } = await new CommandHere(call, ["--idl", IDL, ...args]).ended;
    // The program puts its name before wrong arguments, and its advice behind them.
    assertEquals([code, stdout], [2, ""]);
    assertEquals(stderr.replace(/^call: /, ""), `${said.replace(ADVICE, "")}\n`);
  });
}

Deno.test("a program with wrong arguments says its name, what is wrong, and where to look", async () => {
  const { code, stdout, stderr } = await runCommand("call", ["--idl", IDL]);
  assertEquals([code, stdout, stderr], [2, "", `call: expected HOST:PORT SERVICE/METHOD${ADVICE}\n`]);
});

Deno.test("a TTHeader server cannot be asked for its services", async () => {
  const { code, stderr } = await runCommand("call", ["--protocol", "ttheader", ":1", "Chat/Ask"]);
  assertEquals(code, 2);
  assertMatch(stderr, /^call: expected --idl FILE: /);
});

Deno.test("what is wrong with an IDL is said with its place", async () => {
  const missing = await runCommand("call", ["--idl", "tests/call/missing.thrift", "--list"]);
  assertEquals([missing.code, missing.stderr], [2, "call: tests/call/missing.thrift: no such file\n"]);
  const path = await Deno.makeTempFile({ suffix: ".thrift" });
  try {
    await Deno.writeTextFile(path, "service Chat {\n  Word Ask(1: string text)\n}\n");
    const { code, stderr } = await runCommand("call", ["--idl", path, "--list"]);
    assertEquals(code, 2);
    assertMatch(stderr, /:2:3: expected .*Word/);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("--list prints the services and methods of an IDL, and connects to nobody", async () => {
  const { code, stdout, stderr } = await runCommand("call", ["--idl", IDL, "--list"]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(
    stdout,
    `Chat
  Word Ask(Question question) (streaming.mode="server")
  Word Talk(Question question) (streaming.mode="bidirectional")
  Word Count(Question question) (streaming.mode="client")
  i32 Add(i32 a, i32 b)
  i64 Withdraw(i64 amount) throws (Overdrawn overdrawn)
  Mood Cheer(Mood mood)
  string Ping()
  void Forget(string name)
  oneway void Log(string line)
`,
  );
});

Deno.test("call --help shows the three commands that people need most, and the exit codes", async () => {
  const { code, stdout, stderr } = await runCommand("call", ["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.match(/^ {2}deno run -NR jsr:@ttstream\/ttstream\/call .*$/gm)?.length, 3);
  assertMatch(stdout, /Exit codes: 0 ended well, 1 .*, 2 .*, 3 .*,\n4 .*, 130 /);
});

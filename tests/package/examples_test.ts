/** The examples, run by the commands that they name themselves. */
import { assert, assertEquals, assertLess } from "@std/assert";

const examples = new URL("../../examples/", import.meta.url);

const canceled = (path: string) =>
  `[ttstream error, code=12007] [server-side stream] [canceled path: ${path}] user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively`;

/** What each of them prints. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  "business_error.ts": [
    '"Rivers", page 1',
    '"Rivers", the end',
    '"Dreams", page 1',
    "no: 404 page 2 is lost, shelf 7",
    "server: Read failed: Error: the lamp went out",
    '"Tides", page 1',
    "failed: [ttstream error, code=12001] [client-side stream] biz error: the lamp went out",
  ],
  "cascade.ts": [
    "A: why?",
    `B: ${canceled("ServiceA")}`,
    `C: ${canceled("ServiceA -> ServiceB")}`,
  ],
  "dynamic.ts": [
    "left: 1",
    '{"amount":"7","kind":"PAYMENT"}',
    '{"amount":"5","kind":"GIFT","receipt":"dGhhbmtz"}',
    'Overdrawn {"missing":"2"}',
    '[ttstream error, code=12008] [client-side stream] Withdraw.args.amount: expected an integer of 64 bits, got "much"',
  ],
  "echo.ts": ["HELLO", "AND", "GOODBYE"],
  "http_gateway.ts": [
    "first user: word 1 word 2 word 3 ",
    "second user: that will do",
    `chat: ${canceled("Gateway")}`,
  ],
  "grpc.ts": [
    "ttheader: why?",
    `ttheader: server: ${canceled("ServiceA")}`,
    "ttheader: client: [ttstream error, code=12001] [client-side stream] biz error: rpc error: code = 3 desc = no question",
    "grpc: why?",
    "grpc: server: rpc error: code = 1 desc = transport: RSTStream Frame received with error code: CANCEL [triggered by ServiceA]",
    "grpc: client: rpc error: code = 3 desc = no question",
    "grpc: BYE",
  ],
  "many_cores.ts": ["a worker listens on every core", "every worker has answered"],
  "protobuf.ts": ["WHY?", "blue", "sky", "3 words"],
  "observe/access_log.ts": [
    '{"time":"…","call":"Chat/Ask","user":"ann","ms":…,"messages":1,"outcome":"ok"}',
    '{"time":"…","call":"Chat/Ask","user":"ann","ms":…,"messages":0,"outcome":"business error","code":400}',
    '{"time":"…","call":"Chat/Ask","user":"ann","ms":…,"messages":1,"outcome":"canceled","code":12007,"by":"ServiceA"}',
    '{"time":"…","call":"Library/Read","ms":…,"messages":0,"outcome":"application","code":12001}',
  ],
  "observe/authentication.ts": ["401 who are you?", "401 who are you?", "ann, why?", "the method ran 1 time"],
  "observe/rate_limit.ts": [
    "blue: why?",
    "blue: why?",
    "blue: 429 blue has had 2 calls, again in 30 s",
    "green: why?",
  ],
  "observe/redaction.ts": [
    "ours: 12007",
    "third party: 12007",
    "our own log: Error: password of 10.1.2.3 has expired",
    "caller: biz error: internal error",
  ],
  "observe/usage.ts": [
    "ann: complete, so far 2 messages, 4 tokens",
    "ann: cancelled by ServiceA, so far 4 messages, 8 tokens",
    "bob: complete, so far 2 messages, 4 tokens",
  ],
  "observe/who_cancels_whom.ts": [
    "Gateway                cancelled ServiceB.Ask      1 ×",
    "Gateway -> ServiceB    cancelled ServiceC.Ask      1 ×",
    "ServiceA               cancelled ServiceB.Ask      2 ×",
    "ServiceA -> ServiceB   cancelled ServiceC.Ask      2 ×",
  ],
  "server_streaming.ts": [
    "client: 40",
    "client: 41",
    "client: 42",
    `server: ${canceled("CounterClient")}`,
  ],
};

Deno.test("every example is run here", async () => {
  const files: string[] = [];
  for (const folder of ["", "observe/"]) {
    for await (const { name } of Deno.readDir(new URL(folder, examples))) files.push(folder + name);
  }
  assertEquals(files.filter((name) => name.endsWith(".ts")).sort(), Object.keys(outputs).sort());
});

for (const [name, lines] of Object.entries(outputs)) {
  Deno.test(`examples/${name} prints what it says, ends by itself, and is short`, async () => {
    const source = await Deno.readTextFile(new URL(name, examples));
    assertLess(source.split("\n").length, 61);

    const command = /^ \* +deno (run .+)$/m.exec(source)?.[1]?.split(" ");
    assert(command !== undefined, "its first comment has no line `deno run …`");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...command.slice(1)],
      cwd: new URL("../../", import.meta.url),
      env: { NO_COLOR: "1", NO_PROXY: "127.0.0.1" },
      stdin: "null",
      // Generous: where it strikes, the example hangs.
      signal: AbortSignal.timeout(60_000),
    }).output();
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stderr), "");
    // What the clock says is another time another.
    const printed = decoder.decode(stdout).replaceAll(/"time":"[^"]+"/g, '"time":"…"').replaceAll(
      /"ms":\d+/g,
      '"ms":…',
    );
    assertEquals(printed.split("\n"), [...lines, ""]);
    assertEquals(code, 0);
  });
}

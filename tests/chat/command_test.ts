/** `deno task chat`, as people run it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RUN } from "./chat_process.ts";

const root = new URL("../../", import.meta.url);

function run(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...RUN, "examples/chat/main.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

Deno.test("the task runs the chat by the command that is tested here", async () => {
  const config = await Deno.readTextFile(new URL("deno.json", root));
  assertStringIncludes(config, "deno run -A --unstable-no-legacy-abort examples/chat/main.ts");
});

for (
  const args of [["--port", "0"], ["--port", "0", "--host", "0.0.0.0", "--protocol", "grpc"], [
    "--port",
    "0",
    "--host",
    "::1",
  ]]
) {
  Deno.test(`the chat with ${args.join(" ")} prints its address, serves its page there, and ends by SIGTERM`, async () => {
    const child = run(...args).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await output.read();
    const url = /^The chat is at (http:\/\/(?:127\.0\.0\.1|\[::1\]):\d+\/)\n$/.exec(value)?.[1];
    assert(url !== undefined, value);
    const page = await fetch(url);
    assertStringIncludes(await page.text(), "<title>ttstream chat</title>");
    const info = await (await fetch(`${url}api/info`)).json();
    assertEquals(info.protocol, args.includes("grpc") ? "grpc" : "ttheader");
    child.kill("SIGTERM");
    await output.cancel();
    assertEquals(await new Response(child.stderr).text(), "");
    assertEquals((await child.status).signal, "SIGTERM");
  });
}

for (
  const [args, words] of [
    [["--port", "x"], "--port must be 0 to 65535, got x"],
    [["--port", ""], "--port must be 0 to 65535, got "],
    [["--port", "70000"], "--port must be 0 to 65535, got 70000"],
    [["--protocol", "http"], "--protocol must be ttheader or grpc, got http"],
    [["--model", "localhost"], "--model must be HOST:PORT, got localhost"],
    [["--service-a", "host:99999"], "--service-a must be 0 to 65535, got 99999"],
  ] as const
) {
  Deno.test(`the chat refuses ${args.join(" ")}`, async () => {
    const { code, stderr } = await run(...args).output();
    assertEquals(code, 2);
    assertStringIncludes(new TextDecoder().decode(stderr), words);
  });
}

Deno.test("a port that is taken is an error in words", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stderr } = await run("--port", String(taken.addr.port)).output();
  assertEquals(code, 1);
  assertEquals(
    new TextDecoder().decode(stderr),
    `the port ${taken.addr.port} is taken: give another with --port N\n`,
  );
});

Deno.test("an address that is not this machine's is an error in words", async () => {
  const { code, stderr } = await run("--port", "0", "--host", "192.0.2.1").output();
  assertEquals(code, 1);
  assertMatch(new TextDecoder().decode(stderr), /^cannot listen on 192\.0\.2\.1, port 0: [^\n]+\n$/);
});

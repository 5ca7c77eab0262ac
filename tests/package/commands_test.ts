/** What the commands of this repository do with a flag that they do not know: nothing. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";

const root = new URL("../../", import.meta.url);

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command that may neither start, read nor write anything. */
async function run(path: string, args: readonly string[]): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // npm's `thrift` looks round when it is loaded.
    args: ["run", "--quiet", "--no-prompt", "--allow-env", path, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The commands, and the flags they have beside `--help`. */
const commands: readonly (readonly [string, readonly string[]])[] = [
  ["bench/many_cores.ts", ["--quick"]],
  ["bench/run.ts", ["--quick", "--only TEXT", "--no-growth"]],
  ["bench/thrift_codec.ts", ["--quick"]],
  ["examples/chat/main.ts", ["--port N", "--host NAME", "--protocol ttheader|grpc", "--model HOST:PORT"]],
  ["tests/interop/run.ts", ["--only TEXT", "--control", "--old-server", "--write-golden", "--show"]],
  ["tests/interop/thrift/main.ts", []],
  ["tools/check.ts", []],
  ["tools/generate.ts", []],
];

/** Wrong arguments, and what is said to be wrong. */
const wrongArguments: readonly (readonly [readonly string[], string])[] = [
  [["--quik"], "'--quik'"],
  [["-x"], "'-x'"],
  [["quick"], "'quick'"],
];

for (const [path, flags] of commands) {
  Deno.test(`${path} starts nothing for a flag that is not there, and says which there are`, async () => {
    for (const [args, wrong] of wrongArguments) {
      const { code, stdout, stderr } = await run(path, args);
      assertEquals([code, stdout], [2, ""], stderr);
      assertMatch(stderr, /^[^\n]+\n$/);
      for (const word of [wrong, ...flags, "--help"]) assertStringIncludes(stderr, word);
    }
  });

  Deno.test(`${path} --help prints its flags and starts nothing`, async () => {
    const { code, stdout, stderr } = await run(path, ["--help"]);
    assertEquals([code, stderr], [0, ""]);
    for (const flag of [...flags, "--help"]) assertStringIncludes(stdout, flag);
  });
}

for (const path of ["bench/run.ts", "tests/interop/run.ts"]) {
  Deno.test(`${path} starts nothing for --only without a text, which would be all there is`, async () => {
    const { code, stdout, stderr } = await run(path, ["--only"]);
    assertEquals([code, stdout], [2, ""], stderr);
    assertStringIncludes(stderr, "'--only <value>' argument missing; usage: deno task ");
  });
}

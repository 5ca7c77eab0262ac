/** What commands read from their arguments and from stdin. */
import { assertEquals, assertThrows } from "@std/assert";
import { readAddress } from "../../src/cli/address.ts";
import { readArguments } from "../../src/cli/arguments.ts";
import { readDuration } from "../../src/cli/duration.ts";
import { jsonLine } from "../../src/cli/json_line.ts";
import { linesOf } from "../../src/cli/lines.ts";
import { UsageError } from "../../src/cli/usage.ts";

const SPECS = {
  "name": { type: "string", short: "n" },
  "all": { type: "string", multiple: true },
  "quiet": { type: "boolean", short: "q" },
} as const;

Deno.test("options, flags and what is neither are told apart", () => {
  const given = readArguments(["a", "--name=x", "-q", "--all", "1", "b", "--all=2", "--", "-c"], SPECS);
  assertEquals(given.positionals, ["a", "b", "-c"]);
  assertEquals([given.value("name"), given.values("all")], ["x", ["1", "2"]]);
  assertEquals([given.flag("quiet"), given.flag("name")], [true, false]);
  assertEquals([readArguments([], SPECS).value("name"), readArguments([], SPECS).values("all")], [
    undefined,
    [],
  ]);
});

for (const args of [["--nope"], ["--name"], ["--name="], ["-n", "1", "-n", "2"], ["--quiet=x"]]) {
  Deno.test(`the arguments ${args.join(" ")} are wrong`, () => {
    assertThrows(() => readArguments(args, SPECS), UsageError);
  });
}

Deno.test("how to give a value that begins with a dash is said to whoever has tried", () => {
  const said = "argument is ambiguous: a value that begins with a dash is given as --name=-XYZ";
  for (const option of ["-n", "--name"]) {
    assertThrows(() => readArguments([option, "-5"], SPECS), UsageError, said);
  }
  assertEquals(readArguments(["-n-5"], SPECS).value("name"), "-5");
});

const addresses: readonly (readonly [string, ReturnType<typeof readAddress> | undefined])[] = [
  ["8888", { hostname: "127.0.0.1", port: 8888 }],
  [":8888", { hostname: "127.0.0.1", port: 8888 }],
  ["host:1", { hostname: "host", port: 1 }],
  ["[::1]:8888", { hostname: "[::1]", port: 8888 }],
  ["/run/chat.sock", { path: "/run/chat.sock" }],
  ["./chat.sock", { path: "./chat.sock" }],
  ["host", undefined],
  ["host:0", undefined],
  ["host:65536", undefined],
  ["::1:8888", undefined],
  ["", undefined],
];

for (const [text, address] of addresses) {
  Deno.test(`the address "${text}" is ${address === undefined ? "none" : JSON.stringify(address)}`, () => {
    if (address === undefined) assertThrows(() => readAddress(text, "the server"), UsageError);
    else assertEquals(readAddress(text, "the server"), address);
  });
}

Deno.test("durations have a unit", () => {
  assertEquals(["300ms", "5s", "1.5m", "1h"].map((text) => readDuration(text, "t")), [
    300,
    5_000,
    90_000,
    3_600_000,
  ]);
  for (const text of ["", "5", "0s", "-1s", "1 s", "s", "1d"]) {
    assertThrows(() => readDuration(text, "--timeout"), UsageError, `got "${text}"`);
  }
});

Deno.test("lines are cut out of bytes wherever those are cut, and the last needs no end", async () => {
  const bytes = new TextEncoder().encode("eins\r\nzwei ü\n\nletzte");
  for (const size of [1, 2, 5, 100]) {
    const chunks = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, i) => bytes.slice(i * size, (i + 1) * size),
    );
    const lines = await Array.fromAsync(linesOf(ReadableStream.from(chunks)));
    assertEquals(lines, ["eins", "zwei ü", "", "letzte"]);
  }
});

Deno.test("JSON that a terminal would obey is escaped, and means the same", () => {
  const value = { text: "a\u009b2Jb\u202ec\u2028d ü 😀" };
  const line = jsonLine(value);
  assertEquals(line, '{"text":"a\\u009b2Jb\\u202ec\\u2028d ü 😀"}');
  assertEquals(JSON.parse(line), value);
  assertThrows(() => jsonLine(undefined), TypeError);
});

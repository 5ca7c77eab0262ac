import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "../../src/thriftgen/cli.ts";

interface Result {
  readonly code: number;
  readonly written: Readonly<Record<string, string>>;
  readonly stdout: string;
  readonly stderr: string;
}

const CHAT = 'struct A { 1: i32 a }\nservice S { A f(1: A a) (streaming.mode="server") }';

/** Runs the command line on files in memory. */
function runWith(
  args: readonly string[],
  files: Readonly<Record<string, string>> = { "chat.thrift": CHAT },
): Result {
  const written: Record<string, string> = {};
  const stdout: string[] = [];
  const stderr: string[] = [];
  const code = run(args, {
    read: (path) => files[path],
    write: (path, text) => void (written[path] = text),
    print: (text) => stdout.push(text),
    complain: (text) => stderr.push(text),
  });
  return { code, written, stdout: stdout.join("\n"), stderr: stderr.join("\n") };
}

Deno.test("thriftgen writes DIR/FILE.ts for each file and each file that it includes", () => {
  const { code, written, stdout, stderr } = runWith(["--out", "gen/ts", "idl/a.thrift", "c.thrift"], {
    "idl/a.thrift": "include 'sub/b.thrift'",
    "idl/sub/b.thrift": "",
    "c.thrift": "",
  });
  assertEquals([code, stdout, stderr], [0, "", ""]);
  assertEquals(Object.keys(written).sort(), ["gen/ts/a.ts", "gen/ts/b.ts", "gen/ts/c.ts"]);
});

Deno.test("thriftgen says on stderr which methods it leaves out, and is content", () => {
  const { code, written, stderr } = runWith(["--out=gen", "a.thrift"], {
    "a.thrift": "struct A {}\nservice S {\n  void f(1: A a) (streaming.mode = 'server') }",
  });
  assertEquals([code, stderr], [
    0,
    "a.thrift:3:8: note: S.f is left out, because it streams values that are no structs, which Kitex cannot send",
  ]);
  assertEquals(Object.keys(written), ["gen/a.ts"]);
});

Deno.test("thriftgen writes nothing when one file of several is wrong, and shows where", () => {
  const { code, written, stdout, stderr } = runWith(["--out", "gen", "chat.thrift", "bad.thrift"], {
    "chat.thrift": CHAT,
    "bad.thrift": "struct A {\n\t1: required B b,\n}",
  });
  assertEquals([code, written, stdout], [1, {}, ""]);
  assertEquals(
    stderr,
    "bad.thrift:2:14: expected a type: B is not defined\n\t1: required B b,\n\t            ^",
  );
});

Deno.test("thriftgen shows every place that is wrong", () => {
  const { stderr } = runWith(["--out", "gen", "bad.thrift"], {
    "bad.thrift": "const i32 A = 'x'\r\nconst i32 A = 'y'\r\n",
  });
  assertEquals(stderr.split("\n"), [
    "bad.thrift:2:11: expected another name in this file: A is on line 1 already",
    "const i32 A = 'y'",
    "          ^",
    "bad.thrift:1:15: expected a value of type i32, found a string",
    "const i32 A = 'x'",
    "              ^",
    "bad.thrift:2:15: expected a value of type i32, found a string",
    "const i32 A = 'y'",
    "              ^",
  ]);
});

Deno.test("thriftgen shows as escapes what a terminal would obey or hide, and still where", () => {
  const { stderr } = runWith(["--out", "gen", "a\u202e.thrift"], {
    "a\u202e.thrift": "/* \x1b[2J\u2028 */ const string A = '\x1b[31m' '\u2066'",
  });
  assertEquals(stderr.split("\n"), [
    "a\\u202e.thrift:1:38: expected `const`, `typedef`, `enum`, `struct`, `union`, `exception` or `service`, found `'\\u2066'`",
    "/* \\u001b[2J\\u2028 */ const string A = '\\u001b[31m' '\\u2066'",
    `${" ".repeat(52)}^`,
  ]);
});

Deno.test("thriftgen says which of the files named is not there", () => {
  const { code, written, stderr } = runWith(["--out", "gen", "chat.thrift", "no.thrift"]);
  assertEquals([code, written, stderr], [1, {}, "thriftgen: no.thrift: no such file"]);
});

Deno.test("thriftgen passes on what the system says when a file cannot be written", () => {
  const complaints: string[] = [];
  const code = run(["--out", "gen", "a.thrift"], {
    read: () => "",
    write: () => {
      throw new Error("disk full");
    },
    print: () => {},
    complain: (text) => complaints.push(text),
  });
  assertEquals([code, complaints], [1, ["thriftgen: disk full"]]);
});

for (const option of ["--include", "-I"]) {
  Deno.test(`thriftgen ${option} DIR adds a folder to look for included files in`, () => {
    const { code, written } = runWith(["--out", "gen", option, "other", option, "more", "a.thrift"], {
      "a.thrift": "include 'b.thrift'\ninclude 'c.thrift'",
      "other/b.thrift": "",
      "more/c.thrift": "",
    });
    assertEquals([code, Object.keys(written).sort()], [0, ["gen/a.ts", "gen/b.ts", "gen/c.ts"]]);
  });
}

/** The arguments, and what the main module and the struct codec are imported from. */
const imports: readonly (readonly [readonly string[], string, string])[] = [
  [[], "@ttstream/ttstream", "@ttstream/ttstream/thrift"],
  [["--import", "jsr:@ttstream/ttstream@1"], "jsr:@ttstream/ttstream@1", "jsr:@ttstream/ttstream@1/thrift"],
  [["--import", "ttstream/"], "ttstream/", "ttstream/thrift"],
  [["--import", "../mod.ts"], "../mod.ts", "../src/thrift/mod.ts"],
  [["--import", "./mod.ts"], "./mod.ts", "./src/thrift/mod.ts"],
  [["--import", "file:///lib/mod.ts"], "file:///lib/mod.ts", "file:///lib/src/thrift/mod.ts"],
  [["--import=a", "--import-thrift=b"], "a", "b"],
  [["--import", "./bundle.js", "--import-thrift", "../t.js"], "./bundle.js", "../t.js"],
];

for (const [args, main, thrift] of imports) {
  Deno.test(`thriftgen ${args.join(" ") || "without --import"} imports from ${main} and ${thrift}`, () => {
    const { code, written } = runWith(["--out", "gen", ...args, "chat.thrift"]);
    assertEquals(code, 0);
    assertStringIncludes(written["gen/chat.ts"] ?? "", `} from "${main}";\n`);
    assertStringIncludes(written["gen/chat.ts"] ?? "", `} from "${thrift}";\n`);
  });
}

Deno.test("thriftgen --import PATH is meant from DIR, whatever folder a module is written to", () => {
  const { written } = runWith(["--out", "gen", "--import", "../mod.ts", "a/x.thrift", "b/x.thrift"], {
    "a/x.thrift": CHAT,
    "b/x.thrift": CHAT,
  });
  assertStringIncludes(written["gen/a/x.ts"] ?? "", '} from "../../mod.ts";\n');
  assertStringIncludes(written["gen/b/x.ts"] ?? "", '} from "../../src/thrift/mod.ts";\n');
  const { written: inside } = runWith(["--out", "gen", "--import", "./mod.ts", "a/x.thrift", "b/x.thrift"], {
    "a/x.thrift": CHAT,
    "b/x.thrift": CHAT,
  });
  assertStringIncludes(inside["gen/a/x.ts"] ?? "", '} from "../mod.ts";\n');
});

for (const args of [["--help"], ["-h"], ["--out", "gen", "--help", "chat.thrift"]]) {
  Deno.test(`thriftgen ${args.join(" ")} explains itself and writes nothing`, () => {
    const { code, written, stdout, stderr } = runWith(args);
    assertEquals([code, written, stderr], [0, {}, ""]);
    for (
      const word of [
        "--out DIR",
        "--import SPECIFIER",
        "--import-thrift",
        "--include DIR",
        "--help",
        "Exit codes",
      ]
    ) {
      assertStringIncludes(stdout, word);
    }
    assert(stdout.split("\n").every((line) => line.length <= 100));
  });
}

/** Wrong arguments, and what is said about them. */
const usage: readonly (readonly [readonly string[], string])[] = [
  [[], "expected at least one FILE.thrift"],
  [["--out", "gen"], "expected at least one FILE.thrift"],
  [["chat.thrift"], "expected --out DIR"],
  [["chat.thrift", "--out"], "--out needs a folder"],
  [["--out=", "chat.thrift"], "--out needs a folder"],
  [["--out", "gen", "--import"], "--import needs a module specifier"],
  [["--out", "gen", "--ouch", "chat.thrift"], "there is no option --ouch"],
  [["--out", "gen", "-x", "chat.thrift"], "there is no option -x"],
  [
    ["--out", "gen", "--import", "./lib.ts", "chat.thrift"],
    "with --import ./lib.ts there must be --import-thrift",
  ],
];

for (const [args, message] of usage) {
  Deno.test(`thriftgen ${args.join(" ")} fails: ${message}`, () => {
    const { code, written, stdout, stderr } = runWith(args);
    assertEquals([code, written, stdout, stderr], [2, {}, "", `thriftgen: ${message}\nTry --help.`]);
  });
}

Deno.test("thriftgen takes all after -- for files", () => {
  const { code, written } = runWith(["--out", "gen", "--", "-odd.thrift"], { "-odd.thrift": "" });
  assertEquals([code, Object.keys(written)], [0, ["gen/-odd.ts"]]);
});

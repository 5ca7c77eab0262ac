import { assertEquals, assertThrows } from "@std/assert";
import { outputPaths } from "../../src/thriftgen/output_paths.ts";
import { dirname, join, normalize, relativeSpecifier, stem } from "../../src/idl/path.ts";

const joins: readonly (readonly [string, string, string])[] = [
  [".", "a.thrift", "a.thrift"],
  ["idl", "a.thrift", "idl/a.thrift"],
  ["idl/x", "../y/./a.thrift", "idl/y/a.thrift"],
  ["idl", "../../a.thrift", "../a.thrift"],
  ["/idl", "../../a.thrift", "/a.thrift"],
  ["idl", "/abs/a.thrift", "/abs/a.thrift"],
  ["C:/idl", "../a.thrift", "C:/a.thrift"],
];

for (const [directory, path, expected] of joins) {
  Deno.test(`join of ${directory} and ${path} is ${expected}`, () => {
    assertEquals(join(directory, path), expected);
  });
}

Deno.test("The parts of a path are what a shell says", () => {
  assertEquals([dirname("a/b.c"), dirname("b.c"), dirname("/b.c")], ["a", ".", "/"]);
  assertEquals([stem("a/b.c.thrift"), stem("plain")], ["b.c", "plain"]);
  assertEquals([normalize(""), normalize("a//b/"), normalize("./../a")], [".", "a/b", "../a"]);
});

const specifiers: readonly (readonly [string, string, string])[] = [
  ["a.ts", "b.ts", "./b.ts"],
  ["a.ts", "x/b.ts", "./x/b.ts"],
  ["x/a.ts", "b.ts", "../b.ts"],
  ["x/a.ts", "x/b.ts", "./b.ts"],
  ["x/y/a.ts", "x/z/b.ts", "../z/b.ts"],
];

for (const [from, to, expected] of specifiers) {
  Deno.test(`relativeSpecifier from ${from} to ${to} is ${expected}`, () => {
    assertEquals(relativeSpecifier(from, to), expected);
  });
}

const outputs: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["idl/chat.thrift", "idl/common/base.thrift"], ["chat.ts", "base.ts"]],
  [["a/base.thrift", "b/base.thrift", "b/other.thrift"], ["a/base.ts", "b/base.ts", "other.ts"]],
  [["base.thrift", "more/base.thrift"], ["base.ts", "more/base.ts"]],
  [["/x/idl/base.thrift", "/x/idl/more/base.thrift"], ["base.ts", "more/base.ts"]],
  [["base.thrift", "../base.thrift"], ["base.ts", "parent/base.ts"]],
  [["a/Base.thrift", "b/base.thrift"], ["a/Base.ts", "b/base.ts"]],
  [["a.b.c.thrift", "noextension"], ["a.b.c.ts", "noextension.ts"]],
];

for (const [paths, expected] of outputs) {
  Deno.test(`outputPaths of ${paths.join(", ")} are ${expected.join(", ")}`, () => {
    const result = outputPaths(paths);
    assertEquals(paths.map((path) => result.get(path) ?? ""), [...expected]);
  });
}

Deno.test("outputPaths refuses two files that would be written to one", () => {
  assertThrows(
    () => outputPaths(["base.thrift", "base.idl"]),
    Error,
    "base.thrift and base.idl would both be written to base.ts",
  );
});

import { assert, assertEquals } from "@std/assert";
import { canGenerateCode } from "../../src/thrift/generate.ts";

/** Prints a payload, what it decodes to, and two errors. */
const program = `
  import { field, i32, list, string, struct } from ${
  JSON.stringify(new URL("../../src/thrift/mod.ts", import.meta.url))
};
  const Point = struct("Point", { x: field(1, i32), label: field(2, string, { optional: true }) });
  const Path = struct("Path", { points: field(1, list(Point)) });
  const payload = Path.encode({ points: [{ x: 1 }, { x: 2, label: "b" }] });
  const errors = [];
  for (const fail of [() => Path.decode(payload.slice(0, 20)), () => Path.encode({ points: [{ x: 0.5 }] })]) {
    try {
      fail();
    } catch (error) {
      errors.push(error.message);
    }
  }
  console.log(JSON.stringify([Path.decode(payload), errors]));
`;

async function run(...flags: string[]): Promise<unknown> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--no-check", ...flags, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { success, stdout } = await child.output();
  assert(success);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("the codec works, the same, in a program that may not generate code from strings", async () => {
  const expected = await run();
  assertEquals(await run("--v8-flags=--disallow-code-generation-from-strings"), expected);
  assertEquals(expected, [
    { points: [{ x: 1 }, { x: 2, label: "b" }] },
    [
      "Path.points[1].x: cut short: i32 takes 4 bytes, 1 left",
      "Path.points[0].x: 0.5 is not an integer of 32 bits",
    ],
  ]);
});

Deno.test("code is generated where it may be", () => {
  assert(canGenerateCode());
});

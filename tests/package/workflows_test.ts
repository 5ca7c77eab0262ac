/** The workflows: they take the same Deno everywhere, and run tasks that there are. */
import { assert, assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

const [ci, publish, run] = await Promise.all(
  [".github/workflows/ci.yml", ".github/workflows/publish.yml", ".ci/run"].map(read),
);

/** The first group of each match. */
function all(text: string | undefined, pattern: RegExp): string[] {
  return [...(text ?? "").matchAll(pattern)].map(([, group]) => group ?? "");
}

Deno.test("the workflows and .ci/run take the same Deno", () => {
  const versions = [
    ...all(ci, /^ {2}DENO_VERSION: (\S+)$/gm),
    ...all(publish, /deno-version: (\S+)$/gm),
    ...all(run, /deno@([\d.]+)/g),
  ];
  assertEquals(versions.length, 3);
  assertEquals([...new Set(versions)].length, 1, versions.join(", "));
});

Deno.test("the workflows run tasks that there are, all of those that .ci/run runs among them", async () => {
  const config: unknown = JSON.parse(await read("deno.json"));
  assert(typeof config === "object" && config !== null && "tasks" in config);
  const tasks = Object.keys(config.tasks ?? {});
  const called = all(ci, /run: deno task (\S+)/g);
  assertEquals(called.filter((task) => !tasks.includes(task)), []);
  const local = all(run, /^for task in (.*); do$/gm).flatMap((list) => list.split(" "));
  assert(local.length > 0);
  assertEquals(local.filter((task) => !called.includes(task)), []);
});

Deno.test("only the job that publishes may have an identity", () => {
  assertEquals(all(ci, /(id-token)/g), []);
  assertEquals(all(publish, /(id-token: write)/g).length, 1);
});

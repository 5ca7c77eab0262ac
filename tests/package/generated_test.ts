/** What `deno task generate` writes is what was committed. */
import { assertEquals } from "@std/assert";
import { generateAll } from "../../tools/generate.ts";

const root = new URL("../../", import.meta.url);
const generated = generateAll();

for (const [path, text] of generated) {
  Deno.test(`${path} is what the generator makes of its IDL`, async () => {
    assertEquals(text, await Deno.readTextFile(new URL(path, root)));
  });
}

const folders = [
  "examples/gen",
  "examples/chat/gen",
  "tests/interop/thrift/gen",
  "tests/interop/unary/gen",
  "tests/thriftgen/golden/generated",
];

for (const folder of folders) {
  Deno.test(`${folder} has nothing in it that is not generated`, async () => {
    assertEquals(
      await filesIn(folder),
      [...generated.keys()].filter((path) => path.startsWith(`${folder}/`)).sort(),
    );
  });
}

async function filesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    paths.push(...isDirectory ? await filesIn(`${folder}/${name}`) : [`${folder}/${name}`]);
  }
  return paths.sort();
}

/** `tools/offline/jsr_url.ts`, run as the tasks run it, where no registry can be reached. */
import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const script = new URL("../../tools/offline/jsr_url.ts", import.meta.url);
const standIn = Deno.realPathSync(new URL("../../tools/offline/jsr", import.meta.url));

/** A proxy that refuses every connection is a network without the registry. */
function closedProxy(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}`;
}

/** What the script prints, with `directory` for the temporary one and every request going through `proxy`. */
async function printed(directory: string, proxy: string, jsrUrl = ""): Promise<string> {
  const env = {
    ...{ TMPDIR: directory, TMP: directory, TEMP: directory },
    ...{ HTTPS_PROXY: proxy, https_proxy: proxy, NO_PROXY: "", no_proxy: "" },
    JSR_URL: jsrUrl,
  };
  const args = ["run", "-q", "--no-config", "-A", script.href];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd();
}

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name);
}

Deno.test("without a registry the URL names the stand-ins by a path outside of the package", async () => {
  await withDirectory(async (directory) => {
    const url = await printed(directory, closedProxy());
    const link = fileURLToPath(url).replace(/[/\\]$/, "");
    assertEquals(Deno.realPathSync(link), standIn);
    assertNotEquals(link, standIn);
    const meta: unknown = JSON.parse(await Deno.readTextFile(new URL("@std/assert/meta.json", url)));
    assert(typeof meta === "object" && meta !== null && "versions" in meta);
  });
});

Deno.test("tasks that start at once agree on one link and leave nothing else", async () => {
  await withDirectory(async (directory) => {
    const proxy = closedProxy();
    const urls = await Promise.all(Array.from({ length: 6 }, () => printed(directory, proxy)));
    assertEquals(new Set(urls).size, 1);
    assertEquals((await namesIn(directory)).length, 1);
  });
});

Deno.test("a link that leads elsewhere is set right", async () => {
  await withDirectory(async (directory) => {
    const proxy = closedProxy();
    const url = await printed(directory, proxy);
    const link = fileURLToPath(url).replace(/[/\\]$/, "");
    await Deno.remove(link);
    await Deno.symlink(`${directory}/gone`, link);
    assertEquals(await printed(directory, proxy), url);
    assertEquals(Deno.realPathSync(link), standIn);
    assertEquals((await namesIn(directory)).length, 1);
  });
});

Deno.test("where no link can be made the URL names the stand-ins themselves", async () => {
  await withDirectory(async (directory) => {
    const url = await printed(`${directory}/missing`, closedProxy());
    assertEquals(Deno.realPathSync(fileURLToPath(url)), standIn);
  });
});

Deno.test("a JSR_URL that is set already is handed on", async () => {
  await withDirectory(async (directory) => {
    assertEquals(await printed(directory, closedProxy(), "http://registry.test/"), "http://registry.test/");
    assertEquals(await namesIn(directory), []);
  });
});

Deno.test("a registry that never answers is given up after a moment", async () => {
  await withDirectory(async (directory) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept();
    const start = performance.now();
    const url = await printed(directory, `http://127.0.0.1:${listener.addr.port}`);
    assertLess(performance.now() - start, 10_000);
    using _silent = await accepted; // It did ask.
    assertEquals(Deno.realPathSync(fileURLToPath(url)), standIn);
  });
});

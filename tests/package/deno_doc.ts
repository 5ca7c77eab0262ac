import { assert } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** What `deno doc --json` says of modules; their paths are from the repository's root. */
export async function denoDoc(modules: readonly string[]): Promise<unknown> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...modules],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

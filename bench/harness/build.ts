const FOLDER = new URL("../peers/kitex/", import.meta.url);
const PEER = new URL("build/peer", FOLDER).pathname;

/** Kitex's end of the benchmark, or why there is none. */
export type KitexPeer = { readonly command: string; readonly versions: string } | {
  readonly missing: string;
};

/** Generates what the IDLs say and builds the Kitex peer. */
export async function buildKitex(): Promise<KitexPeer> {
  try {
    for (const idl of ["bench.thrift", "bench.proto"]) {
      await go("tool", "kitex", "-streamx", "-module", "bench", idl);
    }
    await go("build", "-o", PEER, ".");
    const mod = await Deno.readTextFile(new URL("go.mod", FOLDER));
    const kitex = /github\.com\/cloudwego\/kitex (v\S+)/.exec(mod)?.[1] ?? "";
    return {
      command: PEER,
      versions: `Kitex ${kitex}, Go ${(await go("env", "GOVERSION")).slice(2).trim()}`,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { missing: "Go is not installed" };
    if (error instanceof BuildError) return { missing: error.message };
    throw error;
  }
}

class BuildError extends Error {}

async function go(...args: string[]): Promise<string> {
  const command = new Deno.Command("go", { args, cwd: FOLDER, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const [first = ""] = decoder.decode(stderr).trim().split("\n").slice(-1);
  throw new BuildError(`go ${args[0]} failed: ${first}`);
}

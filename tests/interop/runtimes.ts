/**
 * The library in Bun and in workerd, the runtime of Cloudflare's Workers: one program, bundled, says there in both
 * protocols what it says in Deno. Both come from npm. Ends with `N passed, M failed`.
 */
import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);
const BUN = "bun@1.3.0";
const WORKERD = "workerd@1.20250906.0";

/** How long a command may take, in milliseconds: one of them may have to download 100 MB. */
const COMMAND_MS = 300_000;

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2025-09-01",
  compatibilityFlags = ["nodejs_compat"],
);
`;

/** Runs a command in a folder. @returns What it has printed on both of its outputs. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(COMMAND_MS),
  }).output();
  const decoder = new TextDecoder();
  const said = decoder.decode(stdout) + decoder.decode(stderr);
  if (!success) throw new Error(`${command} ${args.join(" ")} failed:\n${said}`);
  return said;
}

/** A Worker whose one test is the program: it may do nothing while it is loaded. */
function workerOf(program: string): string {
  const main = program.lastIndexOf("\nfor (const protocol");
  if (main < 0) throw new Error("the program does not end with its loop over the protocols");
  return `${program.slice(0, main)}\nexport default { async test() {${program.slice(main)}} };\n`;
}

async function inBun(folder: string): Promise<string> {
  return await run(folder, "npx", "--yes", "--prefer-offline", BUN, "memory_pair.js");
}

async function inWorkerd(folder: string): Promise<string> {
  const program = await Deno.readTextFile(`${folder}/memory_pair.js`);
  await Deno.writeTextFile(`${folder}/worker.js`, workerOf(program));
  await Deno.writeTextFile(`${folder}/config.capnp`, CONFIG);
  const said = await run(folder, "npx", "--yes", "--prefer-offline", WORKERD, "test", "config.capnp");
  // Its own words are on the lines that name its source.
  return said.split("\n").filter((line) => !line.startsWith("workerd/")).join("\n");
}

if (import.meta.main) {
  const folder = await Deno.makeTempDir();
  let [passed, failed] = [0, 0];
  try {
    const bundle = ["bundle", "--quiet", "--outdir", folder, "tests/programs/memory_pair.ts"];
    await run(root.pathname, Deno.execPath(), ...bundle);
    const here = await run(folder, Deno.execPath(), "run", "memory_pair.js");
    for (const [name, there] of [[BUN, inBun], [WORKERD, inWorkerd]] as const) {
      try {
        assertEquals(await there(folder), here);
        passed++;
        console.log(`ok      streams in ${name}, in both protocols`);
      } catch (error) {
        failed++;
        console.log(`FAILED  streams in ${name}\n${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  console.log(`runtimes: ${passed} passed, ${failed} failed`);
  if (failed > 0) Deno.exit(1);
}

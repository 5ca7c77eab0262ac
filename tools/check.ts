/**
 * `deno task check`: everything that can be said about the code without using it, and how much of it the tests come by.
 * Every step runs, whatever the ones before it found; the output of those that fail is shown.
 */
import { readFlags } from "./flags.ts";

interface Step {
  readonly name: string;
  /** The arguments of `deno`. */
  readonly args: readonly string[];
  /** Its output tells something where it succeeds, too. */
  readonly tells?: boolean;
  /** What its output must not say, where it says so and succeeds. */
  readonly without?: RegExp;
}

readFlags("usage: deno task check [--help]", {});

const root = new URL("../", import.meta.url);
const pages = await Deno.makeTempDir();

const steps: readonly Step[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  // What the documentation shows is code that people paste: it is checked, too.
  { name: "types", args: ["check", "--quiet", "--doc"] },
  ...(await guides()).map((path) => ({
    name: `types in ${path}`,
    args: ["check", "--quiet", "--doc-only", path],
  })),
  { name: "documentation", args: ["doc", "--lint", ...await entryPoints()] },
  {
    name: "documentation as pages",
    args: ["doc", "--html", "--name=@ttstream/ttstream", `--output=${pages}`, ...await entryPoints()],
    without: /warning/i,
  },
  { name: "package", args: ["publish", "--dry-run", "--allow-dirty"] },
  { name: "coverage", args: ["run", "-A", "tools/coverage.ts"], tells: true },
];

const failed: string[] = [];
for (const step of steps) {
  const start = performance.now();
  const { success, output } = await run(step);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${success ? "ok    " : "FAILED"}  ${step.name} (deno ${step.args.join(" ")}, ${seconds} s)`);
  if (!success) failed.push(step.name);
  if (!success || step.tells) console.log(output.trimEnd().replace(/^/gm, "        "));
}

await Deno.remove(pages, { recursive: true });
if (failed.length > 0) {
  console.error(`check: failed: ${failed.join(", ")}`);
  Deno.exit(1);
}
console.log("check: ok");

async function run({ args, without }: Step): Promise<{ success: boolean; output: string }> {
  // The Deno that runs this, since there may be none on the path.
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd: root, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  return { success: success && !without?.test(output), output };
}

/** The Markdown files beside `deno.json`. */
async function guides(): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(root));
  return entries.map((entry) => entry.name).filter((name) => name.endsWith(".md")).sort();
}

/** The modules that the package exports. */
async function entryPoints(): Promise<string[]> {
  const config: unknown = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  if (typeof config !== "object" || config === null || !("exports" in config)) return [];
  const { exports } = config;
  if (typeof exports !== "object" || exports === null) return [];
  return Object.values(exports).filter((path) => typeof path === "string");
}

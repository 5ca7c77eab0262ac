/**
 * The whole of `deno task interop`, part by part. `--only NAME` runs one of {@linkcode PARTS}, or one of the judges of
 * gRPC; whatever else is asked for is the matrix's.
 */
interface Part {
  readonly name: string;
  readonly program: string;
  /** Whether it reads arguments of its own, `--case` say. */
  readonly takesArguments?: boolean;
}

const PARTS: readonly Part[] = [
  { name: "matrix", program: "run.ts" },
  { name: "unary", program: "unary/run.ts", takesArguments: true },
  { name: "dynamic", program: "dynamic/run.ts", takesArguments: true },
  { name: "commands", program: "commands/run.ts" },
  { name: "grpc", program: "grpc/run.ts" },
  { name: "otel", program: "otel/run.ts" },
  { name: "chat", program: "chat/run.ts" },
  { name: "guide", program: "guide.ts" },
  { name: "runtimes", program: "runtimes.ts" },
];

/** The parts of `grpc`, which that program knows by name. */
const JUDGES = ["h2spec", "grpc-go", "kitex-grpc", "node", "goaway"];

interface Counts {
  readonly code: number;
  readonly passed: number;
  readonly failed: number;
}

/** Runs a program, shows what it prints, and counts by its last words. */
async function run(program: string, args: readonly string[] = []): Promise<Counts> {
  const path = new URL(program, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), { args: ["run", "-A", path, ...args], stdout: "piped" })
    .spawn();
  let text = "";
  for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
    text = (text + piece).slice(-1000);
    await Deno.stdout.write(new TextEncoder().encode(piece));
  }
  const { code } = await child.status;
  const counts = /(\d+) passed, (\d+) failed\s*$/.exec(text);
  return { code, passed: Number(counts?.[1] ?? 0), failed: Number(counts?.[2] ?? 0) };
}

/** Runs what the arguments ask for, where they ask for a part. */
async function runAsked(args: readonly string[]): Promise<Counts | undefined> {
  if (args.length === 0) return undefined;
  const only = args[args.indexOf("--only") + 1];
  if (args.includes("--only") && only !== undefined) {
    if (JUDGES.includes(only)) return await run("grpc/run.ts", args);
    const part = PARTS.find(({ name }) => name === only);
    if (part !== undefined) return await run(part.program, part.takesArguments === true ? args : []);
  }
  return await run("run.ts", args);
}

if (import.meta.main) {
  const asked = await runAsked(Deno.args);
  if (asked !== undefined) Deno.exit(asked.code);
  const started = performance.now();
  const results: Counts[] = [];
  for (const { program } of PARTS) results.push(await run(program));
  const sum = (of: "passed" | "failed") => results.reduce((total, result) => total + result[of], 0);
  console.log(`\n${PARTS.length} parts in ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
  console.log(`interop: ${sum("passed")} passed, ${sum("failed")} failed`);
  Deno.exit(results.every(({ code }) => code === 0) ? 0 : 1);
}

/**
 * The whole of `deno task interop`: the matrix over TTHeader Streaming, the judges of gRPC, the guide's Go, and other
 * runtimes. A name of one of the judges' parts after `--only` runs that part alone, as do `guide` and `runtimes`; whatever else is asked for is the
 * matrix's.
 */
const OWN_PARTS = ["guide", "runtimes"];
const GRPC_PARTS = ["h2spec", "grpc-go", "kitex-grpc", "node", "goaway"];

/** Runs a program, shows what it prints, and counts by its last words. */
async function run(
  program: string,
  args: readonly string[],
): Promise<{ code: number; passed: number; failed: number }> {
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

if (import.meta.main) {
  const part = Deno.args[Deno.args.indexOf("--only") + 1] ?? "";
  if (GRPC_PARTS.includes(part)) Deno.exit((await run("grpc/run.ts", Deno.args)).code);
  if (OWN_PARTS.includes(part)) Deno.exit((await run(`${part}.ts`, [])).code);
  if (Deno.args.length > 0) Deno.exit((await run("run.ts", Deno.args)).code);
  const started = performance.now();
  const results = [await run("run.ts", []), await run("grpc/run.ts", [])];
  for (const name of OWN_PARTS) results.push(await run(`${name}.ts`, []));
  const sum = (of: "passed" | "failed") => results.reduce((total, result) => total + result[of], 0);
  console.log(
    `\nTTHeader Streaming, gRPC, the guide and other runtimes in ${
      ((performance.now() - started) / 60_000).toFixed(1)
    } minutes`,
  );
  console.log(`interop: ${sum("passed")} passed, ${sum("failed")} failed`);
  Deno.exit(results.every(({ code }) => code === 0) ? 0 : 1);
}

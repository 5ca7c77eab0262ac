import type { Outcome } from "../grpc/part.ts";

/** Writes REPORT.md anew: nothing in it differs from run to run. */
export async function writeReport(outcomes: readonly Outcome[]): Promise<void> {
  const path = new URL("./REPORT.md", import.meta.url).pathname;
  await Deno.writeTextFile(path, markdown(outcomes));
  const formatting = await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path] }).output();
  if (!formatting.success) throw new Error(`deno fmt fails on ${path}`);
}

function markdown(outcomes: readonly Outcome[]): string {
  const failed = outcomes.filter(({ error }) => error !== undefined).length;
  return [
    "# Interop of unary calls",
    "",
    `**${
      outcomes.length - failed
    } passed, ${failed} failed.** \`deno run -A tests/interop/unary/run.ts\` repeats it`,
    "and writes this file. This library's client plays against Kitex v0.16.3 and against itself; what Kitex's client",
    "prints of this library's server is compared, line by line, with what it prints of Kitex's.",
    "",
    "| case | result |",
    "|---|---|",
    ...outcomes.map(({ name, error, note }) =>
      `| ${name} | ${error === undefined ? note ?? "passed" : "**failed**"} |`
    ),
    "",
  ].join("\n");
}

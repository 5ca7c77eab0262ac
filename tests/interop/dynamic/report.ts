import type { Case } from "./deno_client.ts";

/** Writes REPORT.md anew: nothing in it differs from run to run. */
export async function writeReport(cases: readonly Case[]): Promise<void> {
  const path = new URL("./REPORT.md", import.meta.url).pathname;
  await Deno.writeTextFile(path, markdown(cases));
  const formatting = await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path] }).output();
  if (!formatting.success) throw new Error(`deno fmt fails on ${path}`);
}

function markdown(cases: readonly Case[]): string {
  const failed = cases.filter(({ error }) => error !== undefined).length;
  return [
    "# Interop of calls without generated code",
    "",
    `**${
      cases.length - failed
    } passed, ${failed} failed.** \`deno run -A tests/interop/dynamic/run.ts\` repeats it and writes this file.`,
    "`./dynamic` plays against Kitex v0.16.3's generic client and server (`JSONThriftGeneric`), with both of Kitex's",
    "converters; messages are random ones with every type, and the JSON that both sides make is compared.",
    "",
    "| case | result |",
    "|---|---|",
    ...cases.map(({ name, error }) => `| ${name} | ${error === undefined ? "passed" : "**failed**"} |`),
    "",
  ].join("\n");
}

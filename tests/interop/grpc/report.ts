import type { Outcome } from "./part.ts";

/** What the report says of a part. */
interface Heading {
  readonly name: string;
  readonly title: string;
  readonly about: string;
}

/** Writes REPORT.md anew: nothing in it differs from run to run. */
export async function writeReport(
  results: readonly (readonly [Heading, readonly Outcome[]])[],
): Promise<void> {
  const path = new URL("./REPORT.md", import.meta.url).pathname;
  const known = await Deno.readTextFile(new URL("./REFERENCES.md", import.meta.url));
  await Deno.writeTextFile(path, markdown(results, known));
  const formatting = await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", path] }).output();
  if (!formatting.success) throw new Error(`deno fmt fails on ${path}`);
}

/** The report as Markdown: `known` is what the reference programs themselves do not do. */
export function markdown(
  results: readonly (readonly [Heading, readonly Outcome[]])[],
  known: string,
): string {
  const all = results.flatMap(([, outcomes]) => outcomes);
  const failed = (outcomes: readonly Outcome[]) => outcomes.filter(({ error }) => error !== undefined).length;
  const lines = [
    "# Interop over gRPC",
    "",
    `**${all.length - failed(all)} passed, ${
      failed(all)
    } failed.** \`deno run -A tests/interop/grpc/run.ts\` repeats`,
    "it and writes this file; `--only PART` runs one part of it, and `--control` the reference programs alone. It needs Go",
    "1.24 or later, and Node 20 or later with npm.",
    "",
    "| part | passed | failed |",
    "|---|---|---|",
    ...results.map(([{ title }, outcomes]) =>
      `| ${title} | ${outcomes.length - failed(outcomes)} | ${failed(outcomes)} |`
    ),
  ];
  for (const [{ title, about }, outcomes] of results) {
    lines.push("", `## ${title}`, "", about, "", "| case | result |", "|---|---|");
    for (const { name, error, note } of outcomes) {
      const result = error === undefined ? note ?? "passed" : "**failed**";
      lines.push(`| ${cell(name)} | ${cell(result)} |`);
    }
  }
  return [...lines, "", known.trim(), ""].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

import type { Line } from "./row.ts";
import { seconds } from "./measure.ts";

/** A line, and how long it took. */
export interface Timed extends Line {
  readonly row: string;
  readonly tookMs: number;
}

/** What a run was, for the head of the report. */
export interface Run {
  readonly quick: boolean;
  readonly tookMs: number;
  readonly appendices: readonly string[];
}

export function print({ name, figure, faults, tookMs }: Timed): void {
  console.log(`${faults.length === 0 ? "ok    " : "FAILED"}  ${name}: ${figure} (${seconds(tookMs)})`);
  for (const fault of faults) console.log(`          ${fault}`);
}

/** The table as Markdown. */
export function markdown(lines: readonly Timed[], { quick, tookMs, appendices }: Run): string {
  const failed = lines.filter(({ faults }) => faults.length > 0);
  const rows = lines.map((line) => {
    const result = line.faults.length === 0 ? "ok" : "**failed**";
    const cells = [line.name, line.done, line.promise, line.figure, seconds(line.tookMs), result];
    return `| ${cells.map(escape).join(" | ")} |`;
  });
  return `# What the library withstands

**${lines.length - failed.length} passed, ${failed.length} failed.** \`deno task resilience\` repeats it in ${
    seconds(tookMs)
  } and writes
this file${
    quick ? " (this one is of a quick run, with smaller numbers)" : ""
  }. Whatever is under test runs in a process of its own: its memory is what is alive in it
after a garbage collection, beyond what was before; RSS is the most that the kernel has seen of the process, garbage
and all. What attacks it, and the neighbours that are not to notice, are in other processes.

| case | what was done | promise | figure | took | |
|---|---|---|---|---|---|
${rows.join("\n")}
${failed.length === 0 ? "" : `\n## What failed\n\n${failed.map(told).join("\n")}\n`}
${appendices.join("\n\n")}
`;
}

function told({ name, faults }: Timed): string {
  return faults.map((fault) => `- ${name}: ${escape(fault)}`).join("\n");
}

export function escape(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ").replaceAll("<", "&lt;").replaceAll("__", "\\_\\_");
}

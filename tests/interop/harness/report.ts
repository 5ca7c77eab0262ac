import type { Result, Row } from "./matrix.ts";

/** What a run comes to. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
}

const MARK: Readonly<Record<Result["outcome"], string>> = {
  control: "control",
  same: "same",
  meant: "meant",
  failed: "FAILED",
};

/** The table on the console. */
export function printTable(rows: readonly Row[]): void {
  for (const [group, members] of byGroup(rows)) {
    console.log(`\n${group}`);
    for (const { one, results } of members) {
      const cells = results.map(({ casting, outcome, again }) =>
        `${casting} ${MARK[outcome]}${again ? "*" : ""}`
      );
      console.log(`  ${one.name.padEnd(72)} ${cells.join("  ")}`);
    }
  }
  for (const { one, results } of rows) {
    for (const { casting, failures } of results) {
      if (failures.length === 0) continue;
      console.log(`\nFAILED ${one.group}: ${one.name}, ${casting}`);
      for (const failure of failures) console.log(`  ${failure.slice(0, 2_000)}`);
    }
  }
}

export function summaryOf(rows: readonly Row[], golden: readonly string[]): Summary {
  const results = rows.flatMap((row) => row.results);
  const failed = results.filter(({ outcome }) => outcome === "failed").length + (golden.length > 0 ? 1 : 0);
  return { passed: results.length + 1 - failed, failed };
}

/** The same as Markdown, with the meant differences told in full. */
export function markdown(
  rows: readonly Row[],
  summary: Summary,
  kitex: string,
  golden: readonly string[],
  faults: string,
): string {
  const reasons = [...new Set(rows.flatMap(({ results }) => results.flatMap(({ meant }) => meant)))];
  const out = [
    "# Interop with Kitex",
    "",
    `Made by \`deno task interop\` against Kitex ${kitex}. G is Kitex, D is this library; \`DG\` is a Deno client that calls a`,
    "Kitex server, `GDG` a Kitex client whose call goes through a Deno service on to a Kitex one. Each case is one script that",
    "every casting plays; what every end printed and every frame on every wire is compared with what Kitex shows among",
    "themselves (the control, all G). *meant* is a difference that is listed below with its reason; everything else is a failure.",
    "",
    `**${summary.passed} passed, ${summary.failed} failed.**` +
    (golden.length > 0
      ? ` The golden texts differ: ${golden.length}.`
      : " Kitex prints the golden texts as they are in `golden/texts.json`."),
  ];
  for (const [group, members] of byGroup(rows)) {
    const castings = [...new Set(members.flatMap(({ results }) => results.map(({ casting }) => casting)))];
    out.push(
      "",
      `## ${group}`,
      "",
      `| case | ${castings.join(" | ")} |`,
      `|---|${castings.map(() => "---|").join("")}`,
    );
    for (const { one, results } of members) {
      const cells = castings.map((casting) => {
        const result = results.find((r) => r.casting === casting);
        if (result === undefined) return "–";
        const notes = result.meant.map((why) => reasons.indexOf(why) + 1).join(", ");
        return result.outcome === "failed"
          ? "**failed**"
          : notes === ""
          ? MARK[result.outcome]
          : `meant (${notes})`;
      });
      out.push(`| ${one.name.replaceAll("|", "\\|")} | ${cells.join(" | ")} |`);
    }
  }
  out.push(
    "",
    "## From a cancel to its Rst on the wire",
    "",
    "As the runner saw it, over all cases that cancel at A.",
    "",
  );
  out.push("| caller | median | longest |", "|---|---|---|");
  for (const [letter, name] of [["G", "Kitex"], ["D", "this library"]] as const) {
    const times = rows.flatMap(({ results }) => results).filter(({ casting }) => casting.startsWith(letter))
      .flatMap(({ rstAfterMs }) => rstAfterMs ?? []).sort((a, b) => a - b);
    const [median = 0, longest = 0] = [times[times.length >> 1], times.at(-1)];
    out.push(`| ${name} | ${duration(median)} | ${duration(longest)} |`);
  }
  if (reasons.length > 0) {
    out.push(
      "",
      "## Meant differences",
      "",
      ...reasons.map((why, i) => `${i + 1}. ${why}`),
    );
  }
  return [...out, "", faults.trim(), ""].join("\n");
}

/** Only as exact as it is from run to run. */
function duration(ms: number): string {
  if (ms >= 100) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? "under 10 ms" : `${Math.round(ms / 10) * 10} ms`;
}

function byGroup(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, ({ one }) => one.group);
}

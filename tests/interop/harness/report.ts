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
      const cells = results.map(({ casting, outcome, atFirst }) =>
        `${casting} ${MARK[outcome]}${atFirst.length > 0 ? "*" : ""}`
      );
      console.log(`  ${one.name.padEnd(72)} ${cells.join("  ")}`);
    }
  }
  for (const { one, results } of rows) {
    for (const { casting, failures, atFirst } of results) {
      const told = (what: string, lines: readonly string[]) => {
        if (lines.length === 0) return;
        console.log(`\n${what} ${one.group}: ${one.name}, ${casting}`);
        for (const line of lines) console.log(`  ${line.slice(0, 2_000)}`);
      };
      told("PLAYED AGAIN", atFirst);
      told("FAILED", failures);
    }
  }
}

export function summaryOf(rows: readonly Row[], golden: readonly string[]): Summary {
  const results = rows.flatMap((row) => row.results);
  const failed = results.filter(({ outcome }) => outcome === "failed").length + (golden.length > 0 ? 1 : 0);
  return { passed: results.length + 1 - failed, failed };
}

/** From a cancel to its Rst on the wire, as the runner saw it: for the console, as it differs from run to run. */
export function printRstTimes(rows: readonly Row[]): void {
  for (const [letter, name] of [["G", "Kitex"], ["D", "this library"]] as const) {
    const times = rows.flatMap(({ results }) => results).filter(({ casting }) => casting.startsWith(letter))
      .flatMap(({ rstAfterMs }) => rstAfterMs ?? []).sort((a, b) => a - b);
    const [median, longest] = [times[times.length >> 1], times.at(-1)];
    if (median === undefined || longest === undefined) continue;
    console.log(
      `from a cancel to its Rst, ${name}: median ${Math.round(median)} ms, longest ${Math.round(longest)} ms`,
    );
  }
}

/** What a report is about. */
export interface Subject {
  readonly kitex: string;
  readonly oldKitex: string;
  /** What does not match the golden file. */
  readonly golden: readonly string[];
  /** Kitex's own faults, in Markdown. */
  readonly faults: string;
}

/** The same as Markdown, with the meant differences told in full. Nothing in it differs from run to run. */
export function markdown(rows: readonly Row[], summary: Summary, subject: Subject): string {
  const { kitex, oldKitex, golden, faults } = subject;
  const reasons = [...new Set(rows.flatMap(({ results }) => results.flatMap(({ meant }) => meant)))];
  const outcomes = rows.flatMap(({ results }) => results.map(({ outcome }) => outcome));
  const count = (wanted: Result["outcome"]) => outcomes.filter((outcome) => outcome === wanted).length;
  const out = [
    "# Interop with Kitex",
    "",
    `**${summary.passed} passed, ${summary.failed} failed**: ${rows.length} cases against real Kitex ${kitex} programs, and`,
    `${
      rows.filter(({ one }) => one.oldServer === true).length
    } of them against a server of Kitex ${oldKitex}. Repeat it with \`deno task interop\`, which builds the Kitex programs`,
    "from `go/` first (Go 1.24 or later; some minutes the first time, under one after that) and writes this file.",
    "",
    "- **What a case is**: one script for the client and one for each handler, played by a program of Kitex and by one of this",
    "  library. Everything that an end saw (messages, headers, trailers, metainfo, each error's whole text, code and kind, the",
    "  end of its context) and every frame on every wire is written down.",
    "- **What it is compared with**: the same script played by Kitex alone, in the same run: the *control*.",
    "- **Who plays**: G is Kitex, D this library, O the old Kitex; A, the first letter, calls B, B calls C. \`DG\` is a Deno client and a",
    "  Kitex server, \`GDG\` a Kitex client whose call goes through a Deno service on to a Kitex one.",
    "- **same**: equal to the control, fact by fact, frame by frame. **meant (n)**: equal but for the difference n of the list at",
    "  the end, which says exactly what is different; anything beyond that is a failure.",
    "",
    `Of the results ${count("control")} are controls, ${count("same")} are the same, ${
      count("meant")
    } are meant, ${count("failed")} failed; one more stands for the`,
    "[golden file](./golden/texts.json): " +
    (golden.length > 0
      ? `**it differs in ${golden.length} places.**`
      : "every error text in it was printed by Kitex in this run, and there was no other."),
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

function byGroup(rows: readonly Row[]): Map<string, Row[]> {
  return Map.groupBy(rows, ({ one }) => one.group);
}

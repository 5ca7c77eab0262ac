import type { ThriftCase } from "../thrift/mod.ts";
import type { Result, Row } from "./matrix.ts";

/** The group of the cases that need no stream. */
export const THRIFT = "Thrift codec and Kitex's own";

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

/** The table of the codecs on the console. */
export function printThrift(codecs: readonly ThriftCase[]): void {
  if (codecs.length > 0) console.log(`\n${THRIFT}`);
  for (const { name, error } of codecs) {
    console.log(
      `  ${name.padEnd(72)} ${error === undefined ? "passed" : `FAILED\n    ${error.slice(0, 2_000)}`}`,
    );
  }
}

/** Each casting of each case counts as one, each codec case, and the golden file. */
export function summaryOf(
  rows: readonly Row[],
  golden: readonly string[],
  codecs: readonly ThriftCase[],
): Summary {
  const results = rows.flatMap((row) => row.results);
  const failed = results.filter(({ outcome }) => outcome === "failed").length + (golden.length > 0 ? 1 : 0) +
    codecs.filter(({ error }) => error !== undefined).length;
  return { passed: results.length + codecs.length + 1 - failed, failed };
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
  readonly codecs: readonly ThriftCase[];
  /** Kitex's own faults, in Markdown. */
  readonly faults: string;
}

/** What was run against what, how to repeat it, and how to read the rest. */
function head(
  rows: readonly Row[],
  summary: Summary,
  { kitex, oldKitex, golden, codecs }: Subject,
): string[] {
  const outcomes = rows.flatMap(({ results }) => results.map(({ outcome }) => outcome));
  const count = (wanted: Result["outcome"]) => outcomes.filter((outcome) => outcome === wanted).length;
  const old = rows.filter(({ one }) => one.oldServer === true).length;
  return `# Interop with Kitex

**${summary.passed} passed, ${summary.failed} failed.** ${rows.length} cases against programs of Kitex ${kitex}, ${old} of them against a server of
Kitex ${oldKitex}, and ${codecs.length} of the Thrift codec alone. \`deno task interop\` repeats it and writes this file; it needs Go 1.24 or
later, and a few minutes the first time, to build the Kitex programs in \`go/\`. (\`deno task interop --old-server\` plays
what else needs no cancel against ${oldKitex}, and \`--only "cancel_after_begin" --show\` prints all that was seen of one case.)

- **A case** is one script for the client and one for each handler, played by a Kitex program or by this library.
  Written down is everything that each end saw: messages, headers, trailers, metainfo, the whole text, code and kind of every
  error, the end of its context; and the frames on every wire, with their keys and exceptions.
- **It is compared** with the same script played by Kitex alone in the same run: the *control*.
- **Who plays**: G is Kitex, D this library, O the old Kitex. A, the first letter, calls B, B calls C. So \`DG\` is a Deno client
  and a Kitex server, \`GDG\` a Kitex client whose call goes through a Deno service on to a Kitex one. Where one end is
  frames written by hand, the letter is the other end.
- **same**: no difference. **meant (n)**: no difference but number n of the list at the end, which is applied to the control
  to the letter: anything more, less or else is a failure.
- **Not compared**: stream ids, addresses, lengths of time, how a run of Data frames is cut into frames (its messages are
  compared), and in the load cases the frames. What fails while ten cases run at once is played once more, alone.

${count("control")} results are controls, ${count("same")} are the same, ${count("meant")} are meant, ${
    count("failed")
  } failed; ${codecs.length} are of the codec. One more is the
[golden file](./golden/texts.json) of Kitex's error texts: ${
    golden.length > 0
      ? `**${golden.length} of them are not as they were.**`
      : "Kitex printed each of them in this run, and no other."
  }`.split("\n");
}

/** The same as Markdown, with the meant differences told in full. Nothing in it differs from run to run. */
export function markdown(rows: readonly Row[], summary: Summary, subject: Subject): string {
  const { codecs, faults } = subject;
  const reasons = [...new Set(rows.flatMap(({ results }) => results.flatMap(({ meant }) => meant)))];
  const out = head(rows, summary, subject);
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
  if (codecs.length > 0) {
    out.push(
      "",
      `## ${THRIFT}`,
      "",
      "Payloads alone, without a stream: random values of every type, written by the one, read and written by the",
      "other, and read again; and each known difference as a case of its own.",
      "",
    );
    out.push("| case | result |", "|---|---|");
    for (const { name, error } of codecs) {
      out.push(`| ${name.replaceAll("|", "\\|")} | ${error === undefined ? "passed" : "**failed**"} |`);
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

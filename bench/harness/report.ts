import type { Figure, Figures, Medians, Target } from "./case.ts";
import type { ContenderName, ProtocolName } from "./contenders.ts";
import type { CaseResult, GrowthResult } from "./measure.ts";

/** All that a run has found. */
export interface Results {
  readonly environment: string;
  readonly cases: readonly CaseResult[];
  readonly growths: readonly GrowthResult[];
}

const COLUMNS: readonly ContenderName[] = [
  "ttstream",
  "ttstream, thrift",
  "ttstream, protobuf",
  "ttstream, observed",
  "ttstream, traced",
  "ttstream, unsampled",
  "ttstream, traced by Deno",
  "Kitex",
  "Kitex at ttstream",
  "grpc-js",
  "raw TCP",
];

const PROTOCOLS: Readonly<Record<ProtocolName, string>> = { ttheader: "TTHeader Streaming", grpc: "gRPC" };

/** The tables of figures, one for each protocol that has any. */
export function figureTables(
  cases: readonly CaseResult[],
): { readonly title: string; readonly rows: string[][] }[] {
  return (["ttheader", "grpc"] as const).flatMap((protocol) => {
    const own = cases.filter(({ of }) => (of.protocol ?? "ttheader") === protocol);
    return own.length === 0 ? [] : [{ title: PROTOCOLS[protocol], rows: figureRows(own) }];
  });
}

/** A row for each figure of a case, a column for everybody who takes part in one. */
function figureRows(cases: readonly CaseResult[]): string[][] {
  const columns = COLUMNS.filter((name) => cases.some(({ of }) => of.contenders.includes(name)));
  return [
    ["case", "", ...columns],
    ...cases.flatMap(({ of, medians }) =>
      of.shows.map((figure, index) => [
        index === 0 ? of.name : "",
        LABELS[figure],
        ...columns.map((name) => of.contenders.includes(name) ? show(figure, medians.get(name)) : ""),
      ])
    ),
  ];
}

/** The table of targets: what is to be reached, what was, and whether that is enough. */
export function targetRows(cases: readonly CaseResult[]): string[][] {
  return [
    ["case", "what", "measured", "to reach", ""],
    ...cases.flatMap(({ of, medians }) =>
      of.targets.map((target, index) => [
        index === 0 ? of.name : "",
        target.what,
        measured(target, medians),
        reach(target),
        verdict(target, medians),
      ])
    ),
  ];
}

/** A table of a growth: a row for each value. */
export function growthRows({ of, curves }: GrowthResult): string[][] {
  return [
    [of.axis, ...[...curves.keys()].map((name) => `${name}, ${of.unit}`)],
    ...of.values.map((value, index) => [
      grouped(value),
      ...[...curves.values()].map((curve) => grouped(curve[index] ?? NaN)),
    ]),
  ];
}

/** Why somebody has no figures. */
export function absences(cases: readonly CaseResult[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const { of, absent } of cases) {
    for (const [name, why] of absent) {
      reasons.set(`${name}: ${why}`, [...reasons.get(`${name}: ${why}`) ?? [], of.name]);
    }
  }
  return [...reasons].map(([why, names]) =>
    `${why} (${names.length === cases.length ? "all" : names.join("; ")})`
  );
}

/** Whether a target was reached; unknown where it could not be measured. */
export function reached(target: Target, medians: Medians): boolean | undefined {
  const value = target.value(medians);
  if (value === undefined) return undefined;
  return target.sense === "at least" ? value >= target.reach : value < target.reach;
}

/** The report as Markdown. */
export function markdown({ environment, cases, growths }: Results): string {
  const gaps = absences(cases);
  return `# Benchmark results

Written by \`deno task bench\`. ${environment}

Every case: client and server in processes of their own on loopback, fresh ones for each case, a warm-up, then three
rounds in turns; medians. Messages are a string of 16 letters, an i64 and a blob of 1 KiB; \`ttstream\` sends as many
bytes without a codec, \`ttstream, thrift\`, \`ttstream, protobuf\` (over gRPC) and Kitex encode and decode the message,
grpc-js gets bytes as they are. \`ttstream\`'s round trips go by \`send\` and \`for await\`. Over gRPC the message is the same, in protobuf. Kitex has its default pool of one connection a core, everybody else one connection.

![Ratios to Kitex, and how cost grows](results.svg)

## Targets

${table(targetRows(cases))}

${figureTables(cases).map(({ title, rows }) => `## Figures: ${title}\n\n${table(rows)}`).join("\n\n")}

${growths.map((growth) => `## ${capital(growth.of.name)}\n\n${table(growthRows(growth))}`).join("\n\n")}
${gaps.length > 0 ? `\n## Not measured\n\n${gaps.map((gap) => `- ${gap}`).join("\n")}\n` : ""}`;
}

/** A table for a terminal. */
export function plain(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row.map((cell, column) =>
      isNumber(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    )
      .join("  ").trimEnd()
  ).join("\n");
}

function table([head = [], ...rows]: readonly string[][]): string {
  const rule = head.map((_, column) => rows.every((row) => isNumber(row[column] ?? "")) ? "--:" : "---");
  return [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function isNumber(cell: string): boolean {
  return cell === "" || cell === "–" || /^[\d.]/.test(cell);
}

const LABELS: Readonly<Record<Figure, string>> = {
  perSecond: "messages/s",
  mbPerSecond: "MB/s",
  p50Ms: "p50, ms",
  p99Ms: "p99, ms",
  clientBytes: "bytes at the client",
  serverBytes: "bytes at the server",
  percent: "% of 64 KiB",
  firstMs: "first message, ms",
  nextMs: "the next 1,000, ms",
};

function show(figure: Figure, figures: Figures | undefined): string {
  const value = figures?.[figure];
  return value === undefined ? "–" : grouped(value);
}

function measured(target: Target, medians: Medians): string {
  const value = target.value(medians);
  return value === undefined ? "–" : withUnit(value, target.unit);
}

function reach({ reach, sense, unit }: Target): string {
  return `${sense} ${withUnit(reach, unit)}`;
}

function verdict(target: Target, medians: Medians): string {
  const result = reached(target, medians);
  if (result === undefined) return "not measured";
  return result ? "reached" : "missed";
}

function withUnit(value: number, unit: Target["unit"]): string {
  switch (unit) {
    case "times":
      return `${value.toFixed(2)} ×`;
    case "%":
      return `${value.toFixed(0)} %`;
    case "ms":
      return `${value.toFixed(2)} ms`;
    case "bytes":
      return `${grouped(value)} bytes`;
  }
}

/** 1234567 as 1,234,567; small numbers with two digits. */
export function grouped(value: number): string {
  if (Number.isNaN(value)) return "–";
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 && value % 1 !== 0 ? 2 : 0 });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

import { escape, fixed, line, text } from "../../tools/svg.ts";
import type { Target } from "./case.ts";
import type { ContenderName } from "./contenders.ts";
import type { GrowthResult } from "./measure.ts";
import type { Results } from "./report.ts";

/** A bar: what was measured, and what is to be reached. */
interface Bar {
  readonly label: string;
  readonly kind: "raw" | "thrift";
  readonly value: number;
  readonly reach: number;
}

const WIDTH = 880;
const MARGIN = 24;
const LABEL_WIDTH = 330;
const BAR_HEIGHT = 16;
const ROW_HEIGHT = 22;
const PLOT_HEIGHT = 190;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 15px; }
  .small { font-size: 11px; fill: #57606a; }
  .raw { fill: #2f6feb; } .thrift { fill: #8cb4ff; } .reach { stroke: #24292f; stroke-width: 2; }
  .axis { stroke: #d0d7de; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .ttstream { stroke: #2f6feb; } .kitex { stroke: #bf8700; }
  .dot-ttstream { fill: #2f6feb; } .dot-kitex { fill: #bf8700; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9198a1; } .axis { stroke: #3d444d; } .reach { stroke: #e6edf3; }
    .thrift { fill: #1f4fa8; }
  }`;

/** The run as one picture: bars of the ratios to Kitex, and a small plot for each growth. */
export function chart({ cases, growths, environment }: Results): string {
  const bars = cases.flatMap(({ of, medians }) =>
    of.targets.filter(isRatioToKitex).flatMap((target): Bar[] => {
      const value = target.value(medians);
      if (value === undefined) return [];
      const thrift = target.what.includes("thrift");
      return [{
        label: thrift ? "" : of.name,
        kind: thrift ? "thrift" : "raw",
        value,
        reach: target.reach,
      }];
    })
  );
  const barsHeight = 70 + bars.length * ROW_HEIGHT;
  const height = barsHeight + (growths.length > 0 ? PLOT_HEIGHT + 120 : 0) + 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>ttstream beside Kitex: how many times as fast, and how cost grows</title>
<style>${STYLE}</style>
${barChart(bars)}
${growths.map((growth, index) => plot(growth, index, growths.length, barsHeight + 20)).join("\n")}
${text(MARGIN, height - 12, escape(environment), "small")}
</svg>
`;
}

function isRatioToKitex({ unit, sense, what }: Target): boolean {
  return unit === "times" && sense === "at least" && what.endsWith("/ Kitex");
}

function barChart(bars: readonly Bar[]): string {
  const left = MARGIN + LABEL_WIDTH;
  const most = Math.max(1, ...bars.flatMap(({ value, reach }) => [value, reach]));
  const x = (value: number) => left + value / most * (WIDTH - left - MARGIN - 50);
  const base = 54;
  const rows = bars.map(({ label, kind, value, reach }, index) => {
    const y = base + index * ROW_HEIGHT;
    const middle = y + BAR_HEIGHT / 2;
    return [
      label === "" ? "" : text(left - 10, middle + 4, escape(label), "", "end"),
      `<rect class="${kind}" x="${left}" y="${y}" width="${
        fixed(x(value) - left)
      }" height="${BAR_HEIGHT}" rx="2"/>`,
      line(x(reach), y - 2, x(reach), y + BAR_HEIGHT + 2, "reach"),
      text(Math.max(x(value), x(reach)) + 6, middle + 4, `${value.toFixed(1)} ×`),
    ].join("");
  });
  const bottom = base + bars.length * ROW_HEIGHT;
  return [
    text(MARGIN, 24, "Times as fast as Kitex, Go to Go", "title"),
    text(MARGIN, 42, "dark bar: bytes as they are · light bar: Thrift structs · mark: to reach", "small"),
    line(x(1), base - 6, x(1), bottom, "axis"),
    ...rows,
  ].join("\n");
}

function plot({ of, curves }: GrowthResult, index: number, plots: number, top: number): string {
  const room = (WIDTH - 2 * MARGIN) / plots;
  const left = MARGIN + index * room + 44;
  const right = MARGIN + (index + 1) * room - 14;
  const [above, below] = [top + 36, top + 36 + PLOT_HEIGHT];
  const all = [...curves.values()].flat().filter((value) => value > 0);
  const [low, high] = [Math.log10(Math.min(...all)) - 0.1, Math.log10(Math.max(...all)) + 0.1];
  const [first, last] = [Math.log10(of.values[0] ?? 1), Math.log10(of.values.at(-1) ?? 10)];
  const x = (value: number) => left + (Math.log10(value) - first) / (last - first) * (right - left);
  const y = (value: number) => below - (Math.log10(value) - low) / (high - low) * (below - above);
  const ticks = ticksBetween(low, high).map((tick) =>
    line(left, y(tick), right, y(tick), "axis") + text(left - 6, y(tick) + 4, short(tick), "small", "end")
  );
  const marks = of.values.map((value) => text(x(value), below + 16, short(value), "small", "middle"));
  const lines = [...curves].map(([name, curve], row) => {
    const points = curve.map((value, at) => [x(of.values[at] ?? NaN), y(value)] as const);
    const kind = classOf(name);
    return `<polyline class="line ${kind}" points="${
      points.map(([px, py]) => `${fixed(px)},${fixed(py)}`).join(" ")
    }"/>` +
      points.map(([px, py]) => `<circle class="dot-${kind}" cx="${fixed(px)}" cy="${fixed(py)}" r="3"/>`)
        .join("") +
      `<rect class="dot-${kind}" x="${fixed(left + row * 84)}" y="${below + 42}" width="10" height="10"/>` +
      text(left + row * 84 + 14, below + 51, escape(name), "small");
  });
  return [
    text(MARGIN + index * room, top + 14, escape(`${of.name}, ${of.unit}`), "", "start"),
    line(left, below, right, below, "axis"),
    ...ticks,
    ...marks,
    text((left + right) / 2, below + 32, escape(of.axis), "small", "middle"),
    ...lines,
  ].join("\n");
}

/** Round numbers between two powers of ten: as many as a small plot has room for. */
function ticksBetween(low: number, high: number): number[] {
  const steps = high - low > 1.5 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (tick >= 10 ** low && tick <= 10 ** high) ticks.push(tick);
    }
  }
  return ticks;
}

function classOf(name: ContenderName): string {
  return name === "Kitex" ? "kitex" : "ttstream";
}

function short(value: number): string {
  if (value >= 1_048_576 && value % 1_048_576 === 0) return `${value / 1_048_576} Mi`;
  if (value >= 1024 && value % 1024 === 0) return `${value / 1024} Ki`;
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

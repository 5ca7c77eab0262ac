/**
 * Draws the trace of a cascade as it was exported: `deno run -A tests/otel/picture.ts > docs/trace.svg`, with `JSR_URL`
 * as for the tests where there is no JSR.
 */
import { escape, fixed, line, text } from "../../tools/svg.ts";
import { attribute, type ServiceSpan } from "./collector.ts";
import { runCascade } from "./cascade.ts";

const WIDTH = 880;
const MARGIN = 24;
const LABEL_WIDTH = 190;
const ROW = 58;
const TOP = 64;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; font-size: 15px; } .small { font-size: 11px; fill: #57606a; }
  .grid { stroke: #d0d7de; stroke-width: 1; } .link { fill: none; stroke: #8c959f; stroke-width: 1.2; }
  .client { fill: #2f6feb; } .server { fill: #8cb4ff; } .cancel { fill: #bf8700; } .first { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .small { fill: #9198a1; } .grid { stroke: #3d444d; } .server { fill: #1f4fa8; }
    .first { fill: #3fb950; }
  }`;

/** The spans of one trace, its first one on top. */
export function picture(chain: readonly ServiceSpan[]): string {
  const begin = Math.min(...chain.map(({ startTimeUnixNano }) => ms(startTimeUnixNano)));
  const total = Math.max(...chain.map(({ endTimeUnixNano }) => ms(endTimeUnixNano))) - begin;
  const left = MARGIN + LABEL_WIDTH;
  const x = (nanos: string) => left + (ms(nanos) - begin) / total * (WIDTH - left - MARGIN);
  const height = TOP + chain.length * ROW + 44;
  const bottom = TOP + chain.length * ROW;
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => total / step <= 8) ?? 1_000;
  const grid = Array.from({ length: Math.floor(total / step) + 1 }, (_, i) => {
    const at = left + i * step / total * (WIDTH - left - MARGIN);
    return line(at, TOP - 14, at, bottom, "grid") +
      text(at, TOP - 20, `${i * step} ms`, "small", "middle");
  });
  const rows = chain.map((span, row) => {
    const y = TOP + row * ROW;
    const [from, to] = [x(span.startTimeUnixNano), x(span.endTimeUnixNano)];
    const first = span.events?.find(({ name }) => name === "first message");
    const took = ms(span.endTimeUnixNano) - ms(span.startTimeUnixNano);
    const parent = row === 0
      ? ""
      : `<path class="link" d="M${fixed(from - 7)} ${y - ROW + 22}V${y + 10}H${fixed(from)}"/>`;
    return [
      text(MARGIN, y + 8, escape(`${span.service} · ${span.kind === 3 ? "calls" : "handles"}`)),
      text(MARGIN, y + 24, escape(span.name), "small"),
      parent,
      `<rect class="${span.kind === 3 ? "client" : "server"}" x="${fixed(from)}" y="${y}" width="${
        fixed(Math.max(to - from, 2))
      }" height="20" rx="3"/>`,
      `<rect class="cancel" x="${fixed(to - 4)}" y="${y - 3}" width="4" height="26" rx="2"/>`,
      first === undefined
        ? ""
        : `<circle class="first" cx="${fixed(x(first.timeUnixNano))}" cy="${y + 10}" r="5"/>`,
      text(to, y + 38, escape(caption(span, took)), "small", "end"),
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>A trace of three services: A cancels, and every service says so</title>
<style>${STYLE}</style>
${text(MARGIN, 26, "One trace: A calls B, B calls C, and A cancels after the first message", "title")}
${grid.join("\n")}
${rows.join("\n")}
<circle class="first" cx="${MARGIN + 5}" cy="${height - 20}" r="5"/>${
    text(MARGIN + 16, height - 16, "first message", "small")
  }<rect class="cancel" x="${MARGIN + 118}" y="${height - 28}" width="4" height="16" rx="2"/>${
    text(MARGIN + 128, height - 16, "cancelled, which is no error; exported by OTEL_DENO=true", "small")
  }
</svg>
`;
}

function caption(span: ServiceSpan, took: number): string {
  const code = attribute(span, "rpc.status_code") ?? "";
  const path = attribute(span, "ttstream.cancel_path");
  const by = attribute(span, "ttstream.canceled_by");
  const who = by === undefined ? "cancelled here" : `cancelled by ${by}`;
  return `${took.toFixed(1)} ms · ${code} · ${who}${path === undefined ? "" : ` · path ${path}`}`;
}

function ms(nanos: string): number {
  return Number(BigInt(nanos) / 1_000n % 10_000_000_000_000n) / 1_000;
}

/** A trace's spans, each behind its parent. */
export function chainOf(spans: readonly ServiceSpan[]): ServiceSpan[] {
  const chain: ServiceSpan[] = [];
  let next = spans.find(({ parentSpanId }) => (parentSpanId ?? "") === "");
  while (next !== undefined) {
    chain.push(next);
    const { spanId } = next;
    next = spans.find(({ parentSpanId }) => parentSpanId === spanId);
  }
  return chain;
}

if (import.meta.main) console.log(picture(chainOf((await runCascade()).spans)).trimEnd());

import { format } from "./_failure.ts";

/** More cells than this in the table of {@linkcode diff}, and the lines are listed instead of aligned. */
const MAX_CELLS = 4_000_000;

/**
 * What turns `actual` into `expected`, line by line: `-` before a line of `actual` alone, `+` before one of
 * `expected` alone, and the shared lines around them unmarked.
 */
export function diff(actual: unknown, expected: unknown): string {
  const bothText = typeof actual === "string" && typeof expected === "string";
  const a = bothText ? textLines(actual) : format(actual).split("\n");
  const b = bothText ? textLines(expected) : format(expected).split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;

  const out = ["", "    [Diff] - actual / + expected", ""];
  for (const line of a.slice(0, head)) out.push(`    ${line}`);
  align(a.slice(head, a.length - tail), b.slice(head, b.length - tail), out);
  for (const line of a.slice(a.length - tail)) out.push(`    ${line}`);
  return out.join("\n") + "\n";
}

/** The lines of a text, with what cannot be seen in them escaped. */
function textLines(text: string): string[] {
  return text.split(/(?<=\n)/).map((line) => JSON.stringify(line).slice(1, -1));
}

/** Writes both lists, their longest common subsequence unmarked. */
function align(a: readonly string[], b: readonly string[], out: string[]): void {
  const width = b.length + 1;
  const aligned = (a.length + 1) * width <= MAX_CELLS;
  // common[i * width + j]: how many lines a[i…] and b[j…] can share in this order.
  const common = new Uint32Array(aligned ? (a.length + 1) * width : 0);
  const shared = (i: number, j: number): number => common[i * width + j] ?? 0;
  if (aligned) {
    for (let i = a.length - 1; i >= 0; i--) {
      for (let j = b.length - 1; j >= 0; j--) {
        common[i * width + j] = a[i] === b[j]
          ? shared(i + 1, j + 1) + 1
          : Math.max(shared(i + 1, j), shared(i, j + 1));
      }
    }
  }
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (aligned && i < a.length && j < b.length && a[i] === b[j]) {
      out.push(`    ${a[i]}`);
      i++;
      j++;
    } else if (i < a.length && (j === b.length || shared(i + 1, j) >= shared(i, j + 1))) {
      out.push(`-   ${a[i++]}`);
    } else {
      out.push(`+   ${b[j++]}`);
    }
  }
}

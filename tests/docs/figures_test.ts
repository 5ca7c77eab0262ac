/** The figures of the front page and of the guide: each is one that a benchmark or a report has written down. */
import { assert, assertEquals } from "@std/assert";
import { readPage } from "./pages.ts";

const [readme, results] = await Promise.all([readPage("README.md"), readPage("bench/RESULTS.md")]);

/** The rows of a page's tables: their cells, without what stands in none. */
function rowsOf(text: string): string[][] {
  return text.split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The rows of the front page's figures of which no row of the results has all. */
function unmeasured(text: string): string[][] {
  const measured = rowsOf(results.text);
  const shown = rowsOf(text).filter((cells) => cells.length === 5 && /^[\d,.]+$/.test(cells[1] ?? ""))
    .map((cells) => cells.slice(1).filter((figure) => figure !== ""));
  assert(shown.length >= 8, `${shown.length} rows of figures`);
  return shown.filter((figures) =>
    !measured.some((cells) => figures.every((figure) => cells.includes(figure)))
  );
}

Deno.test("every figure of the front page's table is in the benchmark's results", () => {
  assertEquals(unmeasured(readme.text), []);
});

Deno.test("a figure that nobody has measured would be found", () => {
  const [, row] = /^(\| server streaming, 1 stream.*)$/m.exec(readme.text) ?? [];
  assert(row !== undefined);
  assertEquals(unmeasured(readme.text.replace(row, row.replace(/\d+,\d+/, "999,999"))).length, 1);
});

for (
  const [path, claim, report, proof] of [
    [
      "README.md",
      /(\d+) cases with real Kitex programs/,
      "REPORT.md",
      /(\d+) cases against programs of Kitex/,
    ],
    ["docs/kitex.md", /plays (\d+) cases/, "REPORT.md", /(\d+) cases against programs of Kitex/],
    ["docs/unary.md", /plays (\d+) cases/, "unary/REPORT.md", /(\d+) passed, 0 failed/],
  ] as const
) {
  Deno.test(`${path} counts as many cases as tests/interop/${report}`, async () => {
    const [page, told] = await Promise.all([readPage(path), readPage(`tests/interop/${report}`)]);
    const claimed = claim.exec(page.text)?.[1];
    assert(claimed !== undefined);
    assertEquals(claimed, proof.exec(told.text)?.[1]);
  });
}

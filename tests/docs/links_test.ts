/** The links of the guide and of the front page: each goes to a file, and to a heading in it. */
import { assert, assertEquals } from "@std/assert";
import { guide, type Page, page, readPage } from "./pages.ts";

const root = new URL("../../", import.meta.url);

const others = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
const pages = [...await guide(), ...await Promise.all(others.map(readPage))];

/** What is wrong with the links of a page, one text each. */
async function wrongLinks(from: Page, all: readonly Page[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const link of from.links) {
    if (/^(https?|mailto):/.test(link)) continue;
    const target = new URL(link, new URL(from.path, "file:///"));
    const path = target.pathname.slice(1);
    const anchor = decodeURIComponent(target.hash.slice(1));
    const to = all.find((other) => other.path === path);
    if (to === undefined && !await exists(path)) wrong.push(`${from.path}: ${link}: there is no ${path}`);
    else if (anchor !== "" && to?.anchors.has(anchor) !== true) {
      wrong.push(`${from.path}: ${link}: ${path} has no heading #${anchor}`);
    }
  }
  return wrong;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(new URL(path, root));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every link of the guide and of the front page goes somewhere", async () => {
  const wrong = await Promise.all(pages.map((from) => wrongLinks(from, pages)));
  assertEquals(wrong.flat(), []);
});

Deno.test("every page of the guide is in its contents", () => {
  const contents = pages.find(({ path }) => path === "docs/README.md");
  assert(contents !== undefined);
  const linked = new Set(contents.links.map((link) => link.replace(/^\.\//, "docs/").replace(/#.*/, "")));
  const paths = pages.map(({ path }) => path).filter((path) => /^docs\/(?!README)/.test(path));
  assertEquals(paths.filter((path) => !linked.has(path)), []);
});

Deno.test("a link to a page or a heading that is not there would be found", async () => {
  const a = page(
    "docs/a.md",
    "# A\n\n[b](./b.md#two-words) [c](./c.md) [d](#d) [x](https://x.example) `[y](z)`\n",
  );
  const b = page(
    "docs/b.md",
    "## Two `words`!\n\n```md\n# Not a heading\n```\n\n[a](a.md#a) [no](#not-a-heading)\n",
  );
  assertEquals(await wrongLinks(a, [a, b]), [
    "docs/a.md: ./c.md: there is no docs/c.md",
    "docs/a.md: #d: docs/a.md has no heading #d",
  ]);
  assertEquals(await wrongLinks(b, [a, b]), [
    "docs/b.md: #not-a-heading: docs/b.md has no heading #not-a-heading",
  ]);
});

/** The guide as the tests see it: pages of Markdown, with their blocks of code, headings and links. */

const root = new URL("../../", import.meta.url);

/** A fenced block of code. */
export interface Block {
  /** The first word behind the fence, `ts` say; empty where there is none. */
  readonly language: string;
  /** The other words: `ignore`, `prints`. */
  readonly words: readonly string[];
  readonly code: string;
  /** Where its fence opens, from 1. */
  readonly line: number;
}

/** One file of the guide. */
export interface Page {
  /** From the repository's root on: `docs/errors.md`. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** What a link may name behind `#`. */
  readonly anchors: ReadonlySet<string>;
  /** Where its links go, as they are written. */
  readonly links: readonly string[];
}

/** A page of that text. */
export function page(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { readonly info: string; readonly line: number; readonly code: string[] } | undefined;
  for (const [i, line] of text.split("\n").entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open === undefined) {
      if (fence === null) prose.push(line);
      else open = { info: fence[1] ?? "", line: i + 1, code: [] };
    } else if (line === "```") {
      const [language = "", ...words] = open.info.trim().split(/\s+/);
      blocks.push({ language, words, code: `${open.code.join("\n")}\n`, line: open.line });
      open = undefined;
    } else open.code.push(line);
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block is never closed`);
  return { path, text, blocks, anchors: anchorsOf(prose), links: linksOf(prose) };
}

/** The pages in `docs/`, by their paths. */
export async function guide(): Promise<Page[]> {
  const names = (await Array.fromAsync(Deno.readDir(new URL("docs/", root)))).map(({ name }) => name);
  const paths = names.filter((name) => name.endsWith(".md")).sort().map((name) => `docs/${name}`);
  return await Promise.all(paths.map(readPage));
}

/** The page of that path from the root on. */
export async function readPage(path: string): Promise<Page> {
  return page(path, await Deno.readTextFile(new URL(path, root)));
}

/** As GitHub makes them: lower case, without punctuation, spaces as dashes; the second of a name ends in `-1`. */
function anchorsOf(lines: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of lines) {
    const heading = /^#{1,6} (.+)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, "").replaceAll(" ", "-");
    let name = slug;
    for (let n = 1; anchors.has(name); n++) name = `${slug}-${n}`;
    anchors.add(name);
  }
  return anchors;
}

function linksOf(lines: readonly string[]): string[] {
  // What stands in backticks is code.
  const prose = lines.join("\n").replaceAll(/`[^`]*`/g, "``");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
}

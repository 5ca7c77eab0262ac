import type { Comment } from "./lexer.ts";

/** The lines of a comment without its marks, indentation in common taken off. */
export function commentLines(text: string): string[] {
  if (text.startsWith("#")) return [text.replace(/^#+ ?/, "").trimEnd()];
  if (text.startsWith("//")) return [text.replace(/^\/{2,} ?/, "").trimEnd()];
  const lines = text.slice(2, -2).replace(/^\*+|\*+$/g, "").split(/\r\n|\r|\n/);
  const [first = "", ...rest] = lines;
  const starred = rest.filter((line) => line.trim() !== "").every((line) => /^\s*\*/.test(line));
  const body = starred ? rest.map((line) => line.replace(/^\s*\*/, "")) : rest;
  const indent = Math.min(...body.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)));
  return trimLines([first.trim(), ...body.map((line) => line.slice(indent).trimEnd())]);
}

/** Without the empty lines at both ends. */
export function trimLines(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line !== "");
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== "") + 1);
}

/**
 * Groups of comments: those on neighbouring lines say one thing, an empty line begins another.
 *
 * @param next Where the thing after the comments begins.
 * @returns The groups in order, and whether the last one is close to `next`.
 */
export function commentGroups(
  text: string,
  comments: readonly Comment[],
  next: number,
): { groups: string[][]; attached: boolean } {
  const groups: string[][] = [];
  let end: number | undefined;
  for (const comment of comments) {
    const apart = end === undefined || isApart(text.slice(end, comment.start));
    const lines = commentLines(comment.text);
    if (apart) groups.push(lines);
    else groups.at(-1)?.push(...lines);
    end = comment.end;
  }
  const attached = end !== undefined && !isApart(text.slice(end, next));
  return { groups, attached };
}

function isApart(between: string): boolean {
  return (between.match(/\r\n|\r|\n/g)?.length ?? 0) > 1;
}

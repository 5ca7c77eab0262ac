import { escapeHidden } from "../base/hidden.ts";
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
function trimLines(lines: readonly string[]): string[] {
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

// What Deno and TypeScript take for orders where it stands in a comment: not to check or lint a file, where the types
// of an import are, where the source is that a debugger shows.
const ORDERS = /@(?=ts-|deno-|jsx)|deno-(?=[a-z]+-ignore)|[#@](?=\s*source(?:Mapping)?URL\b)/gi;

/** A line of a comment as it may be written: it neither leaves the comment nor tells a tool to do anything. */
function commentText(line: string): string {
  return escapeHidden(line.replace(ORDERS, "$&\\"));
}

/** The same in JSDoc, where `deno test --doc` runs what is fenced with backticks. */
function jsDocText(line: string): string {
  return commentText(line).replaceAll("*/", "*\\/").replace(/`{3,}/g, (fence) => "~".repeat(fence.length));
}

/**
 * A JSDoc comment of these lines, each with `indent` before it; nothing where there are none.
 */
export function jsDoc(doc: readonly string[], indent = ""): string {
  const lines = trimLines(doc).filter((line, index, all) => line !== "" || all[index - 1] !== "")
    .map(jsDocText);
  const [first, ...rest] = lines;
  if (first === undefined) return "";
  if (rest.length === 0) return `${indent}/** ${first} */\n`;
  const body = lines.map((line) => line === "" ? `${indent} *\n` : `${indent} * ${line}\n`);
  return `${indent}/**\n${body.join("")}${indent} */\n`;
}

/** Comment lines that belong to no definition. */
export function lineComments(lines: readonly string[]): string {
  return trimLines(lines).map((line) => line === "" ? "//\n" : `// ${commentText(line)}\n`).join("");
}

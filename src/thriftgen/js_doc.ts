import { trimLines } from "../idl/comment.ts";
import { escapeHidden } from "../idl/hidden.ts";

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

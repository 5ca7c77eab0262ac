/** What the pictures of this repository are drawn with: elements of an SVG, as text. */

/** A text at a place; `content` is markup: see {@linkcode escape}. @param kind Its class. */
export function text(x: number, y: number, content: string, kind = "", anchor = "start"): string {
  const attributes = `${kind === "" ? "" : ` class="${kind}"`}${
    anchor === "start" ? "" : ` text-anchor="${anchor}"`
  }`;
  return `<text x="${fixed(x)}" y="${fixed(y)}"${attributes}>${content}</text>`;
}

/** A straight line. @param kind Its class. */
export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}"/>`;
}

/** A coordinate, to a tenth. */
export function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Any text as markup. */
export function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

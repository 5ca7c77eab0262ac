// Paths here have forward slashes; the command line turns the others round before they get here.

/** Everything before the last slash; `.` where there is none. */
export function dirname(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

/** Everything after the last slash. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The base name without its last extension: what names of an included file begin with. */
export function stem(path: string): string {
  const base = basename(path);
  const dot = base.lastIndexOf(".");
  return dot < 0 ? base : base.slice(0, dot);
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:\//.test(path);
}

/** The same path without `.`, `a/..` and doubled slashes. */
export function normalize(path: string): string {
  const root = /^(?:[A-Za-z]:)?\//.exec(path)?.[0] ?? "";
  const parts: string[] = [];
  for (const part of path.slice(root.length).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || root === "") parts.push(part);
  }
  return root + parts.join("/") || ".";
}

export function join(directory: string, path: string): string {
  return normalize(isAbsolute(path) ? path : `${directory}/${path}`);
}

// What means something else in the URL that a specifier is, or is left out of it: as itself it would import another
// module than the one that was written, `..%2f` even one of another folder.
const URL_SYNTAX = /[%?#\\\p{Cc}]/gu;

/** How a module in the folder of `from` imports the module `to`; both are relative to the same folder. */
export function relativeSpecifier(from: string, to: string): string {
  const folders = from.split("/").slice(0, -1);
  const target = to.split("/");
  while (folders.length > 0 && target.length > 1 && folders[0] === target[0]) {
    folders.shift();
    target.shift();
  }
  const up = folders.map(() => "..");
  return `${up.length === 0 ? "./" : ""}${
    [...up, ...target].join("/").replace(URL_SYNTAX, encodeURIComponent)
  }`;
}

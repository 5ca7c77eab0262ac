/** The width of `deno fmt`'s own settings. Where a line may be wider its formatter leaves broken lines broken. */
export const WIDTH = 80;

/** A piece of code that knows how it may be broken into lines. */
export type Code = string | Group | readonly Code[];

/** Items between brackets: all on one line, or each on a line of its own. */
export interface Group {
  readonly open: string;
  readonly close: string;
  readonly items: readonly Code[];
  /** Stands between the brackets and the items on one line: a blank in `{ a: 1 }`. */
  readonly padding: "" | " ";
  /** Stands behind the last item on its own line: not in type arguments. */
  readonly trailing: "" | ",";
  /** Whether it is always broken. */
  readonly broken: boolean;
}

/** A call's arguments, an array's elements. */
export function args(open: string, items: readonly Code[], close: string, broken = false): Group {
  return { open, close, items, padding: "", trailing: ",", broken };
}

/** The properties of an object. */
export function object(items: readonly Code[], broken = false): Group {
  return { open: "{", close: "}", items, padding: items.length > 0 ? " " : "", trailing: ",", broken };
}

/** Type arguments. */
export function typeArgs(name: string, items: readonly Code[]): Group {
  return { open: `${name}<`, close: ">", items, padding: "", trailing: "", broken: false };
}

/** The code on one line; `undefined` where a part of it is always broken. */
function flat(code: Code): string | undefined {
  if (typeof code === "string") return code;
  if (isGroup(code)) {
    if (code.broken) return undefined;
    const items = code.items.map(flat);
    if (items.some((item) => item === undefined)) return undefined;
    return code.open + code.padding + items.join(", ") + code.padding + code.close;
  }
  const parts = code.map(flat);
  return parts.some((part) => part === undefined) ? undefined : parts.join("");
}

function isGroup(code: Code): code is Group {
  return typeof code === "object" && "items" in code;
}

/**
 * Lays code out as `deno fmt` does: a line that is too long is broken at its outermost brackets. Arguments that end
 * with an object stay before it on their line where they fit.
 *
 * @param indent The blanks before the line that the code begins on.
 * @param column How much of that line is in use.
 * @param after How much comes behind the code on its last line.
 */
export function layOut(code: Code, indent = 0, column = indent, after = 0): string {
  const line = flat(code);
  if (line !== undefined && column + line.length + after <= WIDTH) return line;
  if (typeof code === "string") return code;
  if (isGroup(code)) return breakGroup(code, indent, column);
  let text = "";
  for (const [index, part] of code.entries()) {
    const rest = code.slice(index + 1);
    text += layOut(
      part,
      indent,
      text.includes("\n") ? lastLine(text) : column + text.length,
      firstLine(rest) + (rest.length === 0 ? after : 0),
    );
  }
  return text;
}

function breakGroup(group: Group, indent: number, column: number): string {
  const last = group.items.at(-1);
  if (
    group.trailing === "," && group.padding === "" && last !== undefined && isObject(last) && !group.broken
  ) {
    const before = group.items.slice(0, -1).map(flat);
    const head = group.open + before.map((item) => `${item}, `).join("");
    if (!before.includes(undefined) && column + head.length + last.open.length <= WIDTH) {
      return head + breakGroup({ ...last, broken: true }, indent, column + head.length) + group.close;
    }
  }
  if (group.items.length === 0) return group.open + group.close;
  const inner = indent + 2;
  const items = group.items.map((item) => " ".repeat(inner) + layOut(item, inner, inner, 1));
  return `${group.open}\n${items.join(",\n")}${group.trailing}\n${" ".repeat(indent)}${group.close}`;
}

function isObject(code: Code): code is Group {
  return isGroup(code as Code) && (code as Group).open === "{" && (code as Group).items.length > 0;
}

function lastLine(text: string): number {
  return text.length - text.lastIndexOf("\n") - 1;
}

/** How much of the code must stay on the line that it begins on. */
function firstLine(code: Code): number {
  if (typeof code === "string") return code.length;
  if (isGroup(code)) return code.open.length;
  let length = 0;
  for (const part of code) {
    length += firstLine(part);
    if (typeof part !== "string" && (isGroup(part) || flat(part) === undefined)) break;
  }
  return length;
}

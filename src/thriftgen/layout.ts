/** The width of `deno fmt`'s own settings. Where a line may be wider its formatter leaves broken brackets broken. */
export const WIDTH = 80;

/** A piece of code that knows how it may be broken into lines. */
export type Code = string | Group | Hanging | readonly Code[];

/** Items between brackets: all on one line, or each on a line of its own. */
export interface Group {
  readonly kind: "group";
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

/** `head body`, or the body on a line of its own and further in. */
export interface Hanging {
  readonly kind: "hanging";
  readonly head: string;
  readonly body: Code;
  /** What is between them on one line: nothing in `Color.RED`. */
  readonly blank: "" | " ";
}

/** A call's arguments, an array's elements. */
export function args(open: string, items: readonly Code[], close: string): Group {
  return { kind: "group", open, close, items, padding: "", trailing: ",", broken: false };
}

/** The properties of an object. */
export function object(items: readonly Code[], broken = false): Group {
  const padding = items.length > 0 ? " " : "";
  return { kind: "group", open: "{", close: "}", items, padding, trailing: ",", broken };
}

/** Type arguments. */
export function typeArgs(name: string, items: readonly Code[]): Group {
  return { kind: "group", open: `${name}<`, close: ">", items, padding: "", trailing: "", broken: false };
}

/** A property and its value, a name and its type. */
export function hanging(head: string, body: Code, blank: "" | " " = " "): Hanging {
  return { kind: "hanging", head, body, blank };
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
  if ("kind" in code) {
    return code.kind === "group" ? breakGroup(code, indent, column) : hang(code, indent, column, after);
  }
  let text = "";
  for (const [index, part] of code.entries()) {
    const rest = code.slice(index + 1);
    const start = text.includes("\n") ? lastLine(text) : column + text.length;
    text += layOut(part, indent, start, firstLine(rest) + (isAtom(rest) ? after : 0));
  }
  return text;
}

/** The code on one line; `undefined` where a part of it is always broken. */
function flat(code: Code): string | undefined {
  if (typeof code === "string") return code;
  if (!("kind" in code)) return join(code, "");
  if (code.kind === "hanging") {
    const body = flat(code.body);
    return body && code.head + code.blank + body;
  }
  const items = code.broken ? undefined : join(code.items, ", ");
  return items === undefined ? undefined : code.open + code.padding + items + code.padding + code.close;
}

function join(codes: readonly Code[], separator: string): string | undefined {
  const parts = codes.map(flat);
  return parts.includes(undefined) ? undefined : parts.join(separator);
}

function breakGroup(group: Group, indent: number, column: number): string {
  const last = group.items.at(-1);
  if (last === undefined) return group.open + group.close;
  if (group.close === ")" && isObject(last)) {
    const before = join(group.items.slice(0, -1).map((item) => [item, ", "]), "");
    const head = before === undefined ? undefined : group.open + before;
    if (head !== undefined && column + head.length + last.open.length <= WIDTH) {
      return head + breakGroup(last, indent, column + head.length) + group.close;
    }
  }
  const inner = indent + 2;
  const items = group.items.map((item) => " ".repeat(inner) + layOut(item, inner, inner, 1));
  return `${group.open}\n${items.join(",\n")}${group.trailing}\n${" ".repeat(indent)}${group.close}`;
}

function hang({ head, body, blank }: Hanging, indent: number, column: number, after: number): string {
  const start = head + blank;
  const text = layOut(body, indent, column + start.length, after);
  const [first = ""] = text.split("\n", 1);
  const fits = column + start.length + first.length + (first === text ? after : 0) <= WIDTH;
  if (fits) return start + text;
  return `${head}\n${" ".repeat(indent + 2)}${layOut(body, indent + 2, indent + 2, after)}`;
}

function isObject(code: Code): code is Group {
  return typeof code === "object" && "kind" in code && code.kind === "group" && code.open === "{" &&
    code.items.length > 0;
}

/** Whether it can only be on one line. */
function isAtom(code: Code): boolean {
  return typeof code === "string" || (!("kind" in code) && code.every(isAtom));
}

function lastLine(text: string): number {
  return text.length - text.lastIndexOf("\n") - 1;
}

/** How much of the code must stay on the line that it begins on. */
function firstLine(code: Code): number {
  if (typeof code === "string") return code.length;
  if ("kind" in code) return code.kind === "group" ? code.open.length : code.head.length;
  let length = 0;
  for (const part of code) {
    length += firstLine(part);
    if (!isAtom(part)) break;
  }
  return length;
}

/** `export const name: type = value;`, or a class's property where `keyword` says so. */
export function constCode(
  name: string,
  type: Code,
  value: Code,
  keyword = "export const",
  indent = 0,
): string {
  const blanks = " ".repeat(indent);
  const head = `${keyword} ${name}:`;
  const fits = (line: string | undefined) => (line ?? "").length <= WIDTH;
  // What has no brackets of its own goes to another line as a whole.
  const atom = typeof value === "string" || ("kind" in value && value.kind === "hanging")
    ? flat(value)
    : undefined;
  const text = blanks + layOut([`${head} `, type, " = ", atom ?? value, ";"], indent);
  const lines = text.split("\n");
  if (atom === undefined ? fits(lines[0]) : lines.every(fits)) return `${text}\n`;
  const inner = indent + 2;
  const typed = blanks + layOut([`${head} `, type, " ="], indent);
  if (fits(typed.split("\n", 1)[0])) return `${typed}\n${" ".repeat(inner)}${layOut([value, ";"], inner)}\n`;
  const below = layOut([type, " = ", atom ?? value, ";"], inner);
  if (
    atom === undefined ||
    below.split("\n").every((line, index) => fits(index === 0 ? " ".repeat(inner) + line : line))
  ) {
    return `${blanks}${head}\n${" ".repeat(inner)}${below}\n`;
  }
  const lowest = layOut([value, ";"], inner + 2);
  return `${blanks}${head}\n${" ".repeat(inner)}${layOut([type, " ="], inner)}\n${
    " ".repeat(inner + 2)
  }${lowest}\n`;
}

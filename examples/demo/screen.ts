/** What the audience sees: plain text, and a little colour where a terminal shows it. */

const COLOURS = Deno.stdout.isTerminal() && !Deno.noColor;

/** Styles, as the terminal numbers them: on and off. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

type Style = keyof typeof STYLES;

/** Everybody in the play. */
const CAST: ReadonlyMap<string, Style> = new Map([
  ["User", "green"],
  ["ServiceA", "cyan"],
  ["ServiceB", "yellow"],
  ["ServiceC", "magenta"],
]);

/** Columns: the margin, names with the gap behind them, and where lines of flowing words break. */
const MARGIN = 2;
const NAME_WIDTH = 10;
const LINE_WIDTH = 78;

const encoder = new TextEncoder();

/** The column behind the last word that flowed; 0 at the start of a line. */
let column = 0;

/** What it is all about. */
export function title(text: string): void {
  print(`\n${paint("bold", text)}\n\n`);
}

/** The beginning of an act. */
export function heading(act: string, text: string): void {
  const rule = "─".repeat(Math.max(0, LINE_WIDTH - act.length - text.length - 3));
  print(`\n${paint("bold", `${act}: ${text}`)} ${paint("dim", rule)}\n\n`);
}

/** Something that somebody does. */
export function say(name: string, text: string): void {
  print(" ".repeat(MARGIN) + colored(name, name.padEnd(NAME_WIDTH)) + text + "\n");
}

/** A line as it is, by itself, so that it can be searched for and copied. */
export function line(text: string): void {
  print(`${text}\n`);
}

/** An empty line, below the words that have flowed. */
export function gap(): void {
  line("");
}

/** Words of the answer, as they come. */
export function flow(text: string): void {
  const indent = MARGIN + NAME_WIDTH;
  for (const [, word = "", space = ""] of text.matchAll(/(\S+)(\s*)/g)) {
    if (column + 1 + word.length > LINE_WIDTH) endLine();
    const before = column === 0 ? indent : 1;
    write(" ".repeat(before) + word);
    column += before + word.length;
    if (space.includes("\n\n")) gap();
  }
}

/** A row of a table. */
export function row(name: string, cells: readonly string[]): void {
  say(name, cells.map((cell) => cell.padStart(NAME_WIDTH)).join(""));
}

function colored(name: string, text: string): string {
  const style = CAST.get(name);
  return style === undefined ? text : paint(style, text);
}

function paint(style: Style, text: string): string {
  const [on, off] = STYLES[style];
  return COLOURS ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

function print(text: string): void {
  if (column > 0) endLine();
  write(text);
}

function endLine(): void {
  write("\n");
  column = 0;
}

function write(text: string): void {
  let bytes = encoder.encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

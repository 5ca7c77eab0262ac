import { formatDuration } from "../base/duration.ts";
import { escapeHidden } from "../idl/hidden.ts";
import type { Output, Style } from "../cli/output.ts";
import { clock } from "./clock.ts";
import type { Life, MarkAt } from "./lives.ts";

/** The time axis has between so many and so many columns. */
const MIN_AXIS = 24;
const MAX_AXIS = 64;
/** So long may a stream's name be. */
const MAX_NAME = 32;
/** The axis has so many parts. */
const TICKS = 4;

const ALIVE = "─";
/** What stands for what; what stands later in the text wins where several fall on one column. */
const SIGNS = `${ALIVE}<>*)hHTX!`;

/** What the signs mean. */
const LEGEND =
  "H request header  > request  ) half close  h response header  < response  * both  T trailer  X cancel  ! lost";

/**
 * The lives of streams as text: a line a stream, on one axis of time.
 *
 * @param now When those that have not ended are looked at.
 */
export function pictureOf(
  { lives, dropped }: { readonly lives: readonly Life[]; readonly dropped: number },
  output: Output,
  now: number,
): string[] {
  const first = Math.min(...lives.map((life) => life.startedAt));
  const last = Math.max(first, ...lives.map((life) => life.end?.at ?? now));
  const names = lives.map((life) => nameOf(life));
  const nameColumns = Math.max(...names.map((name) => name.length));
  const axis = Math.min(MAX_AXIS, Math.max(MIN_AXIS, Math.floor((output.look.columns - nameColumns) / 2)));
  const column = (time: number) => Math.round((time - first) / (last - first || 1) * (axis - 1));
  const connections = new Set(lives.map((life) => life.connection)).size;
  const before = dropped === 0 ? "" : `, the last of ${lives.length + dropped}`;
  return [
    `${count(lives.length, "stream")} of ${count(connections, "connection")}${before}, ` +
    `${duration(last - first)} from ${clock(first)}`,
    `${" ".repeat(nameColumns + 1)}${ticks(last - first, axis)}`,
    ...lives.map((life, i) => {
      const name = (names[i] ?? "").padEnd(nameColumns);
      const line = lineOf(life, axis, column, now);
      return `${name} ${output.paint(styleOf(life), line)} ${escapeHidden(endOf(life))}`;
    }),
    output.paint("dim", LEGEND),
  ];
}

function nameOf({ connection, stream, method }: Life): string {
  const name = escapeHidden(`#${connection} ${stream} ${method}`);
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 1)}…`;
}

function lineOf(life: Life, axis: number, column: (time: number) => number, now: number): string {
  const cells = new Array<string>(axis).fill(" ");
  const put = (at: number, sign: string) => {
    const before = cells[at] ?? " ";
    const both = `${before}${sign}`;
    const joined = both === "<>" || both === "><" ? "*" : sign;
    if (SIGNS.indexOf(joined) > SIGNS.indexOf(before)) cells[at] = joined;
  };
  const until = column(life.end?.at ?? now);
  for (let at = column(life.startedAt); at <= until; at++) put(at, ALIVE);
  for (const mark of life.marks) put(column(mark.time), signOf(mark));
  if (life.end?.how === "lost") put(until, "!");
  return cells.join("");
}

function signOf({ mark, from }: MarkAt): string {
  switch (mark) {
    case "header":
      return from === "client" ? "H" : "h";
    case "message":
      return from === "client" ? ">" : "<";
    case "half close":
      return ")";
    case "trailer":
      return "T";
    case "cancel":
      return "X";
  }
}

function styleOf({ end }: Life): Style {
  return end === undefined || end.how === "unread" ? "yellow" : end.how === "well" ? "green" : "red";
}

/** Who ended it, and what they said. */
function endOf({ end, requests, responses }: Life): string {
  const messages = `${requests} → ${responses} ←`;
  if (end === undefined) return `${messages} still open`;
  const by = end.by === undefined ? "" : ` by the ${end.by}`;
  switch (end.how) {
    case "well":
      return `${messages} ended${by}`;
    case "error":
      return `${messages} failed${by}: ${end.text}`;
    case "cancel":
      return `${messages} cancelled${by}: ${end.text}`;
    case "unread":
      return `${messages} not seen to its end: ${end.text}`;
    case "lost":
      return `${messages} lost: ${end.text}${by}`;
  }
}

/** `|0ms    |250ms   …`: when each quarter of the axis begins. */
function ticks(totalMs: number, axis: number): string {
  let line = "";
  for (let tick = 0; tick < TICKS; tick++) {
    line = `${line.padEnd(Math.round(tick * (axis - 1) / TICKS))}|${duration(totalMs * tick / TICKS)} `;
  }
  return `${line.padEnd(axis - 1)}|`;
}

function duration(ms: number): string {
  const digits = ms < 10 ? 2 : ms < 1_000 ? 0 : -1;
  const unit = 10 ** -digits;
  return formatDuration(digits < 0 ? Math.round(ms / unit) * unit : Number(ms.toFixed(digits)));
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

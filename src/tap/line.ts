import { escapeHidden } from "../idl/hidden.ts";
import { clock } from "./clock.ts";
import { jsonLine } from "../cli/json_line.ts";
import type { Output, Style } from "../cli/output.ts";
import type { TapEvent } from "./event.ts";

/** So much of a key's value is shown, and of a message: `--json` has all. */
const MAX_VALUE_UNITS = 80;
const MAX_MESSAGE_UNITS = 2_000;

/** How frames that begin and end streams stand out. */
const KIND_COLUMNS = 8;

/** An event as a line of text. What came from the wire shows every character that would hide something. */
export function lineOf(event: TapEvent, output: Output): string {
  const { time, connection, from, stream, kind, flag, method, keys = [], bytes, text, failed, message } =
    event;
  const paint = (style: Style, part: string | undefined) =>
    part === undefined || part === "" ? "" : output.paint(style, escapeHidden(part));
  const direction = from === undefined ? "-" : from === "client" ? "→" : "←";
  const parts = [
    paint("dim", clock(time)),
    paint("dim", `#${connection}`),
    paint(from === "server" ? "green" : "cyan", direction),
    paint("bold", stream === undefined ? "-" : String(stream)),
    paint(failed === true ? "red" : from === "server" ? "green" : "cyan", kind.padEnd(KIND_COLUMNS)),
    flag ?? "",
    escapeHidden(method ?? ""),
    ...keys.map(([key, value]) => `${paint("dim", `${key}=`)}${escapeHidden(cut(value, MAX_VALUE_UNITS))}`),
    bytes === undefined ? "" : `${bytes} B`,
    failed === true ? paint("red", text) : escapeHidden(text ?? ""),
    message === undefined ? "" : escapeHidden(cut(jsonLine(message), MAX_MESSAGE_UNITS)),
  ];
  return parts.filter((part) => part !== "").join(" ").trimEnd();
}

function cut(text: string, units: number): string {
  return text.length <= units ? text : `${text.slice(0, units)}… (${text.length - units} more)`;
}

/** An event as a line of JSON. */
export function jsonOf({ mark: _mark, begins: _begins, end: _end, time, keys, ...event }: TapEvent): string {
  return jsonLine({
    time: new Date(time).toISOString(),
    ...event,
    ...(keys === undefined ? {} : { keys: joined(keys) }),
  });
}

/** Several values of one key are joined by a comma, as HTTP does. */
function joined(keys: readonly (readonly [string, string])[]): Record<string, string> {
  const record = new Map<string, string>();
  for (const [key, value] of keys) {
    const before = record.get(key);
    record.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(record);
}

import { escapeHidden } from "../idl/hidden.ts";

/** A string literal with the quotes that `deno fmt` prefers: double ones, unless that means more escapes. */
export function quote(text: string): string {
  const double = JSON.stringify(text);
  const count = (mark: string) => text.split(mark).length - 1;
  if (count('"') <= count("'")) return escapeHidden(double);
  return escapeHidden(`'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`);
}

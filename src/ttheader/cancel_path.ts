import { MAX_STRING_BYTES } from "./frame.ts";

const utf8 = new TextEncoder();

/**
 * A cancel path as a Rst frame carries it: the names joined by commas. A peer's path may leave no room for the
 * names added to it; its oldest names then give way, for the cancel itself must go on.
 */
export function joinCancelPath(names: readonly string[]): string {
  let from = names.length;
  for (let size = -1; from > 0; from--) {
    size += 1 + utf8.encode(names[from - 1]).length;
    if (size > MAX_STRING_BYTES) break;
  }
  return names.slice(from).join(",");
}

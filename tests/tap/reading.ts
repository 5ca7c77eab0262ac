import { ConnectionReader } from "../../src/tap/connection_reader.ts";
import type { MessageReader, Seen } from "../../src/tap/event.ts";
import { lineOf } from "../../src/tap/line.ts";
import { NO_MESSAGES } from "../../src/tap/messages.ts";
import { Output } from "../../src/cli/output.ts";
import type { Bytes } from "../../mod.ts";

/** Bytes of one direction. */
export interface Part {
  readonly from: "client" | "server";
  readonly bytes: Bytes;
}

/** What is seen of a connection. */
export function read(parts: readonly Part[], messages: MessageReader = NO_MESSAGES): Seen[] {
  const seen: Seen[] = [];
  const reader = new ConnectionReader((one) => seen.push(one), messages, () => {});
  for (const { from, bytes } of parts) reader.bytes(from, bytes);
  return seen;
}

/** The same bytes, one at a time. */
export function byteByByte(parts: readonly Part[]): Part[] {
  return parts.flatMap(({ from, bytes }) =>
    Array.from(bytes, (_, i) => ({ from, bytes: bytes.slice(i, i + 1) }))
  );
}

/** An output without colours that nothing is written to. */
export const plain: Output = new Output({ write: ({ length }) => Promise.resolve(length) }, {
  coloured: false,
  columns: 100,
});

/** What is seen as lines, without the time and the connection. */
export function linesOf(seen: readonly Seen[]): string[] {
  return seen.map((one) => lineOf({ time: 0, connection: 1, ...one }, plain).replace(/^\S+ #1 /, ""));
}

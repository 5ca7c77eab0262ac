import type { Bytes } from "../../../../mod.ts";
import { Flag, FrameType } from "../../../../src/http2/frame.ts";
import type { HeaderField } from "../../../../src/http2/hpack/field.ts";
import { block, frame, join } from "../../../http2/wire.ts";
import { dataFrame, message } from "../../harness/http2_raw.ts";
import type { Expected } from "../case.ts";

/** The stream that the malformed bytes belong to. */
export const ID = 3;

const base: readonly HeaderField[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/Test/Echo"],
  [":authority", "b"],
  ["content-type", "application/grpc"],
  ["te", "trailers"],
];

/** A request's fields, some of them other ones; undefined leaves one out. */
export function fieldsWith(change: Readonly<Record<string, string | undefined>>): HeaderField[] {
  const rest = { ...change };
  const fields = base.flatMap(([name, value]): HeaderField[] => {
    if (!(name in rest)) return [[name, value]];
    const changed = rest[name];
    delete rest[name];
    return changed === undefined ? [] : [[name, changed]];
  });
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) fields.push([name, value]);
  return fields;
}

/** HEADERS of these fields. */
export function headersOf(
  fields: readonly HeaderField[] = base,
  flags: number = Flag.NONE,
  id: number = ID,
): Bytes {
  return frame(FrameType.HEADERS, Flag.END_HEADERS | flags, id, block(fields));
}

/** HEADERS whose block is written by hand, or whose first bytes are, before a good request's. */
export function blockOf(...bytes: readonly (number | string | Uint8Array)[]): Bytes {
  return frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, ID, parts(bytes));
}

export const GOOD_BLOCK: Bytes = block(base);

function parts(bytes: readonly (number | string | Uint8Array)[]): Bytes {
  return join(...bytes.map((part) => {
    if (typeof part === "number") return Uint8Array.of(part);
    return typeof part === "string" ? new TextEncoder().encode(part) : new Uint8Array(part);
  }));
}

/** A good message of three bytes. */
export const MESSAGE: Bytes = message(Uint8Array.of(1, 2, 3));

export function data(payload: Uint8Array, flags: number = Flag.NONE, id: number = ID): Bytes {
  return dataFrame(id, payload, flags);
}

/** A good stream after HEADERS of one's own. */
export function streamed(first: Bytes): Bytes {
  return join(first, data(MESSAGE, Flag.END_STREAM));
}

/** The stream is reset with this code. */
export function reset(code: string): Expected {
  return { end: "alive", answer: `RST ${code}` };
}

/** The stream ends with this status, and nothing before it. */
export function status(code: number): Expected {
  return { end: "alive", answer: `status ${code}` };
}

/** The answer is HTTP's. */
export function http(code: number): Expected {
  return { end: "alive", answer: `HTTP ${code}` };
}

/** As if nothing were wrong. */
export const echoed: Expected = { end: "alive", answer: "HEADERS, DATA, status 0" };

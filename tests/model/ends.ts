import { BizStatusError, TTStreamError } from "../../mod.ts";
import type { Said } from "./frames.ts";

/** An end, as the model speaks of it: what somebody may catch. */
export interface End {
  readonly code: number;
  readonly text: string;
  readonly side: "client" | "server" | "";
  readonly path: readonly string[];
}

export const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";
const STREAM_TIMEOUT = "stream timeout, no explicit timeout set in stream ctx";

/** A business error has no code of the protocol's: its own stands behind this. */
export const BIZ = 0;
/** An error of the user's own. */
export const OWN = -1;

export function end(code: number, text: string, side: End["side"] = "", path: readonly string[] = []): End {
  return { code, text, side, path };
}

/** What is caught, as a line; the same for what the model predicts and for what there is. */
export function showEnd({ code, text, side, path }: End): string {
  if (code === BIZ) return `biz ${text}`;
  if (code === OWN) return text;
  const where = side === "" ? "" : `[${side}-side stream] `;
  const canceledPath = path.length === 0 ? "" : `[canceled path: ${path.join(" -> ")}] `;
  return `[ttstream error, code=${code}] ${where}${canceledPath}${text}`;
}

export function showError(error: unknown): string {
  if (error instanceof BizStatusError) return `biz ${error.statusCode} ${error.statusMessage}`;
  if (error instanceof TTStreamError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Why a user gives a stream up. */
export type Reason = "none" | "abort error" | "time-out" | "text" | "error" | "biz";
export const REASONS: readonly Reason[] = ["none", "abort error", "time-out", "text", "error", "biz"];

export function reasonOf(reason: Reason): unknown {
  switch (reason) {
    case "none":
      return undefined;
    case "abort error":
      return new DOMException("gone", "AbortError");
    case "time-out":
      return new DOMException("late", "TimeoutError");
    case "text":
      return "enough";
    case "error":
      return new RangeError("too much");
    case "biz":
      return new BizStatusError(7, "no");
  }
}

/** What such a reason makes of a stream. */
export function endOfReason(reason: Reason, side: "client" | "server"): End {
  switch (reason) {
    case "none":
    case "abort error":
      return end(12007, CANCELED, side);
    case "time-out":
      return end(12015, STREAM_TIMEOUT, side);
    case "text":
      return end(12008, "enough", side);
    case "error":
      return end(12008, "too much", side);
    case "biz":
      return end(12008, "biz error: code=7, msg=no", side);
  }
}

/** What the server's Trailer says of an error of its handler. */
export function saidOfReason(reason: Reason): Said {
  const { text } = reason === "none" || reason === "biz"
    ? endOfReason("none", "server")
    : { text: textOf(reason) };
  return { type: 6, message: `biz error: ${text}` };
}

function textOf(reason: Exclude<Reason, "none" | "biz">): string {
  return { "abort error": "gone", "time-out": "late", "text": "enough", "error": "too much" }[reason];
}

import { meaningOf, reasonText } from "../base/reason.ts";
import { isStreamError, type Where } from "../core/errors.ts";
import { Description, ErrorCode, isTTStreamError, streamError, type TTStreamError } from "./errors.ts";

/**
 * What a reason to end a stream becomes. The one funnel for every signal, cancel and abort:
 * none at all or an AbortError is Kitex's plain cancel, a TimeoutError its stream time-out, another stream's end goes
 * on as it came, and anything else travels as 12008 with its text, so that the far end reads why.
 */
export function errorFromReason(reason: unknown, where: Where): TTStreamError {
  if (isTTStreamError(reason)) {
    const { code, description, cancelPath, kind } = reason;
    return streamError({ ...where, code, description, cancelPath, kind, cause: reason });
  }
  if (isStreamError(reason)) {
    // Another protocol's stream (Kitex `stream_client.go`: parseCtxErr).
    return streamError({
      ...where,
      code: ErrorCode.InternalCanceled,
      description: reason.message,
      cause: reason,
    });
  }
  return streamError({ ...where, ...wordsOf(reason), cause: reason });
}

function wordsOf(reason: unknown): { code: number; description: string } {
  switch (meaningOf(reason)) {
    case "cancel":
      return { code: ErrorCode.Canceled, description: Description.canceled };
    case "timeout":
      return { code: ErrorCode.StreamTimeout, description: Description.streamTimeout };
    case "text":
      return { code: ErrorCode.CanceledWithCause, description: reasonText(reason) };
  }
}

import { Description, ErrorCode, type Side, streamError, TTStreamError } from "./errors.ts";

/** What a thrown or given value says: an Error's message (its name where that is empty), else `String(value)`. */
export function reasonText(reason: unknown): string {
  try {
    return String(reason instanceof Error ? reason.message || reason.name : reason);
  } catch {
    // A value that cannot say what it is, `Object.create(null)` say, must not turn a cancel into a crash.
    return Object.prototype.toString.call(reason);
  }
}

/**
 * What a reason to end a stream becomes. The one funnel for every signal, cancel and abort:
 * none at all or an AbortError is Kitex's plain cancel, a TimeoutError its stream time-out, another stream's end goes
 * on as it came, and anything else travels as 12008 with its text, so that the far end reads why.
 */
export function errorFromReason(reason: unknown, side: Side): TTStreamError {
  if (reason === undefined) {
    return streamError({ code: ErrorCode.Canceled, description: Description.canceled, side });
  }
  if (reason instanceof TTStreamError) {
    const { code, description, cancelPath, kind } = reason;
    return streamError({ code, description, cancelPath, side, kind, cause: reason });
  }
  const name = reason instanceof Error ? reason.name : undefined;
  if (name === "AbortError") {
    return streamError({ code: ErrorCode.Canceled, description: Description.canceled, side, cause: reason });
  }
  if (name === "TimeoutError") {
    return streamError({
      code: ErrorCode.StreamTimeout,
      description: Description.streamTimeout,
      side,
      cause: reason,
    });
  }
  return streamError({
    code: ErrorCode.CanceledWithCause,
    description: reasonText(reason),
    side,
    cause: reason,
  });
}

/** What a thrown or given value says: an Error's message (its name where that is empty), else `String(value)`. */
export function reasonText(reason: unknown): string {
  // A value that cannot say what it is, `Object.create(null)` or a revoked proxy say, must not turn a cancel into a crash.
  return look(() => String(reason instanceof Error ? reason.message || reason.name : reason)) ??
    look(() => Object.prototype.toString.call(reason)) ??
    "a value that cannot be looked at";
}

/**
 * A reason as web streams can take it: one that cannot be looked at, a revoked proxy say, would end the process there
 * (Deno asks whether an error that a stream is given is an AssertionError, in a promise of its own).
 */
export function presentable(reason: unknown): unknown {
  return look(() => reason instanceof Error) === undefined ? new Error(reasonText(reason)) : reason;
}

/** An error's cause; `undefined` where it has none. */
export function causeOf(error: unknown): unknown {
  return look(() => error instanceof Error ? error.cause : undefined);
}

/** A chain of causes longer than this is a loop. */
const MAX_CAUSES = 16;

/** Whether `error` is `cause`, or was caused by it. */
export function isCausedBy(error: unknown, cause: unknown): boolean {
  for (let at = error, depth = 0; depth < MAX_CAUSES && at !== undefined; depth++) {
    if (at === cause) return true;
    at = causeOf(at);
  }
  return false;
}

/** Reads something of a value of the user's, whose traps and getters may throw. */
export function look<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What a reason to end a stream means: a plain cancel, a time-out of the platform's, or what its text says. */
export function meaningOf(reason: unknown): "cancel" | "timeout" | "text" {
  if (reason === undefined) return "cancel";
  switch (look(() => reason instanceof Error ? reason.name : undefined)) {
    case "AbortError":
      return "cancel";
    case "TimeoutError":
      return "timeout";
    default:
      return "text";
  }
}

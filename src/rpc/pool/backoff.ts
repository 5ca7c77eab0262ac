import { positiveMs } from "../../base/options.ts";
import { show } from "../../base/format.ts";

/** How long to wait before the next try, which grows twofold with each failure in a row. */
export interface BackoffOptions {
  /** Milliseconds after the first failure. Default 100 for dials, 20 for {@linkcode retry}. */
  initialMs?: number | undefined;
  /** The longest wait, in milliseconds. Default 30,000 for dials, 1,000 for {@linkcode retry}. */
  maxMs?: number | undefined;
  /** By what part of itself each wait is longer or shorter, at random, so that clients do not come back all at once: 0 to 1. Default 0.2. */
  jitter?: number | undefined;
}

/** What is used where an option is left out. */
export interface BackoffDefaults {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/** Waits of dials: a server that restarts is back within a second, one that is gone is not asked all the time. */
export const DIAL_BACKOFF: BackoffDefaults = { initialMs: 100, maxMs: 30_000, jitter: 0.2 };
/** Waits of calls that are tried again: another server mostly takes them, and somebody waits. */
export const RETRY_BACKOFF: BackoffDefaults = { initialMs: 20, maxMs: 1_000, jitter: 0.2 };

/** How many milliseconds to wait after so many failures in a row, 1 or more. */
export type Backoff = (failures: number) => number;

/**
 * The waits that the options say.
 *
 * @param defaults For what is left out.
 * @throws {TypeError} If they are no object.
 * @throws {RangeError} If a time is not positive and finite, `maxMs` less than `initialMs`, or `jitter` not from 0 to 1.
 */
export function backoffOf(options: BackoffOptions = {}, defaults: BackoffDefaults): Backoff {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`backoff must be an object, got ${show(options)}`);
  }
  const initialMs = positiveMs("backoff.initialMs", options.initialMs, defaults.initialMs);
  const maxMs = positiveMs("backoff.maxMs", options.maxMs, Math.max(defaults.maxMs, initialMs));
  const { jitter = defaults.jitter } = options;
  if (maxMs < initialMs) {
    throw new RangeError(`backoff.maxMs must be at least backoff.initialMs, ${initialMs}, got ${maxMs}`);
  }
  if (typeof jitter !== "number" || !(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`backoff.jitter must be a number from 0 to 1, got ${show(jitter)}`);
  }
  return (failures) => {
    const waitMs = Math.min(maxMs, initialMs * 2 ** (failures - 1));
    return waitMs * (1 + jitter * (2 * Math.random() - 1));
  };
}

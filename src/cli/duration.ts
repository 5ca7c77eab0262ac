import { UsageError } from "./usage.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration, `5s`, `300ms`, `1.5m`. @returns Milliseconds.
 *
 * @throws {UsageError} If it is none.
 */
export function readDuration(text: string, what: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? NaN);
  if (ms > 0 && Number.isFinite(ms)) return ms;
  throw new UsageError(`${what} must be a time such as 5s, 300ms or 2m, got "${text}"`);
}

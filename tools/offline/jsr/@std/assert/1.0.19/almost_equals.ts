import { failure } from "./_failure.ts";

/** How far from `expected` a number may be by default, as a part of it. */
const RELATIVE_TOLERANCE = 1e-7;

/**
 * Asserts that `actual` is no further than `tolerance` from `expected`.
 *
 * @param tolerance Default: a ten-millionth of `expected`.
 */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(actual - expected);
  const limit = tolerance ??
    (Number.isFinite(expected) ? Math.abs(expected * RELATIVE_TOLERANCE) : RELATIVE_TOLERANCE);
  if (delta <= limit) return;
  throw failure(
    `Expected actual: "${actual}" to be close to "${expected}": delta "${delta}" is greater than "${limit}"`,
    msg,
  );
}

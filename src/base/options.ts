import { show } from "./format.ts";

/** The default of `maxFrameBytes`: what a chat needs a hundred times over, and nothing that hurts a server. */
export const DEFAULT_MAX_FRAME_BYTES: number = 16 * 1024 * 1024;
/** The default of `maxBufferedBytes`: enough to keep a fast reader busy, little enough for a thousand connections. */
export const DEFAULT_MAX_BUFFERED_BYTES: number = 4 * 1024 * 1024;
/** The default of `frameTimeoutMs`: no honest peer takes that long over one frame. */
export const DEFAULT_FRAME_TIMEOUT_MS = 10_000;
/** The default of `maxStreams`. */
export const DEFAULT_MAX_STREAMS = 1024;
/** The default of `connectTimeoutMs`: a SYN that is lost is sent again after 1 and 3 seconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
/** The default of `graceMs`. */
export const DEFAULT_GRACE_MS = 5_000;

/**
 * A whole number of bytes or things.
 *
 * @throws {RangeError} If it is not a positive safe integer.
 */
export function positiveInteger(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new RangeError(`${name} must be a positive integer, got ${show(value)}`);
  }
  return value;
}

/**
 * A time-out in milliseconds; fractions are fine.
 *
 * @throws {RangeError} If it is not a positive finite number.
 */
export function positiveMs(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new RangeError(`${name} must be a positive finite number of milliseconds, got ${show(value)}`);
  }
  return value;
}

/** @throws {RangeError} If a grace is given that is negative or not finite. */
export function checkGraceMs(graceMs: number | undefined): void {
  if (graceMs === undefined || typeof graceMs === "number" && Number.isFinite(graceMs) && graceMs >= 0) {
    return;
  }
  throw new RangeError(`graceMs must be a finite number of milliseconds, 0 or more, got ${show(graceMs)}`);
}

/**
 * A name that goes on the wire.
 *
 * @throws {TypeError} If it is not a string or empty.
 */
export function nonEmptyString(name: string, value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string, got ${show(value)}`);
  if (value === "") throw new TypeError(`${name} must not be empty`);
  return value;
}

/**
 * A signal that may cancel something.
 *
 * @throws {TypeError} If it is anything else: its AbortController, say.
 */
export function abortSignal(name: string, value: unknown): AbortSignal {
  if (value instanceof AbortSignal) return value;
  throw new TypeError(`${name} must be an AbortSignal, got ${show(value)}`);
}

/** @throws {TypeError} If something is given and it is of another type. */
export function checkType(name: string, value: unknown, type: "boolean" | "function"): void {
  if (value === undefined || typeof value === type) return;
  throw new TypeError(`${name} must be a ${type}, got ${show(value)}`);
}

/**
 * Functions that the user gave in a row; none where nothing is given.
 *
 * @throws {TypeError} If it is no array of functions.
 */
export function functions<T>(name: string, given: readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw new TypeError(`${name} must be an array, got ${show(given)}`);
  given.forEach((one: unknown, i) => checkType(`${name}[${i}]`, one ?? null, "function"));
  return [...given];
}

/** @throws {TypeError} If not exactly one of the options is given. */
export function checkExactlyOne(options: object, names: readonly string[]): void {
  const given = names.filter((name) => Reflect.get(options, name) !== undefined);
  if (given.length === 1) return;
  throw new TypeError(`one of ${names.join(", ")} must be given, got ${given.join(" and ") || "none"}`);
}

/** `grpc-timeout`'s units, in milliseconds (grpc `doc/PROTOCOL-HTTP2.md`). */
const UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The largest number that eight digits hold. */
const MAX_VALUE = 99_999_999;

/** A time as `grpc-timeout` carries it: in the finest unit in which it has no more than eight digits, rounded up. */
export function formatTimeout(ms: number): string {
  for (const unit of ["n", "u", "m", "S", "M", "H"]) {
    const value = Math.ceil(Math.max(0, ms) / (UNITS[unit] ?? 1));
    if (value <= MAX_VALUE) return `${value}${unit}`;
  }
  return `${MAX_VALUE}H`;
}

/** The milliseconds that a `grpc-timeout` says; `undefined` where it is none. */
export function parseTimeout(text: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0);
}

const NANOSECONDS = { hour: 3_600_000_000_000, minute: 60_000_000_000, second: 1_000_000_000 };

/** Writes a fraction without trailing zeros: 1.5, 300, 0.25. */
function decimal(nanoseconds: number, unit: number): string {
  const whole = Math.floor(nanoseconds / unit);
  const rest = String(nanoseconds % unit).padStart(String(unit).length - 1, "0").replace(/0+$/, "");
  return rest === "" ? String(whole) : `${whole}.${rest}`;
}

/**
 * Prints milliseconds as Go's `time.Duration.String()` does, since Kitex puts that into its errors:
 * `300ms`, `1.5s`, `1m30s`, `1h0m0s`.
 */
export function formatDuration(milliseconds: number): string {
  const total = Math.round(milliseconds * 1e6);
  if (total === 0) return "0s";
  if (total < 1e3) return `${total}ns`;
  if (total < 1e6) return `${decimal(total, 1e3)}µs`;
  if (total < 1e9) return `${decimal(total, 1e6)}ms`;
  const { hour, minute, second } = NANOSECONDS;
  const hours = Math.floor(total / hour);
  const minutes = Math.floor(total % hour / minute);
  const seconds = decimal(total % minute, second);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

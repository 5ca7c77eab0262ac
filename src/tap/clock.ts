/** Now, in milliseconds since 1970, with a fraction. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A time of the day, to the millisecond, where this machine is. */
export function clock(time: number): string {
  const date = new Date(time);
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, "0")
  );
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

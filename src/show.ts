/** A value as an error message names it: a string in quotes, so that `"80"` is not taken for 80. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return Object.prototype.toString.call(value);
}

/** A TCP address as URLs write it. */
export function hostAndPort(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

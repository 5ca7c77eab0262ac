/** A value as an error message names it: a string in quotes, so that `"80"` is not taken for 80. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return Object.prototype.toString.call(value);
  } catch {
    // A revoked proxy.
    return "a value that cannot be looked at";
  }
}

/** A TCP address as URLs write it. */
export function hostAndPort(hostname: string, port: number): string {
  const host = bareHostname(hostname);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A host as sockets take it: an IPv6 address without the brackets that it has in URLs. */
export function bareHostname(hostname: string): string {
  return hostname.startsWith("[") && hostname.endsWith("]") ? hostname.slice(1, -1) : hostname;
}

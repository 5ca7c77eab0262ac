import { UsageError } from "./usage.ts";

/** Where a server is, as a command line names it. */
export type CommandAddress =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/**
 * Reads `HOST:PORT`, `:PORT`, `PORT`, or the path of a Unix socket, which has a `/` in it.
 *
 * @param what What the address is for, in an error.
 * @param minPort 0 where the system may choose a port.
 * @throws {UsageError} If it is none of them.
 */
export function readAddress(text: string, what: string, minPort: 0 | 1 = 1): CommandAddress {
  if (text.includes("/")) return { path: text };
  const [, host, digits] = /^(?:(\[[^\]]+\]|[^:\s]*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < minPort || port > 0xffff) {
    throw new UsageError(`${what} must be HOST:PORT, with a port from ${minPort} to 65535, got "${text}"`);
  }
  return { hostname: host || "127.0.0.1", port };
}

import { type Address, addressOf } from "../../net/dial.ts";
import { show } from "../../base/format.ts";

/**
 * Tells where the servers are, as long as anybody wants to know: each list takes the place of the one before.
 *
 * `signal` aborts when the pool closes. A resolver that throws is reported and called again after a while; one that
 * ends has said its last word. Either way the last list stays.
 *
 * @example
 * ```ts
 * import { type AddressResolver, createPool } from "@ttstream/ttstream";
 *
 * const fromFile: AddressResolver = async function* (signal) {
 *   const watcher = Deno.watchFs("servers.json");
 *   signal.addEventListener("abort", () => watcher.close());
 *   yield JSON.parse(await Deno.readTextFile("servers.json"));
 *   for await (const _ of watcher) yield JSON.parse(await Deno.readTextFile("servers.json"));
 * };
 * const pool = createPool({ addresses: fromFile });
 * ```
 */
export type AddressResolver = (signal: AbortSignal) => AsyncIterable<readonly Address[]>;

/**
 * The addresses of a list by what tells them apart. One that stands twice counts once.
 *
 * @throws {TypeError | RangeError} If it is no array, or an address cannot be right.
 */
export function addressesByKey(addresses: unknown): Map<string, Address> {
  if (!Array.isArray(addresses)) {
    throw new TypeError(`addresses must be an array or a function, got ${show(addresses)}`);
  }
  const byKey = new Map<string, Address>();
  for (const [i, address] of addresses.entries()) {
    if (typeof address !== "object" || address === null) {
      throw new TypeError(`addresses[${i}] must be an object, got ${show(address)}`);
    }
    byKey.set(keyOf(address, i), address);
  }
  return byKey;
}

function keyOf(address: Address, i: number): string {
  try {
    const tls = address.tls === false ? undefined : address.tls;
    return `${addressOf(address)} ${JSON.stringify(tls) ?? ""}`;
  } catch (error) {
    if (error instanceof Error) error.message = `addresses[${i}]: ${error.message}`;
    throw error;
  }
}

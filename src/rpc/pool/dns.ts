import { lookUpAddresses, type LookUpOptions, lookUpServices } from "../../net/resolve.ts";
import type { AddressResolver } from "./addresses.ts";
import type { Address, TlsOptions } from "../../net/dial.ts";
import { nonEmptyString, positiveMs } from "../../base/options.ts";
import { show } from "../../base/format.ts";
import { sleep } from "./sleep.ts";

/** How often names are looked up, by whom, and how to speak to what they stand for. */
export interface DnsOptions {
  /** Milliseconds from one look-up to the next. Default 30,000. */
  everyMs?: number | undefined;
  /** The name server to ask; its port is 53 by default. Default: the system's. */
  nameServer?: { ipAddr: string; port?: number | undefined } | undefined;
  /** TLS of the addresses; their certificates must be for the name that was looked up. Default false. */
  tls?: boolean | Omit<TlsOptions, "cert" | "key"> | undefined;
}

/** The default of `everyMs`: a server that has gone is noticed by its connection, a new one can wait that long. */
const DEFAULT_EVERY_MS = 30_000;

/**
 * The servers that a name stands for: its A and AAAA records, looked up again and again. A look-up that fails leaves
 * a pool what it has, goes to its `onError`, and is repeated by its `backoff`. Needs the permission `--allow-net`
 * for the name server.
 *
 * @param name The name, a Kubernetes headless service say.
 * @param port The port of each server.
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If the port or the time is out of range.
 *
 * @example
 * ```ts
 * import { createPool, dnsAddresses } from "@ttstream/ttstream";
 *
 * const pool = createPool({ addresses: dnsAddresses("chat.svc.cluster.local", 8888, { everyMs: 5_000 }) });
 * ```
 */
export function dnsAddresses(name: string, port: number, options: DnsOptions = {}): AddressResolver {
  nonEmptyString("name", name);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`port must be an integer from 1 to 65535, got ${show(port)}`);
  }
  const look = lookUpOf(options);
  return everyOf(options, async (signal) => {
    const ips = await lookUpAddresses(name, look(signal));
    return ips.map((hostname) => addressAt(hostname, port, name, options));
  });
}

/**
 * The servers that a name's SRV records name, with their ports, as {@linkcode dnsAddresses} otherwise. The records of
 * the least priority value are used, and those of the next where none of these has an address; weights are not.
 *
 * @param name The name, `_chat._tcp.example.com` say.
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If the time is out of range.
 *
 * @example
 * ```ts
 * import { createPool, srvAddresses } from "@ttstream/ttstream";
 *
 * const pool = createPool({ addresses: srvAddresses("_chat._tcp.example.com") });
 * ```
 */
export function srvAddresses(name: string, options: DnsOptions = {}): AddressResolver {
  nonEmptyString("name", name);
  const look = lookUpOf(options);
  return everyOf(options, async (signal) => {
    const records = await lookUpServices(name, look(signal));
    const byPriority = Map.groupBy(records, ({ priority }) => priority);
    let failure: unknown = new Error(`${name} has no SRV records`);
    for (const [, group] of [...byPriority].sort(([a], [b]) => a - b)) {
      const found = await Promise.allSettled(group.map(async ({ target, port }) => {
        const ips = await lookUpAddresses(target, look(signal));
        return ips.map((hostname) => addressAt(hostname, port, target, options));
      }));
      const addresses = found.flatMap((each) => each.status === "fulfilled" ? each.value : []);
      if (addresses.length > 0) return addresses;
      failure = found.find((each) => each.status === "rejected")?.reason ?? failure;
    }
    throw failure;
  });
}

type LookUp = (signal: AbortSignal) => LookUpOptions;

function lookUpOf({ nameServer, tls }: DnsOptions): LookUp {
  if (tls !== undefined && typeof tls !== "boolean" && (typeof tls !== "object" || tls === null)) {
    throw new TypeError(`tls must be a boolean or an object, got ${show(tls)}`);
  }
  if (typeof tls === "object" && ("cert" in tls || "key" in tls)) {
    throw new TypeError("tls: cert and key do not go with addresses that were looked up");
  }
  if (nameServer === undefined) return (signal) => ({ signal });
  const { ipAddr, port = 53 } = nameServer;
  nonEmptyString("nameServer.ipAddr", ipAddr);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff) {
    throw new RangeError(`nameServer.port must be an integer from 1 to 65535, got ${show(port)}`);
  }
  return (signal) => ({ signal, nameServer: { ipAddr, port } });
}

function addressAt(hostname: string, port: number, name: string, { tls }: DnsOptions): Address {
  if (tls === undefined || tls === false) return { hostname, port };
  // Names in certificates have no dot at their end.
  const serverName = name.replace(/\.$/, "");
  return { hostname, port, tls: { serverName, ...(tls === true ? {} : tls) } };
}

function everyOf(
  options: DnsOptions,
  lookUp: (signal: AbortSignal) => Promise<Address[]>,
): AddressResolver {
  const everyMs = positiveMs("everyMs", options.everyMs, DEFAULT_EVERY_MS);
  return async function* (signal) {
    while (!signal.aborted) {
      yield await lookUp(signal);
      await sleep(everyMs, signal);
    }
  };
}

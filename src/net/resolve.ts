import { checkOnDeno } from "./platform.ts";

/** A DNS server. */
export interface NameServer {
  readonly ipAddr: string;
  readonly port: number;
}

/** A record of a service's. */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** How to look names up. */
export interface LookUpOptions {
  readonly signal: AbortSignal;
  /** Absent: the system's. */
  readonly nameServer?: NameServer;
}

const INSTEAD = "an AddressResolver of your own";

/**
 * The records of a service.
 *
 * @throws (rejects) What the name server says.
 */
export async function lookUpServices(name: string, options: LookUpOptions): Promise<SrvRecord[]> {
  checkOnDeno("looking names up", INSTEAD);
  return await Deno.resolveDns(name, "SRV", options);
}

/** The addresses of a name, of both families. A family that has none, or fails, leaves the other one's. */
export async function lookUpAddresses(name: string, options: LookUpOptions): Promise<string[]> {
  checkOnDeno("looking names up", INSTEAD);
  const found = await Promise.allSettled([
    Deno.resolveDns(name, "A", options),
    Deno.resolveDns(name, "AAAA", options),
  ]);
  const ips = found.flatMap((each) => each.status === "fulfilled" ? each.value : []);
  if (ips.length > 0) return ips;
  const cause = found.find((each) => each.status === "rejected")?.reason;
  throw new Error(`cannot look up ${name}`, cause === undefined ? {} : { cause });
}

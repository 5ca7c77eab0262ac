import type { Address } from "../../net/dial.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import { reasonText } from "../../base/reason.ts";

/** How many connections are in which state. */
export interface PoolConnectionStats {
  /** Being dialled. */
  readonly connecting: number;
  /** Without streams, and open to them. */
  readonly idle: number;
  /** With streams, and open to more; in mode `"exclusive"` to the next one. */
  readonly active: number;
  /** Closing when their last stream ends: their server or the pool shuts down, or their address has gone. */
  readonly draining: number;
}

/** What a pool does at one of its addresses. */
export interface PoolAddressStats {
  /** The address, as it was given. */
  readonly address: Address;
  /** Its connections. */
  readonly connections: PoolConnectionStats;
  /** Streams open on them. */
  readonly streams: number;
  /** Dials so far, those under way among them. */
  readonly dials: number;
  /** Dials that have failed. */
  readonly failedDials: number;
  /** What the last dial said, where it has failed. */
  readonly lastError?: string;
  /** Milliseconds until it may be dialled again; 0 is now. */
  readonly backoffMs: number;
}

/** What a pool does at this moment. */
export interface PoolStats {
  /** Its connections; those of addresses that have gone are `draining`. */
  readonly connections: PoolConnectionStats;
  /** Streams open on them. */
  readonly streams: number;
  /** Streams that wait for a connection. */
  readonly waiting: number;
  /** Dials so far, those under way among them. */
  readonly dials: number;
  /** Dials that have failed. */
  readonly failedDials: number;
  /** The same for each address that there is now. */
  readonly addresses: readonly PoolAddressStats[];
}

/** The states of some connections. */
export function connectionStats(
  connections: Iterable<PooledConnection>,
  connecting: number,
): PoolConnectionStats {
  let [idle, active, draining] = [0, 0, 0];
  for (const { open, streams } of connections) {
    if (!open) draining++;
    else if (streams === 0) idle++;
    else active++;
  }
  return { connecting, idle, active, draining };
}

/** How many streams are open on some connections. */
export function streamsOn(connections: Iterable<PooledConnection>): number {
  let sum = 0;
  for (const { streams } of connections) sum += streams;
  return sum;
}

/** What happens at one address. */
export function addressStats(endpoint: Endpoint): PoolAddressStats {
  const { address, connections, dialing, dials, failedDials, restMs, lastError } = endpoint;
  return {
    address,
    connections: connectionStats(connections, dialing),
    streams: streamsOn(connections),
    dials,
    failedDials,
    ...(lastError === undefined ? {} : { lastError: reasonText(lastError) }),
    backoffMs: restMs,
  };
}

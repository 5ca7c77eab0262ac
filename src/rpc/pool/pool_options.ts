import type { AddressResolver } from "./addresses.ts";
import { backoffOf, type BackoffOptions, DIAL_BACKOFF } from "./backoff.ts";
import {
  clientConnectionInit,
  type ClientErrorInfo,
  type ConnectionOptions,
} from "../client/connection_options.ts";
import type { Address } from "../../net/dial.ts";
import type { EndpointSettings } from "./endpoint.ts";
import { checkType, DEFAULT_CONNECT_TIMEOUT_MS, positiveInteger, positiveMs } from "../../base/options.ts";
import type { PickStrategy } from "./pick.ts";
import { show } from "../../base/format.ts";

/** Options of {@linkcode createPool}. */
export interface PoolOptions extends ConnectionOptions {
  /** Where the servers are, or who tells: a resolver of one's own, `dnsAddresses` or `srvAddresses`. An empty list is fine: calls wait. */
  addresses: readonly Address[] | AddressResolver;
  /**
   * `"mux"` shares connections among streams. `"exclusive"` gives each live stream one for itself, which the next one
   * has after it: TTHeader Streaming has no window for a single stream, so one that nobody reads stalls its neighbours.
   * gRPC has, and needs it only for other reasons. Default `"mux"`.
   */
  mode?: "mux" | "exclusive" | undefined;
  /** Connections to each address in mode `"mux"`. Default 1. */
  connectionsPerAddress?: number | undefined;
  /** Which connection takes a new stream. Default `"least-streams"`. */
  pick?: PickStrategy | undefined;
  /** Milliseconds that a dial may take, a TLS handshake included. Default 5,000. */
  connectTimeoutMs?: number | undefined;
  /** TCP keep-alive. Default true. */
  keepAlive?: boolean | undefined;
  /** Milliseconds after which a connection without streams is closed. Default 90,000. */
  idleTimeoutMs?: number | undefined;
  /** How long an address is left alone whose dial has failed, and a resolver that has. */
  backoff?: BackoffOptions | undefined;
  /**
   * Whether a call waits while nothing is connected; its signal and its time-outs run. With false it ends at once with
   * 12006, in gRPC 14, and may be retried; the pool then keeps a connection to each address, since no call would wait
   * for it. Default true.
   */
  waitForReady?: boolean | undefined;
  /**
   * Called with what no stream is told: a resolver's error, the first failed dial of an address, again when it has
   * worked in between, and what an observer throws, once. Default: `console.error`.
   */
  onError?: ((error: unknown, info: PoolErrorInfo) => unknown) | undefined;
}

/** What an error of a pool's is about. */
export interface PoolErrorInfo extends ClientErrorInfo {
  /** The address that could not be dialled; absent where it was the resolver, or an observer. */
  readonly address?: Address;
}

/** The default of `idleTimeoutMs`: less than what most NATs and balancers forget a connection after. */
const DEFAULT_IDLE_TIMEOUT_MS = 90_000;

/** The options of a pool, checked. */
export interface PoolInit {
  readonly exclusive: boolean;
  readonly connectionsPerAddress: number;
  readonly waitForReady: boolean;
  readonly settings: EndpointSettings;
  readonly onError: (error: unknown, info: PoolErrorInfo) => unknown;
}

/**
 * Checks what does not depend on the servers.
 *
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If a number is out of range.
 */
export function poolInit(options: PoolOptions): PoolInit {
  const { mode = "mux", keepAlive, waitForReady = true, onError = toConsole, backoff } = options;
  if (mode !== "mux" && mode !== "exclusive") {
    throw new TypeError(`mode must be "mux" or "exclusive", got ${show(mode)}`);
  }
  checkType("keepAlive", keepAlive, "boolean");
  checkType("waitForReady", waitForReady, "boolean");
  checkType("onError", onError, "function");
  return {
    exclusive: mode === "exclusive",
    connectionsPerAddress: positiveInteger("connectionsPerAddress", options.connectionsPerAddress, 1),
    waitForReady,
    onError,
    settings: {
      connection: clientConnectionInit(options),
      dial: {
        connectTimeoutMs: positiveMs(
          "connectTimeoutMs",
          options.connectTimeoutMs,
          DEFAULT_CONNECT_TIMEOUT_MS,
        ),
        keepAlive,
      },
      keepOne: !waitForReady,
      backoff: backoffOf(backoff, DIAL_BACKOFF),
      idleTimeoutMs: positiveMs("idleTimeoutMs", options.idleTimeoutMs, DEFAULT_IDLE_TIMEOUT_MS),
    },
  };
}

function toConsole(error: unknown): void {
  console.error("ttstream: pool:", error);
}

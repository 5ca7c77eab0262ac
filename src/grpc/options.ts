import { show } from "../base/format.ts";
import { positiveInteger, positiveMs } from "../base/options.ts";

/** Options of {@linkcode grpc}. */
export interface GrpcOptions {
  /**
   * How many bytes of one stream may be on their way and unread (SETTINGS_INITIAL_WINDOW_SIZE); a reader that stops
   * stalls its own stream alone. 1 to 2^31-1; default 1 MiB. A larger message still comes, up to `maxFrameBytes`.
   */
  initialWindowBytes?: number | undefined;
  /**
   * How many bytes of all streams of a connection may be on their way; at least `initialWindowBytes`. 65,535 to 2^31-1; default 8 MiB. A connection
   * may hold eight times as much of unread messages before its streams stall each other: 64 MiB.
   */
  connectionWindowBytes?: number | undefined;
  /**
   * The largest header or trailer that is taken, in bytes: names, values, and 32 for each field
   * (SETTINGS_MAX_HEADER_LIST_SIZE, RFC 9113 6.5.2). Default 64 KiB.
   */
  maxHeaderListBytes?: number | undefined;
  /**
   * Milliseconds of silence after which the peer is asked for a sign of life, by a PING. Default: never at clients, 2
   * hours at servers, as grpc-go's.
   */
  keepaliveMs?: number | undefined;
  /** Milliseconds that it may take to answer before the connection is given up. Default 20,000. */
  keepaliveTimeoutMs?: number | undefined;
  /**
   * How the messages that are sent are compressed; gzip and deflate are always read. A call's `compression` wins, and
   * {@linkcode setCompression} for single messages. Default `"identity"`: as they are.
   */
  compression?: "identity" | "gzip" | undefined;
  /**
   * At clients: what the server is called in `:authority` (RFC 9113 8.3.1), by which proxies route: a host, and a port
   * where it needs one. Which certificate TLS asks for is `tls.serverName`'s to say. Default: the name and port that is
   * dialed, `localhost` for a Unix socket.
   */
  authority?: string | undefined;
}

/** The options, checked. */
export interface GrpcSettings {
  readonly initialWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxHeaderListBytes: number;
  readonly keepaliveMs: number | undefined;
  readonly keepaliveTimeoutMs: number;
  readonly compression: "identity" | "gzip";
  readonly authority: string | undefined;
}

const MIB = 1024 * 1024;
/** The default of `keepaliveMs` at servers: as grpc-go's. */
export const SERVER_KEEPALIVE_MS: number = 2 * 60 * 60 * 1000;
/** The smallest window that a connection can have, and the largest of all (RFC 9113 6.9.1, 6.9.2). */
const MIN_CONNECTION_WINDOW_BYTES = 65_535;
const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/**
 * Checks the options.
 *
 * @throws {RangeError} If a number is out of range.
 * @throws {TypeError} If `compression` is another one, or `authority` no host.
 */
export function grpcSettings(options: GrpcOptions): GrpcSettings {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`grpc's options must be an object, got ${show(options)}`);
  }
  const { compression = "identity", keepaliveMs } = options;
  if (compression !== "identity" && compression !== "gzip") {
    throw new TypeError(`compression must be "identity" or "gzip", got ${show(compression)}`);
  }
  const { authority } = options;
  // RFC 3986 3.2, without user information, which HTTP/2 does not allow.
  if (
    authority !== undefined &&
    (typeof authority !== "string" || !/^[\w.~!$&'()*+,;=:%[\]-]+$/.test(authority))
  ) {
    throw new TypeError(`authority must be a host, and a port where it needs one, got ${show(authority)}`);
  }
  const initialWindowBytes = bytes("initialWindowBytes", options.initialWindowBytes, MIB, 1);
  return {
    initialWindowBytes,
    // One stream must not be able to fill it.
    connectionWindowBytes: Math.max(
      initialWindowBytes,
      bytes(
        "connectionWindowBytes",
        options.connectionWindowBytes,
        8 * MIB,
        MIN_CONNECTION_WINDOW_BYTES,
      ),
    ),
    maxHeaderListBytes: bytes("maxHeaderListBytes", options.maxHeaderListBytes, 64 * 1024, 1),
    keepaliveMs: keepaliveMs === undefined ? undefined : positiveMs("keepaliveMs", keepaliveMs, 0),
    keepaliveTimeoutMs: positiveMs("keepaliveTimeoutMs", options.keepaliveTimeoutMs, 20_000),
    compression,
    authority,
  };
}

function bytes(name: string, value: number | undefined, fallback: number, least: number): number {
  const size = positiveInteger(name, value, fallback);
  if (size >= least && size <= MAX_WINDOW_BYTES) return size;
  throw new RangeError(`${name} must be from ${least} to ${MAX_WINDOW_BYTES}, got ${size}`);
}

import type { Addr, NetAddr, UnixAddr } from "../../net/address.ts";
import { printError } from "../../base/call_safely.ts";
import type { ConnectionLimits } from "../../net/byte_connection.ts";
import type { ConnListener } from "../../net/listen.ts";
import { type Protocol, type WireProtocol, wireProtocol } from "../../core/protocol.ts";
import { observersOf } from "../../core/observation.ts";
import type { ErrorInfo, Observer } from "../../core/observer.ts";
import { DEFAULT_PROTOCOL } from "../default_protocol.ts";
import type { Handler } from "./handler.ts";
import {
  abortSignal,
  checkType,
  DEFAULT_FRAME_TIMEOUT_MS,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_MAX_STREAMS,
  nonEmptyString,
  positiveInteger,
  positiveMs,
} from "../../base/options.ts";
import { causeOf, reasonText } from "../../base/reason.ts";
import type { ServerStream } from "./server_stream.ts";
import type { ServedConnectionInit } from "./connection.ts";
import { hostAndPort, show } from "../../base/format.ts";

/** Options of a connection at the server, and so of every server. */
export interface ServeOverOptions {
  /**
   * What the server speaks, at least one. Of several, each connection's first bytes tell which it speaks, as on Kitex's
   * ports: one handler serves them all, and reads which in `stream.protocol`. Default `[ttheader()]`.
   */
  protocols?: readonly Protocol[] | undefined;
  /** The service's own name, for what the default `onError` prints. */
  serviceName?: string | undefined;
  /** Shuts down without grace when it aborts. */
  signal?: AbortSignal | undefined;
  /**
   * Takes what an observer threw, once an observer, and what a handler threw, once a stream: not a `BizStatusError`, which is an answer, and not the stream's own
   * end or an exception of the client's Trailer handed on, since a cancel is nobody's fault. A `GrpcError` comes here,
   * whatever its status. Default: prints it with service and method.
   */
  onError?: ((error: unknown, stream: ServerStream, info: ErrorInfo) => unknown) | undefined;
  /**
   * The largest frame taken or sent, in bytes, and in gRPC the largest message, also as it is when it has been
   * decompressed. A larger frame that comes ends its connection, a larger message its stream alone (code 8, or 13 where
   * it is sent). Default 16 MiB.
   */
  maxFrameBytes?: number | undefined;
  /**
   * Unread bytes that a connection holds before it stops reading its socket. Default 4 MiB. Of TTHeader Streaming
   * alone: gRPC has windows instead, see `GrpcOptions`.
   */
  maxBufferedBytes?: number | undefined;
  /**
   * Handlers that a connection may have running; one that was cancelled counts until it has returned. Default 1024. A
   * client that cancels ten times as many streams more than have ended well loses its connection. gRPC announces it as
   * SETTINGS_MAX_CONCURRENT_STREAMS, and its clients wait instead of being refused.
   */
  maxStreams?: number | undefined;
  /**
   * Milliseconds within which a frame that has begun must end, a TLS handshake be done, and a client take at least
   * something of the answers that wait for it. Default 10,000. A handshake that is not done by then is never served;
   * Deno closes its socket when the client moves, and until then it counts among `maxConnections`.
   */
  frameTimeoutMs?: number | undefined;
  /** Milliseconds that a connection may be without streams before it is closed. Default: for ever. */
  idleTimeoutMs?: number | undefined;
  /** See every stream that a client opens, those that are refused among them: see {@linkcode Observer}. What one throws goes to `onError`, once. */
  observers?: readonly Observer[] | undefined;
  /** Milliseconds that a handler may take; its stream then ends with 12015, in gRPC with 4, at both ends. Default: for ever. */
  handlerTimeoutMs?: number | undefined;
}

/** A connection that a client has made, as hooks see it. */
export interface ConnectionInfo<A extends Addr = Addr> {
  /** The client's address. */
  readonly remoteAddr: A;
  /** How many connections the server has, this one not among them. */
  readonly connections: number;
}

/** Options of every server that listens. */
export interface ServerOptions<A extends Addr = Addr> extends ServeOverOptions {
  /** Is told the address once the server listens. */
  onListen?: ((addr: A) => unknown) | undefined;
  /** Connections that there may be at a time; one more is closed as soon as it is accepted. Default: no limit. */
  maxConnections?: number | undefined;
  /**
   * TCP keep-alive: notices clients that have vanished without a word, when the system says (on Linux after two hours).
   * Default true. Deno has no such setting for the sockets of a TLS listener: there `idleTimeoutMs` has to do.
   */
  keepAlive?: boolean | undefined;
  /** Is asked for every connection before anything is read of it; `"refuse"` closes it, as does a throw. It cannot be async. */
  onConnection?: ((connection: ConnectionInfo<A>) => void | "refuse") | undefined;
  /**
   * Takes what went wrong with a connection as a whole: a client that broke the protocol or a limit, a TLS handshake
   * that failed, a connection over `maxConnections` (the first of a row), or one that the system would not give
   * (without a `connection`). Default: prints one line.
   */
  onConnectionError?: ((error: unknown, connection?: ConnectionInfo<A> | undefined) => unknown) | undefined;
}

/** Options of a server on TCP. */
export interface ServeTcpOptions extends ServerOptions<NetAddr> {
  /** 0 takes any free port; `addr` then tells which. */
  port: number;
  /** Default `"0.0.0.0"`. */
  hostname?: string | undefined;
  /**
   * Lets several processes, or workers, listen on the port: the system gives each connection to one of them. Default
   * false. Deno wants `--unstable-net` for it.
   */
  reusePort?: boolean | undefined;
  /** The certificate chain for TLS, PEM; with `key`. */
  cert?: string | undefined;
  /** The key for TLS, PEM; with `cert`. */
  key?: string | undefined;
}

/** Options of a server on a Unix socket. */
export interface ServeUnixOptions extends ServerOptions<UnixAddr> {
  /** The socket's path. */
  path: string;
}

/** Options of a server on a listener of one's own. */
export interface ServeListenerOptions<A extends Addr> extends ServerOptions<A> {
  /** The listener; the server closes it. */
  listener: ConnListener<A>;
}

/** What a server that listens needs beside what its connections do; everything has been checked. */
export interface ListeningInit<A extends Addr> {
  readonly maxConnections: number;
  readonly keepAlive: boolean;
  readonly onConnection: ((connection: ConnectionInfo<A>) => void | "refuse") | undefined;
  readonly onConnectionError: (error: unknown, connection?: ConnectionInfo<A>) => unknown;
}

/**
 * Checks what every connection needs.
 *
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If a limit is out of range.
 */
export function servingInit(options: ServeOverOptions, handler: Handler): ServedConnectionInit {
  if (typeof handler !== "function") throw new TypeError(`handler must be a function, got ${show(handler)}`);
  if (options.signal !== undefined) abortSignal("signal", options.signal);
  checkType("onError", options.onError, "function");
  const { serviceName, maxBufferedBytes } = options;
  const name = serviceName === undefined ? "" : `${nonEmptyString("serviceName", serviceName)}: `;
  const limits: ConnectionLimits = {
    maxFrameBytes: positiveInteger("maxFrameBytes", options.maxFrameBytes, DEFAULT_MAX_FRAME_BYTES),
    maxBufferedBytes: positiveInteger("maxBufferedBytes", maxBufferedBytes, DEFAULT_MAX_BUFFERED_BYTES),
    frameTimeoutMs: positiveMs("frameTimeoutMs", options.frameTimeoutMs, DEFAULT_FRAME_TIMEOUT_MS),
  };
  return {
    handler,
    protocols: protocolsOf(options.protocols),
    limits,
    maxStreams: positiveInteger("maxStreams", options.maxStreams, DEFAULT_MAX_STREAMS),
    idleTimeoutMs: positiveMs("idleTimeoutMs", options.idleTimeoutMs, 0),
    handlerTimeoutMs: positiveMs("handlerTimeoutMs", options.handlerTimeoutMs, 0),
    remoteAddr: undefined,
    observers: observersOf(options.observers),
    onError: options.onError ??
      ((error, { service, method }, { observer }) =>
        printError(
          `${name}${observer === true ? "an observer" : "the handler"} of ${service}/${method} failed:`,
          error,
        )),
  };
}

/** @throws {TypeError} If there is none, or one is none of the library's. */
function protocolsOf(protocols: readonly Protocol[] | undefined): readonly WireProtocol[] {
  if (protocols === undefined) return [DEFAULT_PROTOCOL];
  if (!Array.isArray(protocols) || protocols.length === 0) {
    throw new TypeError(`protocols must be an array of at least one protocol, got ${show(protocols)}`);
  }
  const wires = protocols.map((protocol, i) => wireProtocol(`protocols[${i}]`, protocol));
  const twice = wires.find(({ name }, i) => wires.findIndex((other) => other.name === name) !== i);
  if (twice === undefined) return wires;
  throw new TypeError(`protocols: ${twice.name} is given twice, and a connection's first bytes tell no more`);
}

/**
 * Checks what a server that listens needs.
 *
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If a limit is out of range.
 */
export function listeningInit<A extends Addr>(options: ServerOptions<A>): ListeningInit<A> {
  for (const hook of ["onListen", "onConnection", "onConnectionError"] as const) {
    checkType(hook, options[hook], "function");
  }
  checkType("keepAlive", options.keepAlive, "boolean");
  return {
    maxConnections: positiveInteger("maxConnections", options.maxConnections, Infinity),
    keepAlive: options.keepAlive ?? true,
    onConnection: options.onConnection,
    onConnectionError: options.onConnectionError ?? printConnectionError,
  };
}

function printConnectionError(error: unknown, connection?: ConnectionInfo): void {
  const from = connection === undefined ? "" : ` from ${print(connection.remoteAddr)}`;
  const text = reasonText(error);
  const cause = causeOf(error);
  const causeText = cause === undefined ? "" : reasonText(cause);
  // Some errors say their cause's words themselves.
  const why = text.includes(causeText) ? "" : `: ${causeText}`;
  console.error(`ttstream: connection${from}: ${text}${why}`);
}

function print(addr: Addr): string {
  if ("hostname" in addr) return hostAndPort(addr.hostname, addr.port);
  // Clients of Unix sockets have no path of their own.
  return "path" in addr ? addr.path || "a Unix socket" : addr.transport;
}

import { hostAndPort } from "../base/format.ts";
import { reasonText } from "../base/reason.ts";
import { Http2Connection } from "../http2/connection.ts";
import type { Http2ConnectionEvents } from "../http2/connection_events.ts";
import { ErrorCode } from "../http2/error_code.ts";
import { Http2ConnectionError } from "../http2/errors.ts";
import type { Addr } from "../net/address.ts";
import { ByteConnection, type ConnectionLimits, type Fault } from "../net/byte_connection.ts";
import { unrefTimer } from "../net/event_loop.ts";
import type { ByteSocket } from "../net/socket.ts";
import { GrpcError } from "./error.ts";
import type { GrpcSettings } from "./options.ts";
import { GrpcStatus } from "./status.ts";

/** Who runs a connection, at either end. */
export interface Http2OverBytesOwner extends Http2ConnectionEvents {
  readonly side: "client" | "server";
  /** Much has been read since the unread messages came. */
  compact(): void;
  ended(error: GrpcError | undefined): void;
}

/** The numbers that do not depend on the end. */
export interface Http2OverBytesInit {
  readonly settings: GrpcSettings;
  readonly limits: ConnectionLimits;
  readonly maxStreams: number;
  readonly keepaliveMs: number;
}

/**
 * So many connection windows may the unread messages cost, 64 bytes each beside what a window counts: a flood of tiny
 * ones fits into the windows a million times.
 */
const UNREAD_WINDOWS = 4;

/** So many connection windows may one stream's unread messages grow by when they are decompressed. */
export const INFLATED_WINDOWS = 2 * UNREAD_WINDOWS;

/** HTTP/2 on a socket. */
export class Http2OverBytes {
  readonly bytes: ByteConnection<GrpcError>;
  readonly http2: Http2Connection;

  constructor(socket: ByteSocket, init: Http2OverBytesInit, owner: Http2OverBytesOwner) {
    const { settings, limits, maxStreams, keepaliveMs } = init;
    const { initialWindowBytes, connectionWindowBytes, maxHeaderListBytes, keepaliveTimeoutMs } = settings;
    const maxBufferedBytes = UNREAD_WINDOWS * connectionWindowBytes;
    this.bytes = new ByteConnection(socket, { ...limits, maxBufferedBytes }, {
      side: owner.side,
      answers: true,
      receive: (chunk) => {
        const before = this.http2.pendingBytes;
        this.http2.receive(chunk);
        // What is unfinished now began in this chunk where it is not more than that of before.
        return this.http2.pendingBytes < before + chunk.length;
      },
      pendingBytes: () => this.http2.pendingBytes,
      compact: () => owner.compact(),
      errorOf: owner.side === "client" ? (fault) => errorOfServer(fault, socket.remoteAddr) : errorOf,
      lost: (error) => this.http2.lost(error ?? new GrpcError(GrpcStatus.Unavailable, CLOSED)),
      ended: (error) => owner.ended(error),
    });
    const { bytes } = this;
    this.http2 = new Http2Connection(owner.side, {
      queue: bytes.queue,
      paused: () => bytes.paused,
      end: (error, lastMs) => bytes.end(error === undefined ? undefined : errorOfHttp2(error), lastMs),
      timerSet: (timer) => {
        if (bytes.counts) unrefTimer(timer);
      },
    }, {
      initialWindowBytes,
      connectionWindowBytes,
      maxHeaderListBytes,
      maxStreams,
      keepaliveMs,
      keepaliveTimeoutMs,
    }, owner);
    this.http2.start();
    bytes.run();
  }
}

const CLOSED = "the connection is closing";

/** Whether the peer has broken the protocol, or a limit. */
export function isPeersFault(error: GrpcError | undefined): boolean {
  return error?.cause instanceof Http2ConnectionError && error.cause.code !== ErrorCode.NO_ERROR ||
    error?.kind === "protocol" && error.cause === undefined && error.description !== CLOSED_BY_PEER;
}

const CLOSED_BY_PEER = "connection closed by peer";

/** Where the server has gone it reads as at Kitex's clients (`nphttp2/grpc/http2_client.go`). */
function errorOfServer(fault: Fault, remoteAddr: Addr | undefined): GrpcError {
  if (fault.type !== "closed by peer") return errorOf(fault);
  const at = remoteAddr !== undefined && "hostname" in remoteAddr
    ? `remoteAddress=${hostAndPort(remoteAddr.hostname, remoteAddr.port)}, `
    : "";
  return unavailable(`connection error: desc = "error reading from server, ${at}error=EOF peer close"`);
}

function errorOf(fault: Fault): GrpcError {
  switch (fault.type) {
    case "closed by peer":
      return unavailable(CLOSED_BY_PEER);
    case "failed":
      return fault.error instanceof GrpcError
        ? fault.error
        : unavailable(reasonText(fault.error), fault.error);
    case "unfinished frame":
    case "stalled":
      return unavailable(fault.text);
  }
}

function errorOfHttp2(error: Http2ConnectionError): GrpcError {
  return unavailable(error.message, error);
}

function unavailable(text: string, cause?: unknown): GrpcError {
  return new GrpcError(GrpcStatus.Unavailable, text, { kind: "protocol", cause });
}

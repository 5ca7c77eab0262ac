import { show } from "../base/format.ts";
import { isInt32 } from "../base/int32.ts";
import { type ErrorKind, isMarked, type Side, StreamError, type StreamErrorOptions } from "../core/errors.ts";

/** The codes a {@linkcode TTStreamError} carries, as Kitex numbers them (`pkg/remote/trans/ttstream/exception.go`). */
export const ErrorCode: {
  /** The server's handler failed; the description is what it said. */
  readonly ApplicationException: 12001;
  /** A second Header frame came for a live stream. */
  readonly UnexpectedHeader: 12002;
  /** A Trailer announced a business error that cannot be read. */
  readonly IllegalBizError: 12003;
  /** Bytes that are no frame, or a frame beyond a limit. */
  readonly IllegalFrame: 12004;
  /** A message was sent on a side that is closed. */
  readonly IllegalOperation: 12005;
  /** The connection is gone (client side). */
  readonly TransportClosing: 12006;
  /** The client cancelled without saying why. */
  readonly Canceled: 12007;
  /** The client cancelled and said why: the description is its reason. */
  readonly CanceledWithCause: 12008;
  /** Cancelled by a service further down. */
  readonly DownstreamCanceled: 12009;
  /** Cancelled by a service further up. */
  readonly UpstreamCanceled: 12010;
  /** Something other than a TTHeader stream ended the caller. */
  readonly InternalCanceled: 12011;
  /** The handler that the stream belonged to returned. */
  readonly HandlerReturned: 12012;
  /** The connection is gone (server side). */
  readonly ConnectionClosed: 12013;
  /** No message came within `recvTimeoutMs`. */
  readonly RecvTimeout: 12014;
  /** The stream did not end within `timeoutMs`. */
  readonly StreamTimeout: 12015;
} = {
  ApplicationException: 12001,
  UnexpectedHeader: 12002,
  IllegalBizError: 12003,
  IllegalFrame: 12004,
  IllegalOperation: 12005,
  TransportClosing: 12006,
  Canceled: 12007,
  CanceledWithCause: 12008,
  DownstreamCanceled: 12009,
  UpstreamCanceled: 12010,
  InternalCanceled: 12011,
  HandlerReturned: 12012,
  ConnectionClosed: 12013,
  RecvTimeout: 12014,
  StreamTimeout: 12015,
};

/** What an error of the library's is made of. */
interface ErrorInit extends StreamErrorOptions {
  code: number;
  description: string;
}

function kindOf(code: number, side: Side | undefined): ErrorKind {
  if (code === ErrorCode.ApplicationException) return "application";
  if (code > ErrorCode.ApplicationException && code <= ErrorCode.TransportClosing) return "protocol";
  const timedOut = code === ErrorCode.RecvTimeout || code === ErrorCode.StreamTimeout;
  return timedOut && side === "client" ? "timeout" : "canceled";
}

function messageOf(code: number, description: string, { side, cancelPath = [] }: StreamErrorOptions): string {
  const where = side === undefined ? "" : `[${side}-side stream] `;
  const path = cancelPath.length === 0 ? "" : `[canceled path: ${cancelPath.join(" -> ")}] `;
  return `[ttstream error, code=${code}] ${where}${path}${description}`;
}

/** Marks errors of every copy of the library in the process: `instanceof` knows those of its own copy alone. */
const TT_STREAM_ERROR = Symbol.for("@ttstream/ttstream/TTStreamError");

/**
 * How a stream of TTHeader Streaming ended when it did not end well: who ended it, and why.
 *
 * `message` is the whole text, byte for byte as Kitex prints it:
 * `[ttstream error, code=12007] [server-side stream] [canceled path: ServiceA] user code invoking …`.
 *
 * @example
 * ```ts
 * import { ErrorCode, TTStreamError } from "@ttstream/ttstream";
 *
 * function log(error: unknown) {
 *   if (error instanceof TTStreamError && error.code === ErrorCode.Canceled) {
 *     console.log("cancelled by", error.cancelPath.join(" -> "));
 *   }
 * }
 * ```
 */
export class TTStreamError extends StreamError {
  /** Always `"TTStreamError"`. */
  override readonly name = "TTStreamError";

  /**
   * Makes an error as the library does: for mocks, and for openers of one's own.
   *
   * @param code One of {@linkcode ErrorCode}, or what a Rst frame of the peer said.
   * @param description The text without its prefixes.
   * @param options Whatever else is known.
   * @throws {RangeError} If `code` is not an int32.
   * @throws {TypeError} If `description` is no string.
   */
  constructor(code: number, description: string, options: StreamErrorOptions = {}) {
    if (!isInt32(code)) throw new RangeError(`code must be an int32, got ${show(code)}`);
    if (typeof description !== "string") {
      throw new TypeError(`description must be a string, got ${show(description)}`);
    }
    const kind = options.kind ?? kindOf(code, options.side);
    super(messageOf(code, description, options), code, kind, description, options);
  }
}

Object.defineProperty(TTStreamError.prototype, TT_STREAM_ERROR, { value: true });

/** Makes a {@linkcode TTStreamError}. */
export function streamError({ code, description, ...options }: ErrorInit): TTStreamError {
  return new TTStreamError(code, description, options);
}

/** A connection's error, as one of its streams reads it. */
export function errorOfStream(
  { code, description, side, kind, cause }: TTStreamError,
  stream: {
    readonly service?: string | undefined;
    readonly method?: string | undefined;
    readonly retryable?: boolean;
  },
): TTStreamError {
  return streamError({ code, description, side, kind, cause, ...stream });
}

/** Whether `value` is a {@linkcode TTStreamError}, of whichever copy of the library. */
export function isTTStreamError(value: unknown): value is TTStreamError {
  return isMarked(
    value,
    TT_STREAM_ERROR,
    (error: TTStreamError) =>
      isInt32(error.code) && typeof error.description === "string" && Array.isArray(error.cancelPath),
  );
}

/** Fixed texts, word for word Kitex's. */
export const Description = {
  closedSend: "stream is closed send",
  canceled:
    "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively",
  handlerReturned: "canceled by business handler returning",
  connectionClosed: "canceled by connection closed",
  transportClosing: "transport is closing",
  closedByPeer: "connection closed by peer",
  streamTimeout: "stream timeout, no explicit timeout set in stream ctx",
  rst: "rst",
} as const;

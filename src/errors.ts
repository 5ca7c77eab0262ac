import { show } from "./show.ts";

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

/** The end of a stream that an error speaks of. */
export type Side = "client" | "server";

/**
 * What sort of end an error is: the server's `"application"` failed, somebody broke the `"protocol"` or the
 * connection, the stream was `"canceled"`, or it ran into a `"timeout"`. A time-out of the client reads as
 * `"canceled"` at the server.
 */
export type ErrorKind = "application" | "protocol" | "canceled" | "timeout";

/** What a {@linkcode TTStreamError} is made of. */
interface ErrorInit {
  code: number;
  description: string;
  side?: Side | undefined;
  cancelPath?: readonly string[] | undefined;
  cause?: unknown;
  /** Where the code does not decide it: whatever a Rst says, the stream was canceled. */
  kind?: ErrorKind | undefined;
}

function kindOf(code: number, side: Side | undefined): ErrorKind {
  if (code === ErrorCode.ApplicationException) return "application";
  if (code > ErrorCode.ApplicationException && code <= ErrorCode.TransportClosing) return "protocol";
  const timedOut = code === ErrorCode.RecvTimeout || code === ErrorCode.StreamTimeout;
  return timedOut && side === "client" ? "timeout" : "canceled";
}

function messageOf({ code, description, side, cancelPath = [] }: ErrorInit): string {
  const where = side === undefined ? "" : `[${side}-side stream] `;
  const path = cancelPath.length === 0 ? "" : `[canceled path: ${cancelPath.join(" -> ")}] `;
  return `[ttstream error, code=${code}] ${where}${path}${description}`;
}

/** What {@linkcode TTStreamError} is made of, as this module alone can make it. */
class OwnInit {
  readonly init: ErrorInit;

  constructor(init: ErrorInit) {
    this.init = init;
  }
}

/**
 * How a stream ended when it did not end well: who ended it, and why. Only the library makes them.
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
export class TTStreamError extends Error {
  /** Always `"TTStreamError"`. */
  override readonly name = "TTStreamError";
  /** One of {@linkcode ErrorCode}, or what a Rst frame of the peer said. */
  readonly code: number;
  /** What sort of end it was. */
  readonly kind: ErrorKind;
  /** The end of the stream that speaks; absent where the connection as a whole failed. */
  declare readonly side?: Side;
  /** The services that handed the cancel on, its origin first; empty where no cancel travelled. */
  readonly cancelPath: readonly string[];
  /** The text without its prefixes. */
  readonly description: string;

  /**
   * For the library alone. It is public because a private one keeps `assertRejects(…, TTStreamError)`, and whatever
   * else takes an error's class, from compiling.
   *
   * @throws {TypeError} If anybody else calls it.
   */
  constructor(own: unknown) {
    if (!(own instanceof OwnInit)) throw new TypeError("TTStreamErrors are made by the library only");
    const { init } = own;
    super(messageOf(init), "cause" in init && init.cause !== undefined ? { cause: init.cause } : undefined);
    this.code = init.code;
    this.kind = init.kind ?? kindOf(init.code, init.side);
    if (init.side !== undefined) this.side = init.side;
    this.cancelPath = init.cancelPath ?? [];
    this.description = init.description;
  }
}

/** Makes a {@linkcode TTStreamError}. */
export function streamError(init: ErrorInit): TTStreamError {
  return new TTStreamError(new OwnInit(init));
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

/** The smallest and largest int32, the range of codes on the wire. */
export const INT32_MIN: number = -(2 ** 31);
export const INT32_MAX: number = 2 ** 31 - 1;

/**
 * A business error: the call worked, and its answer is "no". A handler throws it, the client's reads reject
 * with it, and a Kitex peer reads it as its own `BizStatusError`.
 *
 * @example
 * ```ts
 * import { BizStatusError } from "@ttstream/ttstream";
 *
 * throw new BizStatusError(404, "no such model", { model: "gpt-0" });
 * ```
 */
export class BizStatusError extends Error {
  /** Always `"BizStatusError"`. */
  override readonly name = "BizStatusError";
  /** The business code: an int32, never 0. */
  readonly statusCode: number;
  /** The business message, without the prefix that `message` has. */
  readonly statusMessage: string;
  /** Further strings; they travel as JSON. */
  declare readonly extra?: Readonly<Record<string, string>>;

  /**
   * Makes a business error.
   *
   * @param statusCode The business code: an int32 other than 0.
   * @param statusMessage The business message.
   * @param extra Further strings.
   * @throws {RangeError} If `statusCode` is 0 or not an int32: the wire has no place for it.
   * @throws {TypeError} If `statusMessage` is no string, or `extra` no record of strings.
   */
  constructor(
    statusCode: number,
    statusMessage: string,
    extra?: Readonly<Record<string, string>> | undefined,
  ) {
    if (
      !Number.isInteger(statusCode) || statusCode === 0 || statusCode < INT32_MIN || statusCode > INT32_MAX
    ) {
      throw new RangeError(`statusCode must be an int32 other than 0, got ${show(statusCode)}`);
    }
    if (typeof statusMessage !== "string") {
      throw new TypeError(`statusMessage must be a string, got ${show(statusMessage)}`);
    }
    if (extra !== undefined) checkExtra(extra);
    super(`biz error: code=${statusCode}, msg=${statusMessage}`);
    this.statusCode = statusCode;
    this.statusMessage = statusMessage;
    if (extra !== undefined) this.extra = extra;
  }
}

/** What travels as anything but strings the peer could not read. */
function checkExtra(extra: unknown): void {
  if (typeof extra !== "object" || extra === null || Symbol.iterator in extra) {
    throw new TypeError(`extra must be a record of strings, got ${show(extra)}`);
  }
  for (const [key, value] of Object.entries(extra)) {
    if (typeof value === "string") continue;
    throw new TypeError(`extra: the value of "${key}" is not a string but ${typeof value}`);
  }
}

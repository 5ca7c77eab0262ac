import { show } from "../base/format.ts";
import { isInt32 } from "../base/int32.ts";

/** The end of a stream that an error speaks of. */
export type Side = "client" | "server";

/**
 * What sort of end an error is: the server's `"application"` failed, somebody broke the `"protocol"` or the
 * connection, the stream was `"canceled"`, or it ran into a `"timeout"`. A time-out of the client reads as
 * `"canceled"` at the server, but where gRPC has told it the deadline and its own clock is first.
 */
export type ErrorKind = "application" | "protocol" | "canceled" | "timeout";

/** What a {@linkcode StreamError} may be given beside its code and description. */
export interface StreamErrorOptions {
  /** The end of the stream that speaks; leave it out where the connection as a whole failed. */
  side?: Side | undefined;
  /** The services that handed a cancel on, its origin first. Default: none. */
  cancelPath?: readonly string[] | undefined;
  /** What sort of end it was. Default: what the code says. */
  kind?: ErrorKind | undefined;
  /** The stream's service, as the IDL names it. */
  service?: string | undefined;
  /** The stream's method, as the IDL names it. */
  method?: string | undefined;
  /** The type of the exception that a Trailer carried; gRPC has none. */
  exceptionType?: number | undefined;
  /** Whether the server did not begin the call. Default false. */
  retryable?: boolean | undefined;
  /** What caused it. */
  cause?: unknown;
}

/** The stream that an error speaks of, and which end of it. */
export interface Where {
  readonly side: Side;
  readonly service?: string | undefined;
  readonly method?: string | undefined;
}

/**
 * How a stream ended when it did not end well, whatever protocol it spoke: who ended it, and why. It is a
 * `TTStreamError` or a `GrpcError`.
 *
 * @example
 * ```ts
 * import { StreamError } from "@ttstream/ttstream";
 *
 * function log(error: unknown) {
 *   if (error instanceof StreamError) console.log(error.service, error.method, error.kind, error.message);
 * }
 * ```
 */
export abstract class StreamError extends Error {
  /** The protocol's number for it: one of `ErrorCode`, or of `GrpcStatus`. */
  readonly code: number;
  /** What sort of end it was. */
  readonly kind: ErrorKind;
  /** The end of the stream that speaks; absent where the connection as a whole failed. */
  declare readonly side?: Side;
  /** The services that handed the cancel on, its origin first; empty where no cancel travelled. */
  readonly cancelPath: readonly string[];
  /** The text without its prefixes. */
  readonly description: string;
  /** The stream's service; absent where the error is a connection's. */
  declare readonly service?: string;
  /** The stream's method; absent where the error is a connection's. */
  declare readonly method?: string;
  /**
   * The type of the exception that the server's Trailer carried: 6 of a failed handler, 1 and 20 of an unknown method
   * and service. gRPC has none: its `code` tells.
   */
  declare readonly exceptionType?: number;
  /**
   * Whether the call may be tried again without being done twice: the server did not begin it. So it is where the
   * server refused it (it shuts down, or has too many streams; in gRPC REFUSED_STREAM, or a GOAWAY whose last stream
   * came before it), or where the connection was lost, or had been, before the call had left. An unknown service or
   * method is not: it will be unknown again.
   */
  readonly retryable: boolean;

  /**
   * For the classes of the protocols.
   *
   * @param message The whole text.
   * @param code The protocol's number.
   * @param kind What sort of end it was.
   * @param description The text without its prefixes.
   * @param options Whatever else is known.
   */
  constructor(
    message: string,
    code: number,
    kind: ErrorKind,
    description: string,
    options: StreamErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const { side, service, method, exceptionType } = options;
    this.code = code;
    this.kind = kind;
    if (side !== undefined) this.side = side;
    this.cancelPath = options.cancelPath ?? [];
    this.description = description;
    if (service !== undefined) this.service = service;
    if (method !== undefined) this.method = method;
    if (exceptionType !== undefined) this.exceptionType = exceptionType;
    this.retryable = options.retryable ?? false;
  }
}

/** Marks errors of every copy of the library in the process: `instanceof` knows those of its own copy alone. */
const STREAM_ERROR = Symbol.for("@ttstream/ttstream/StreamError");
const BIZ_STATUS_ERROR = Symbol.for("@ttstream/ttstream/BizStatusError");

Object.defineProperty(StreamError.prototype, STREAM_ERROR, { value: true });

/** Whether `value` is a {@linkcode StreamError}, of whichever copy of the library. */
export function isStreamError(value: unknown): value is StreamError {
  return isMarked(
    value,
    STREAM_ERROR,
    (error: StreamError) =>
      isInt32(error.code) && typeof error.description === "string" && Array.isArray(error.cancelPath),
  );
}

/** Whether `value` is a {@linkcode BizStatusError}, of whichever copy of the library. */
export function isBizStatusError(value: unknown): value is BizStatusError {
  return isMarked(
    value,
    BIZ_STATUS_ERROR,
    (error: BizStatusError) =>
      isInt32(error.statusCode) && error.statusCode !== 0 && typeof error.statusMessage === "string",
  );
}

/** @param isWhole A mock that has every property there is has the mark as well. */
export function isMarked<T>(value: unknown, mark: symbol, isWhole: (value: T) => boolean): value is T {
  try {
    return hasMark<T>(value, mark) && isWhole(value);
  } catch {
    // A value that cannot be looked at, a revoked proxy say, is none of ours.
    return false;
  }
}

function hasMark<T>(value: unknown, mark: symbol): value is T {
  return typeof value === "object" && value !== null && Reflect.get(value, mark) === true;
}

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
    if (statusCode === 0 || !isInt32(statusCode)) {
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

Object.defineProperty(BizStatusError.prototype, BIZ_STATUS_ERROR, { value: true });

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

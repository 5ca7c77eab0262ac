import { show } from "../base/format.ts";
import {
  type ErrorKind,
  isMarked,
  type Side,
  StreamError,
  type StreamErrorOptions,
  type Where,
} from "../core/errors.ts";
import { GrpcStatus } from "./status.ts";

/** What a {@linkcode GrpcError} may be given beside its code and message. */
export interface GrpcErrorOptions extends StreamErrorOptions {
  /** What the `grpc-status-details-bin` trailer carries: mostly a `google.rpc.Status`, encoded. */
  details?: Uint8Array | undefined;
}

/**
 * How a stream of gRPC ended when it did not end well. A handler that throws one answers with its code, message and
 * details; over TTHeader Streaming its client reads 12001 with the text. `message` is
 * `rpc error: code = 5 desc = no such model`, as Kitex prints it, and `description` the text alone.
 *
 * @example
 * ```ts
 * import { GrpcError, GrpcStatus } from "@ttstream/ttstream/grpc";
 *
 * throw new GrpcError(GrpcStatus.NotFound, "no such model");
 * ```
 */
export class GrpcError extends StreamError {
  /** Always `"GrpcError"`. */
  override readonly name = "GrpcError";
  /** The status's details, encoded, where it has any. */
  declare readonly details?: Uint8Array;

  /**
   * Makes an error.
   *
   * @param code One of {@linkcode GrpcStatus} but OK, or a code of the peer's own: 1 to 2^31-1.
   * @param message The text.
   * @param options Whatever else is known.
   * @throws {RangeError} If `code` is no such number.
   * @throws {TypeError} If `message` is no string, or `details` no bytes.
   */
  constructor(code: number, message: string, options: GrpcErrorOptions = {}) {
    if (!Number.isInteger(code) || code < 1 || code > MAX_CODE) {
      throw new RangeError(`code must be an integer from 1 to ${MAX_CODE}, got ${show(code)}`);
    }
    if (typeof message !== "string") throw new TypeError(`message must be a string, got ${show(message)}`);
    const { details } = options;
    if (details !== undefined && !(details instanceof Uint8Array)) {
      throw new TypeError(`details must be a Uint8Array, got ${show(details)}`);
    }
    const kind = options.kind ?? kindOf(code, options.side);
    super(`rpc error: code = ${code} desc = ${message}`, code, kind, message, options);
    if (details !== undefined) this.details = details;
  }
}

const MAX_CODE = 2 ** 31 - 1;

/** Marks errors of every copy of the library in the process: `instanceof` knows those of its own copy alone. */
const GRPC_ERROR = Symbol.for("@ttstream/ttstream/GrpcError");

Object.defineProperty(GrpcError.prototype, GRPC_ERROR, { value: true });

/** Whether `value` is a {@linkcode GrpcError}, of whichever copy of the library. */
export function isGrpcError(value: unknown): value is GrpcError {
  return isMarked(
    value,
    GRPC_ERROR,
    ({ code, description, cancelPath, details }: GrpcError) =>
      Number.isInteger(code) && code >= 1 && code <= MAX_CODE && typeof description === "string" &&
      Array.isArray(cancelPath) && (details === undefined || details instanceof Uint8Array),
  );
}

function kindOf(code: number, side: Side | undefined): ErrorKind {
  switch (code) {
    case GrpcStatus.Canceled:
      return "canceled";
    case GrpcStatus.DeadlineExceeded:
    case GrpcStatus.RecvDeadlineExceeded:
      return side === "server" ? "canceled" : "timeout";
    default:
      return "application";
  }
}

/** An error of the library's own, for a stream. */
export function grpcError(
  where: Where,
  code: GrpcStatus,
  message: string,
  options: GrpcErrorOptions = {},
): GrpcError {
  return new GrpcError(code, message, { ...where, ...options });
}

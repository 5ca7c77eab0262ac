import {
  type CancelFrame,
  type ClientTransportInit,
  type Protocol,
  type WireProtocol,
  wireProtocol,
} from "../../core/protocol.ts";
import { type Observers, observersOf } from "../../core/observation.ts";
import type { Observer } from "../../core/observer.ts";
import { callSafely, printError } from "../../base/call_safely.ts";
import { DEFAULT_PROTOCOL } from "../default_protocol.ts";
import {
  checkType,
  DEFAULT_FRAME_TIMEOUT_MS,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_MAX_FRAME_BYTES,
  nonEmptyString,
  positiveInteger,
  positiveMs,
} from "../../base/options.ts";
import { show } from "../../base/format.ts";

/** Options of every connection that a client makes. */
export interface ConnectionOptions {
  /** What the connection speaks. Default `ttheader()`. */
  protocol?: Protocol | undefined;
  /**
   * The caller's own name, without commas: what the cancel path says at the far end. Without it nothing is added to the
   * path. gRPC sends it as `source-service`, the name behind `[triggered by` in what the server reads.
   */
  serviceName?: string | undefined;
  /**
   * The largest frame taken or sent, in bytes, and in gRPC the largest message, also as it is when it has been
   * decompressed. A larger frame that comes ends the connection, a larger message its stream alone (code 8, or 1 where
   * it is sent). Default 16 MiB.
   */
  maxFrameBytes?: number | undefined;
  /**
   * Unread bytes that the connection holds before it stops reading the socket; default 4 MiB. One stream that nobody
   * reads then stalls its neighbours, and a Rst behind the unread bytes is not seen: the protocol has no other channel.
   * Of TTHeader Streaming alone: gRPC has windows instead, see `GrpcOptions`.
   */
  maxBufferedBytes?: number | undefined;
  /**
   * Milliseconds within which a frame that has begun must end, and the server take at least something where more than
   * 1 MiB of opened and ended streams, or of HTTP/2's answers, wait for it. Default 10,000.
   */
  frameTimeoutMs?: number | undefined;
  /**
   * How a cancel is told in TTHeader Streaming; default `"rst"`. Kitex servers before v0.15.0 know no Rst frame: one
   * costs them the whole connection, and every stream on it. For those, `"trailer"` sends a Trailer with an exception
   * instead, which ends the handler's reading; after a half close nothing is sent, and what still comes is dropped.
   */
  cancelFrame?: CancelFrame | undefined;
  /** See every stream that is opened, those that never reach the server among them: see {@linkcode Observer}. */
  observers?: readonly Observer[] | undefined;
  /** Takes what no stream is told: what an observer throws, once an observer. Default: prints it. */
  onError?: ((error: unknown, info: ClientErrorInfo) => unknown) | undefined;
}

/** What an error that no stream is told of is about. */
export interface ClientErrorInfo {
  /** Set where it was an observer of yours. */
  readonly observer?: true;
}

/** What every connection of a client's is made with; everything has been checked. */
export interface ClientConnectionInit extends ClientTransportInit {
  readonly protocol: WireProtocol;
  readonly serviceName: string | undefined;
  readonly observers?: Observers | undefined;
  /** Takes what an observer throws. */
  readonly report?: ((error: unknown) => void) | undefined;
}

/** The longest `serviceName`, in bytes: what a cancel path can carry. */
const MAX_NAME_BYTES = 0xffff;

/**
 * Checks what every connection needs.
 *
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If a limit is not a positive integer, or `serviceName` over 65,535 bytes.
 */
export function clientConnectionInit(options: ConnectionOptions): ClientConnectionInit {
  const { serviceName, maxBufferedBytes, cancelFrame = "rst", protocol = DEFAULT_PROTOCOL } = options;
  if (cancelFrame !== "rst" && cancelFrame !== "trailer") {
    throw new TypeError(`cancelFrame must be "rst" or "trailer", got ${show(cancelFrame)}`);
  }
  if (serviceName !== undefined && nonEmptyString("serviceName", serviceName).includes(",")) {
    throw new TypeError(
      `serviceName must have no comma, which parts the names of a cancel path: ${show(serviceName)}`,
    );
  }
  const nameBytes = new TextEncoder().encode(serviceName).length;
  if (nameBytes > MAX_NAME_BYTES) {
    throw new RangeError(`serviceName has ${nameBytes} bytes, the limit is ${MAX_NAME_BYTES} bytes`);
  }
  const { onError = printClientError } = options;
  checkType("onError", onError, "function");
  return {
    protocol: wireProtocol("protocol", protocol),
    serviceName,
    observers: observersOf(options.observers),
    report: (error) => callSafely("onError", () => onError(error, { observer: true })),
    cancelFrame,
    authority: "localhost",
    secure: false,
    limits: {
      maxFrameBytes: positiveInteger("maxFrameBytes", options.maxFrameBytes, DEFAULT_MAX_FRAME_BYTES),
      maxBufferedBytes: positiveInteger("maxBufferedBytes", maxBufferedBytes, DEFAULT_MAX_BUFFERED_BYTES),
      frameTimeoutMs: positiveMs("frameTimeoutMs", options.frameTimeoutMs, DEFAULT_FRAME_TIMEOUT_MS),
    },
  };
}

function printClientError(error: unknown): void {
  printError("ttstream: an observer failed:", error);
}

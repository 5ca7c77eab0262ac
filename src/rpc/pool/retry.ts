import { backoffOf, type BackoffOptions, RETRY_BACKOFF } from "./backoff.ts";
import type { Bytes } from "../../base/buffer.ts";
import { callInit, type CallOptions, type StreamTarget } from "../client/call_options.ts";
import { isRefusing, REFUSE, type RefusingOpener, type StreamOpener } from "../client/connection.ts";
import { BidirectionalStream, type ClientStream } from "../client/client_stream.ts";
import { rawCodec } from "../../core/codec.ts";
import { dialectOf } from "../../core/dialect.ts";
import { isStreamError } from "../../core/errors.ts";
import { NO_METADATA } from "../../core/metadata.ts";
import { checkType, positiveInteger } from "../../base/options.ts";
import { RetriedCall, type RetryPolicy } from "./retried_call.ts";

/** Options of {@linkcode retry}. */
export interface RetryOptions {
  /** How often a stream is opened at the most, the first time included. Default 3. */
  attempts?: number | undefined;
  /** Whether a stream that ended with `error` may be opened again. Default: where the error is a `StreamError` that is `retryable`: the server did not begin the call. */
  retryable?: ((error: unknown) => boolean) | undefined;
  /** How long to wait before each further attempt. Default: 20 milliseconds, then twice as long each, up to 1,000. */
  backoff?: BackoffOptions | undefined;
}

/** The default of `attempts`: a call that meets two servers in a row that shut down has met bad luck; one that meets three, a fault. */
const DEFAULT_ATTEMPTS = 3;

/**
 * An opener whose streams are opened again where they end with a retryable error before anything has come of it: as
 * long as no message has been received, no Header with keys (gRPC's always have some), and no more than the first
 * message been sent. That one, and the half close behind it, are sent again. From then on the stream is as any other,
 * and ends as that does.
 *
 * What a call asks for is for all attempts together: its signal, `timeoutMs` and the other time-outs; what is left of
 * `timeoutMs` is what gRPC tells each server. The stream's `header` and `trailer` are those of the attempt that counts. A message takes one hop more than without.
 *
 * @param opener A pool, or anything else that opens streams.
 * @throws {TypeError} If an option is of another type.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createPool, retry, TTStreamError } from "@ttstream/ttstream";
 *
 * const pool = createPool({ addresses: [{ port: 8888 }, { port: 8889 }] });
 * const opener = retry(pool, {
 *   // Its methods may be done twice: whatever becomes of a connection, try again.
 *   retryable: (error) => error instanceof TTStreamError && (error.retryable || error.code === 12006),
 * });
 * const stream = opener.openStream({ service: "Chat", method: "Ask" });
 * await stream.cancel();
 * await pool.close();
 * ```
 */
export function retry(opener: StreamOpener, options: RetryOptions = {}): StreamOpener {
  if (typeof opener?.openStream !== "function") throw new TypeError("opener has no method openStream");
  const { retryable = isRetryable } = options;
  checkType("retryable", retryable, "function");
  const policy: RetryPolicy = {
    attempts: positiveInteger("attempts", options.attempts, DEFAULT_ATTEMPTS),
    retryable,
    backoff: backoffOf(options.backoff, RETRY_BACKOFF),
  };
  // Whose name goes into the cancel path each attempt's connection knows.
  const caller = { serviceName: undefined, dialect: dialectOf(opener.protocol) };
  return {
    protocol: caller.dialect.name,
    ...refusingAs(opener),
    openStream(target: StreamTarget, options: CallOptions = {}): ClientStream<Uint8Array, Bytes> {
      const init = callInit(target, options, caller);
      const attempt = attemptOptions(options, init.deadline);
      const open = () => opener.openStream(target, attempt);
      return new BidirectionalStream(new RetriedCall(init, open, policy).call, rawCodec, rawCodec);
    },
  };
}

/** A call that fails before it is opened has no attempts: the opener's observers see it as it is. */
function refusingAs(opener: StreamOpener): Partial<Pick<RefusingOpener, typeof REFUSE>> {
  if (!isRefusing(opener)) return {};
  return { [REFUSE]: (target, options, reason) => opener[REFUSE](target, options, reason) };
}

/**
 * What of a call's options is each attempt's. All that runs out or cancels is the call's own; of its time the attempt
 * knows when it is over, which gRPC tells the server.
 */
function attemptOptions(options: CallOptions, deadline: number): CallOptions {
  const { metadata, metainfo, parent, compression } = options;
  if (deadline === Infinity) return { metadata, metainfo, parent, compression };
  const { signal, metainfo: inherited } = parent ?? noParent();
  return { metadata, metainfo, compression, parent: { signal, metainfo: inherited, deadline } };
}

/** Cancels nothing, and hands nothing on. */
function noParent(): NonNullable<CallOptions["parent"]> {
  const { signal } = new AbortController();
  return { signal, metainfo: { persistent: NO_METADATA, transient: NO_METADATA } };
}

function isRetryable(error: unknown): boolean {
  return isStreamError(error) && error.retryable;
}

import { formatDuration } from "../base/duration.ts";
import { ByteBuffer } from "../base/buffer.ts";
import type { Dialect, MetadataLimits } from "../core/dialect.ts";
import type { StreamError, Where } from "../core/errors.ts";
import { TRANSPORT_CLOSING } from "./connection_errors.ts";
import { Description, ErrorCode, isTTStreamError, streamError } from "./errors.ts";
import { FrameType, HEADER_UNIT, MAX_HEADER_BYTES, MAX_STRING_BYTES } from "./frame.ts";
import { typeOfRefusal } from "./exception.ts";
import { beginFrame } from "./frame_encoder.ts";
import { headerMetadata, metainfoOf } from "./metadata.ts";
import type { Metadata } from "../core/metadata.ts";
import { errorFromReason } from "./reason.ts";
import { unaryDialectOf } from "./unary/dialect.ts";

const utf8 = new TextEncoder();

/** The sizes that stand before a key and its value. */
const PAIR_OVERHEAD_BYTES = 4;
/** Of UTF-8, for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;
/** What a header block holds beside the pairs and the method's name, padding included. */
const FIXED_BYTES = 16 + HEADER_UNIT;

/** How TTHeader Streaming words it: Kitex's codes and texts. */
const streams: Dialect = {
  name: "ttheader",
  requestMetadata: headerMetadata,
  checkRequest(method, metadata) {
    if (surelyFits(method, metadata)) return;
    beginFrame(new ByteBuffer(), { type: FrameType.Header, streamId: 0, method, metadata });
  },
  metainfoOf,
  metadataLimits(method): MetadataLimits {
    return { maxBytes: MAX_HEADER_BYTES - FIXED_BYTES - byteLength(method), sizeOf };
  },
  canceled: (where, reason) => errorFromReason(reason, where),
  closedSend(where) {
    return streamError({ ...where, code: ErrorCode.IllegalOperation, description: Description.closedSend });
  },
  timedOut(where, timeoutMs) {
    const description = `stream timeout, timeout in ctx: ${formatDuration(timeoutMs)}`;
    return streamError({ ...where, code: ErrorCode.StreamTimeout, description });
  },
  recvTimedOut(where, timeoutMs, cancelRemote) {
    const config = `{Timeout:${formatDuration(timeoutMs)} DisableCancelRemote:${!cancelRemote}}`;
    const description = `stream Recv timeout, timeout config=${config}`;
    return streamError({ ...where, code: ErrorCode.RecvTimeout, description });
  },
  handlerTimedOut(where, timeoutMs) {
    const description = `stream timeout, timeout in ctx: ${formatDuration(timeoutMs)}`;
    return streamError({ ...where, code: ErrorCode.StreamTimeout, description, kind: "timeout" });
  },
  handlerReturned(where, cause) {
    const description = Description.handlerReturned;
    return streamError({ ...where, code: ErrorCode.HandlerReturned, description, cause });
  },
  refused(where, why, text) {
    const exceptionType = typeOfRefusal(why);
    return streamError({ ...where, code: ErrorCode.ApplicationException, description: text, exceptionType });
  },
  connectionClosed({ service, method }) {
    const description = Description.connectionClosed;
    return streamError({ code: ErrorCode.ConnectionClosed, description, service, method });
  },
  noResponse(where) {
    const description = "stream ended without a response";
    return streamError({ ...where, code: ErrorCode.ApplicationException, description });
  },
  connectionGone,
  noConnection({ side, service, method }, { text, retryable, cause }) {
    // An error that is to be retried speaks of the connection, another one of the stream.
    const where = retryable ? { service, method } : { side, service, method };
    return streamError({ code: ErrorCode.TransportClosing, description: text, ...where, retryable, cause });
  },
};

/** How TTHeader Streaming, and unary calls beside it, word it. */
export const ttheaderDialect: Dialect = { ...streams, unary: unaryDialectOf(streams) };

/** What a stream reads that comes too late: the broken frame that ended the connection was none of its own. */
function connectionGone({ service, method }: Where, lost: unknown): StreamError {
  const stream = { service, method, retryable: true };
  if (!isTTStreamError(lost) || lost.code !== ErrorCode.TransportClosing) {
    return streamError({ ...TRANSPORT_CLOSING, ...stream, cause: lost });
  }
  const { code, description, cause } = lost;
  return streamError({ code, description, cause, ...stream });
}

/** Whether nothing can be too long, whatever the characters are: most headers are far from that, and need not be made to see. */
function surelyFits(method: string, metadata: Metadata): boolean {
  let units = method.length;
  for (const [key, value] of metadata) units += PAIR_OVERHEAD_BYTES + key.length + value.length;
  return units * MAX_BYTES_PER_UNIT + FIXED_BYTES <= MAX_STRING_BYTES;
}

function sizeOf(what: string, key: string, value: string): number {
  return textSize(what, key, key) + textSize(what, key, value) + PAIR_OVERHEAD_BYTES;
}

function textSize(what: string, key: string, text: string): number {
  const size = byteLength(text);
  if (size <= MAX_STRING_BYTES) return size;
  const name = key.length > 64 ? `${key.slice(0, 64)}…` : key;
  throw new RangeError(
    `the ${what}: "${name}" has ${size} bytes, the limit is ${MAX_STRING_BYTES} bytes`,
  );
}

function byteLength(text: string): number {
  return utf8.encode(text).length;
}

import { formatDuration } from "../base/duration.ts";
import { meaningOf, reasonText } from "../base/reason.ts";
import { type Dialect, registerDialect } from "../core/dialect.ts";
import { isStreamError, type StreamError, type Where } from "../core/errors.ts";
import { GrpcError, grpcError, isGrpcError } from "./error.ts";
import { checkWirePair, metainfoOf, requestMetadata } from "./metadata.ts";
import { GrpcStatus, statusOfRefusal } from "./status.ts";

/** What a header section may have that we send, in bytes: what most servers take, gRPC's own default among them. */
const MAX_METADATA_BYTES = 8 * 1024 * 1024;
/** What each field counts beside its bytes (RFC 9113 6.5.2). */
const FIELD_OVERHEAD_BYTES = 32;

/** Word for word Kitex's (`pkg/remote/trans/nphttp2`). */
export const Text = {
  canceled: "context canceled",
  deadline: "context deadline exceeded",
  handlerReturned: "transport: canceled by business handler returning",
  connectionEof: "transport: connection EOF [triggered by remote service]",
  streamDone: "the stream is done",
} as const;

/** How gRPC words it: its status codes, and Kitex's texts. */
export const grpcDialect: Dialect = {
  name: "grpc",
  requestMetadata,
  checkRequest() {
    // What is too long the peer's SETTINGS say, and those come with the connection.
  },
  metainfoOf,
  metadataLimits: () => ({
    maxBytes: MAX_METADATA_BYTES,
    sizeOf(what, key, value) {
      return checkWirePair(what, key, value).length + value.length + FIELD_OVERHEAD_BYTES;
    },
  }),
  canceled,
  closedSend: (where) => grpcError(where, GrpcStatus.Internal, Text.streamDone, { kind: "protocol" }),
  timedOut: (where) => grpcError(where, GrpcStatus.DeadlineExceeded, Text.deadline),
  recvTimedOut(where, timeoutMs, cancelRemote) {
    const config = `{Timeout:${formatDuration(timeoutMs)} DisableCancelRemote:${!cancelRemote}}`;
    return grpcError(where, GrpcStatus.RecvDeadlineExceeded, `stream Recv timeout, timeout config=${config}`);
  },
  handlerTimedOut: (where) =>
    grpcError(where, GrpcStatus.DeadlineExceeded, Text.deadline, { kind: "timeout" }),
  handlerReturned: (where, cause) => grpcError(where, GrpcStatus.Canceled, Text.handlerReturned, { cause }),
  refused: (where, why, text) => grpcError(where, statusOfRefusal(why), text),
  connectionClosed: (where) =>
    grpcError(where, GrpcStatus.Canceled, "transport: graceful shutdown", { kind: "canceled" }),
  noResponse: (where) => grpcError(where, GrpcStatus.Internal, "stream ended without a response"),
  connectionGone(where, lost) {
    const text = lost === undefined ? "the connection is closing" : reasonText(lost);
    const description = lost instanceof GrpcError ? lost.description : text;
    return grpcError(where, GrpcStatus.Unavailable, description, {
      kind: "protocol",
      retryable: true,
      cause: lost,
    });
  },
  noConnection: (where, { text, retryable, cause }) =>
    grpcError(where, GrpcStatus.Unavailable, text, { kind: "protocol", retryable, cause }),
};
registerDialect(grpcDialect);

/** What travels is a plain RST_STREAM CANCEL: the words are for this side. */
function canceled(where: Where, reason: unknown): StreamError {
  if (isGrpcError(reason)) {
    const { code, description, kind, cancelPath, details } = reason;
    return new GrpcError(code, description, { ...where, kind, cancelPath, details, cause: reason });
  }
  if (isStreamError(reason)) {
    // Another protocol's stream.
    const { cancelPath, message, kind } = reason;
    return grpcError(where, GrpcStatus.Canceled, message, { cancelPath, kind, cause: reason });
  }
  switch (meaningOf(reason)) {
    case "cancel":
      return grpcError(where, GrpcStatus.Canceled, Text.canceled, { cause: reason });
    case "timeout":
      return grpcError(where, GrpcStatus.DeadlineExceeded, Text.deadline, { cause: reason });
    case "text":
      return grpcError(where, GrpcStatus.Canceled, reasonText(reason), { cause: reason });
  }
}

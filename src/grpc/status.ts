import type { Refusal } from "../core/transport.ts";
import { ErrorCode } from "../http2/error_code.ts";

/** gRPC's status codes, and 17, which Kitex gives a receive time-out. */
export const GrpcStatus: {
  /** All is well: no error has it. */
  readonly OK: 0;
  /** Cancelled, mostly by the caller. */
  readonly Canceled: 1;
  /** Nobody knows. */
  readonly Unknown: 2;
  /** The request is wrong, whatever the state of the server. */
  readonly InvalidArgument: 3;
  /** The time is over. */
  readonly DeadlineExceeded: 4;
  /** What was asked for is not there. */
  readonly NotFound: 5;
  /** What was to be made is there. */
  readonly AlreadyExists: 6;
  /** The caller may not. */
  readonly PermissionDenied: 7;
  /** A quota or a limit is used up. */
  readonly ResourceExhausted: 8;
  /** The server's state is not the one that the request needs. */
  readonly FailedPrecondition: 9;
  /** Given up, mostly since somebody else was at it. */
  readonly Aborted: 10;
  /** Beyond what there is. */
  readonly OutOfRange: 11;
  /** The service or the method is not there. */
  readonly Unimplemented: 12;
  /** Something is broken. */
  readonly Internal: 13;
  /** The service cannot be reached now. */
  readonly Unavailable: 14;
  /** Data is lost for good. */
  readonly DataLoss: 15;
  /** Nobody knows who the caller is. */
  readonly Unauthenticated: 16;
  /** No message came within `recvTimeoutMs` (Kitex `pkg/remote/trans/nphttp2/codes`). */
  readonly RecvDeadlineExceeded: 17;
} = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
  RecvDeadlineExceeded: 17,
};
/** One of {@linkcode GrpcStatus}'s values. */
export type GrpcStatus = typeof GrpcStatus[keyof typeof GrpcStatus];

/** The status of a stream whose handler was not called. What is refused by RST_STREAM reads as UNAVAILABLE. */
export function statusOfRefusal(why: Refusal): GrpcStatus {
  switch (why) {
    case "too many streams":
    case "shutting down":
      return GrpcStatus.Unavailable;
    case "no request":
      return GrpcStatus.Internal;
    default:
      return GrpcStatus.Unimplemented;
  }
}

/** What an answer of HTTP's means that is none of gRPC's (grpc `doc/http-grpc-status-mapping.md`). */
export function statusOfHttp(status: string | undefined): GrpcStatus {
  switch (status) {
    case "400":
      return GrpcStatus.Internal;
    case "401":
      return GrpcStatus.Unauthenticated;
    case "403":
      return GrpcStatus.PermissionDenied;
    case "404":
      return GrpcStatus.Unimplemented;
    case "429":
    case "502":
    case "503":
    case "504":
      return GrpcStatus.Unavailable;
    default:
      return GrpcStatus.Unknown;
  }
}

/** What a server's RST_STREAM means (Kitex `nphttp2/grpc/http_util.go`). */
export function statusOfReset(code: number): GrpcStatus {
  switch (code) {
    case ErrorCode.REFUSED_STREAM:
      return GrpcStatus.Unavailable;
    case ErrorCode.CANCEL:
      return GrpcStatus.Canceled;
    case ErrorCode.ENHANCE_YOUR_CALM:
    case ErrorCode.FLOW_CONTROL_ERROR:
      return GrpcStatus.ResourceExhausted;
    case ErrorCode.INADEQUATE_SECURITY:
      return GrpcStatus.PermissionDenied;
    case GRACEFUL_SHUTDOWN:
      return GrpcStatus.Unavailable;
    default:
      return GrpcStatus.Internal;
  }
}

/** The code of RST_STREAM that Kitex's own servers and clients send when they shut down and will not wait any longer. */
const GRACEFUL_SHUTDOWN = 1000;

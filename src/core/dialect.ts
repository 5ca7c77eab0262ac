import type { StreamError, Where } from "./errors.ts";
import type { HeaderInit, Metadata, Metainfo } from "./metadata.ts";
import type { Refusal } from "./transport.ts";

/** The protocols there are: TTHeader Streaming and gRPC. */
export type ProtocolName = "ttheader" | "grpc";

/** How a protocol words what every stream has: its metadata, and its ends. It is all that a stream knows of its protocol. */
export interface Dialect {
  readonly name: ProtocolName;
  /** Why it has no unary methods, for whoever calls one; absent where it has. */
  readonly noUnary?: string | undefined;
  /**
   * What goes out with a request's header.
   *
   * @throws {TypeError} If a key is not the caller's to set, or anything is not a string.
   */
  requestMetadata(service: string, init: HeaderInit): Metadata;
  /**
   * Checks a header that is sent later: its caller hears of it now.
   *
   * @throws {RangeError} If a key, a value or the whole is too long.
   */
  checkRequest(method: string, metadata: Metadata): void;
  /** The metainfo among a request's keys. */
  metainfoOf(metadata: Metadata): Metainfo;
  /** What a handler may set as header and trailer. */
  metadataLimits(method: string): MetadataLimits;

  /** What a reason to end a stream becomes: the one funnel for every signal, cancel and abort. */
  canceled(where: Where, reason: unknown): StreamError;
  /** A message is sent on a side that is closed. */
  closedSend(where: Where): StreamError;
  /** The call has taken longer than its `timeoutMs`. */
  timedOut(where: Where, timeoutMs: number): StreamError;
  /** No message has come within `timeoutMs`. */
  recvTimedOut(where: Where, timeoutMs: number, cancelRemote: boolean): StreamError;
  /** The handler has taken longer than `timeoutMs`. */
  handlerTimedOut(where: Where, timeoutMs: number): StreamError;
  /** The handler has returned, or, with a `cause`, has failed. */
  handlerReturned(where: Where, cause?: unknown): StreamError;
  /** The server does not call a handler: what its client reads. */
  refused(where: Where, why: Refusal, text: string): StreamError;
  /** The server closes the connection over the handler's head. */
  connectionClosed(where: Where): StreamError;
  /** The one response of a call has not come. */
  noResponse(where: Where): StreamError;
  /** The connection that the call wanted has ended already, with `lost`. */
  connectionGone(where: Where, lost: unknown): StreamError;
  /** There is no connection for the call. */
  noConnection(
    where: Where,
    why: { readonly text: string; readonly retryable: boolean; readonly cause: unknown },
  ): StreamError;
}

/** The limits of a handler's `header` and `trailer`. */
export interface MetadataLimits {
  /** What all of it may have, in bytes. */
  readonly maxBytes: number;
  /**
   * The bytes that a pair takes.
   *
   * @param what How the user calls the metadata, for the error.
   * @throws {TypeError} If the key may not be sent.
   * @throws {RangeError} If it is too long.
   */
  sizeOf(what: string, key: string, value: string): number;
}

const dialects = new Map<string, Dialect>();

/** Makes a protocol's dialect known: a stream that somebody has wrapped tells nothing but its protocol's name. */
export function registerDialect(dialect: Dialect): void {
  dialects.set(dialect.name, dialect);
}

/** The dialect of that name; TTHeader Streaming's where there is none, or a hand-made stream does not say. */
export function dialectOf(name: unknown): Dialect {
  const dialect = typeof name === "string" ? dialects.get(name) : undefined;
  const known = dialect ?? dialects.get("ttheader");
  if (known === undefined) throw new Error("no protocol has been loaded");
  return known;
}

import { show } from "../../base/format.ts";
import type { CallInit } from "../../core/call_init.ts";
import type { MessageEncoding } from "../../core/codec.ts";
import type { Dialect, ProtocolName } from "../../core/dialect.ts";
import {
  type Metadata,
  type MetadataInit,
  type Metainfo,
  type MetainfoInit,
  readMetadata,
} from "../../core/metadata.ts";
import { type Observation, type Observers, OpenedStream } from "../../core/observation.ts";
import type { Addr } from "../../net/address.ts";
import { NO_TIMEOUTS } from "../../core/message_reader.ts";
import type { MethodKind } from "../../core/service.ts";
import { abortSignal, checkType, nonEmptyString, positiveMs } from "../../base/options.ts";

/** Options of one call. */
export interface CallOptions {
  /** Cancels the stream when it aborts; its reason travels. */
  signal?: AbortSignal | undefined;
  /**
   * The stream that this call is made for: when it ends, this one is cancelled with the same code and the cancel path
   * so far, and its metainfo goes on to this call; as in Kitex, what is transient does not go on from gRPC to TTHeader
   * Streaming. So does its `deadline`: what is left of it is told to a server of gRPC, or of a unary call.
   */
  parent?: {
    readonly signal: AbortSignal;
    readonly metainfo: Metainfo;
    readonly deadline?: number | undefined;
    readonly protocol?: ProtocolName | undefined;
  } | undefined;
  /**
   * Raw string keys of the Header frame, `isn` excepted; metainfo wins over `RPC_PERSIST_*` and `RPC_TRANSIT_*`. In
   * gRPC they are header fields: keys become lower case and have letters, digits, `_`, `-` and `.`, values are
   * printable ASCII, or base64 under a key with `-bin`; `grpc-…` and what is HTTP's own, `content-type` say, are
   * refused.
   */
  metadata?: MetadataInit | undefined;
  /**
   * Metainfo of this call; it wins over the parent's. In gRPC its keys reach the server in upper case, with `_` for
   * `-`.
   */
  metainfo?: MetainfoInit | undefined;
  /**
   * Milliseconds for the whole stream; after them it ends with 12015, in gRPC with 4. The server is told by gRPC's
   * `grpc-timeout`, and of unary calls over TTHeader by Kitex's key for it. Default: none.
   */
  timeoutMs?: number | undefined;
  /** How gRPC compresses the messages that this call sends; TTHeader Streaming sends them as they are. Default: `GrpcOptions.compression`. */
  compression?: "identity" | "gzip" | undefined;
  /** Milliseconds for each message: runs only while a read waits and nothing is buffered; then 12014, in gRPC 17. Default: none. */
  recvTimeoutMs?: number | undefined;
  /** As `recvTimeoutMs`, for the first message alone, which a model may think about for long. Default: `recvTimeoutMs`. */
  firstMessageTimeoutMs?: number | undefined;
  /**
   * Whether a receive time-out cancels the stream at the peer; default true. With false, as with Kitex's
   * `DisableCancelRemote`, `readable` ends with 12014 (17) and nothing is sent: the peer works on, what it still sends
   * is dropped, `writable` stays usable, and `trailer` and `closed` settle when the peer's comes.
   */
  cancelRemoteOnRecvTimeout?: boolean | undefined;
}

/** Which stream to open. */
export interface StreamTarget {
  /** The IDL's service name; in gRPC with its package, `chat.v1.Chat`. */
  service: string;
  /** The IDL's method name. */
  method: string;
  /**
   * How the messages are encoded: `"thrift"` makes gRPC's content type `application/grpc+thrift`, anything else
   * `application/grpc`. `createClient` takes it from the request's codec. Default: `application/grpc`.
   */
  encoding?: MessageEncoding | undefined;
  /**
   * `"unary"` where it is a unary call: one request, the half close, one response. Over TTHeader that is another form
   * of call, on connections of its own. `createClient` says it. Default: a stream.
   */
  kind?: MethodKind | undefined;
  /** Whether a unary call wants no answer: it ends when its request is with the socket. gRPC waits for the empty answer. Default false. */
  oneway?: boolean | undefined;
}

/** What a call gets from its connection, or pool. */
export interface Caller {
  readonly serviceName: string | undefined;
  readonly dialect: Dialect;
  readonly observers?: Observers | undefined;
  /** The server's address, where it is known before the call has a connection. */
  readonly remoteAddr?: Addr | undefined;
  /** Takes what an observer throws. */
  readonly report?: ((error: unknown) => void) | undefined;
}

/**
 * Checks a call before anything is sent: what cannot be watched must not open a stream.
 *
 * @throws {TypeError} If a name is no string or empty, a signal is none, or the metadata is not of strings or holds
 * what its protocol cannot send, `isn` say.
 * @throws {RangeError} If a time-out is not a positive finite number.
 */
export function callInit(target: StreamTarget, options: CallOptions, caller: Caller): CallInit {
  const service = nonEmptyString("service", target.service);
  const method = nonEmptyString("method", target.method);
  const unary = target.kind === "unary";
  const dialect = unary ? caller.dialect.unary ?? caller.dialect : caller.dialect;
  checkType("cancelRemoteOnRecvTimeout", options.cancelRemoteOnRecvTimeout, "boolean");
  const { compression } = options;
  if (compression !== undefined && compression !== "identity" && compression !== "gzip") {
    throw new TypeError(`compression must be "identity" or "gzip", got ${show(compression)}`);
  }
  const recvMs = positiveMs("recvTimeoutMs", options.recvTimeoutMs, 0);
  const firstMessageMs = positiveMs("firstMessageTimeoutMs", options.firstMessageTimeoutMs, recvMs);
  const timeoutMs = positiveMs("timeoutMs", options.timeoutMs, 0);
  const signals = signalsOf(options);
  const plain = dialect.requestMetadata(service, options);
  const deadline = deadlineOf(options, timeoutMs);
  const { observers } = caller;
  // Last: whoever is told of a call is told of its end, too.
  const { metadata, observation } = observers === undefined
    ? { metadata: plain, observation: undefined }
    : observed(plain, { service, method }, { ...caller, dialect, observers });
  return {
    dialect,
    service,
    method,
    unary,
    oneway: unary && target.oneway === true,
    metadata,
    observation,
    serviceName: caller.serviceName,
    signals,
    timeoutMs,
    deadline,
    encoding: target.encoding,
    compression,
    readTimeouts: firstMessageMs === 0 && recvMs === 0 ? NO_TIMEOUTS : { firstMessageMs, recvMs },
    cancelRemoteOnRecvTimeout: options.cancelRemoteOnRecvTimeout ?? true,
  };
}

/** A call may wait for its connection: its time runs from now on. */
function deadlineOf({ parent }: CallOptions, timeoutMs: number): number | undefined {
  const own = timeoutMs === 0 ? Infinity : Date.now() + timeoutMs;
  const deadline = Math.min(parent?.deadline ?? Infinity, own);
  return deadline === Infinity ? undefined : deadline;
}

/** Tells observers of a call, and sends what they want to send. */
function observed(
  plain: Metadata,
  { service, method }: StreamTarget,
  { dialect, observers, remoteAddr, report }: Caller & { readonly observers: Observers },
): { metadata: Metadata; observation: Observation | undefined } {
  const info = new OpenedStream(
    { side: "client", service, method },
    dialect,
    { metadata: plain },
    remoteAddr,
  );
  const observation = observers.opened(info, report ?? nothing);
  const metadata = observation?.withGiven(plain, (header, given) => {
    const more = new Map(header);
    for (const [key, value] of dialect.requestMetadata(service, given)) more.set(key, value);
    dialect.checkRequest(method, more);
    return more;
  });
  return { metadata: metadata ?? plain, observation };
}

function nothing(): void {}

/** Most calls have none, and share that. */
const NO_SIGNALS: readonly AbortSignal[] = [];

/** Whatever cancels a call. */
function signalsOf({ signal, parent }: CallOptions): readonly AbortSignal[] {
  if (signal === undefined && parent === undefined) return NO_SIGNALS;
  const signals: AbortSignal[] = [];
  if (signal !== undefined) signals.push(abortSignal("signal", signal));
  if (parent !== undefined) signals.push(abortSignal("parent.signal", parent.signal));
  return signals;
}

/** A call's options over its client's: what the call gives wins, and of metadata and metainfo each key by itself. */
export function withDefaults(defaults: CallOptions, options: CallOptions = {}): CallOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const merged: CallOptions = { ...defaults, ...Object.fromEntries(given) };
  if (defaults.metadata !== undefined && options.metadata !== undefined) {
    merged.metadata = join(defaults.metadata, options.metadata, "metadata");
  }
  if (defaults.metainfo !== undefined && options.metainfo !== undefined) {
    const { persistent, transient } = options.metainfo;
    merged.metainfo = {
      persistent: join(defaults.metainfo.persistent, persistent, "metainfo.persistent"),
      transient: join(defaults.metainfo.transient, transient, "metainfo.transient"),
    };
  }
  return merged;
}

function join(first: MetadataInit | undefined, over: MetadataInit | undefined, what: string): MetadataInit {
  return new Map([...readMetadata(first, what), ...readMetadata(over, what)]);
}

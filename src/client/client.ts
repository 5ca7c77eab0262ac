import type { Bytes } from "../buffer.ts";
import { Call, type CancelFrame } from "../stream/call.ts";
import { BidirectionalStream, type ClientStream } from "./client_stream.ts";
import { rawCodec } from "../codec.ts";
import { FrameConnection, TRANSPORT_CLOSING } from "../connection/connection.ts";
import { dial, type DialOptions } from "../connection/dial.ts";
import { ErrorCode, streamError, type TTStreamError } from "../errors.ts";
import { FrameType, MAX_STRING_BYTES } from "../wire/frame.ts";
import { headerMetadata, type MetadataInit, type Metainfo, type MetainfoInit } from "../metadata.ts";
import {
  abortSignal,
  checkType,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_MAX_FRAME_BYTES,
  nonEmptyString,
  positiveInteger,
  positiveMs,
} from "../options.ts";
import { Outcome } from "../outcome.ts";
import { errorFromReason } from "../reason.ts";
import { show } from "../show.ts";
import { type ByteDuplex, type ByteSocket, duplexSocket } from "../connection/socket.ts";
import { nextStreamId } from "../stream/stream_id.ts";
import { withinMs } from "../turn.ts";

/** Options of every connection that a client makes. */
export interface ConnectionOptions {
  /** The caller's own name, without commas: what the cancel path says at the far end. Without it nothing is added to the path. */
  serviceName?: string | undefined;
  /** The largest frame taken or sent, in bytes; a larger one that comes ends the connection. Default 16 MiB. */
  maxFrameBytes?: number | undefined;
  /**
   * Unread bytes that the connection holds before it stops reading the socket; default 4 MiB. One stream that nobody
   * reads then stalls its neighbours, and a Rst behind the unread bytes is not seen: the protocol has no other channel.
   */
  maxBufferedBytes?: number | undefined;
  /**
   * How a cancel is told; default `"rst"`. Kitex servers before v0.15.0 know no Rst frame: one costs them the whole
   * connection, and every stream on it. For those, `"trailer"` sends a Trailer with an exception instead, which ends
   * the handler's reading; after a half close nothing is sent, and what still comes is dropped.
   */
  cancelFrame?: CancelFrame | undefined;
}

/** Options of {@linkcode connect}: where the server is, and how to speak to it. `signal` gives the attempt up. */
export type ConnectOptions = ConnectionOptions & DialOptions;

/** Options of one call. */
export interface CallOptions {
  /** Cancels the stream when it aborts; its reason travels. */
  signal?: AbortSignal | undefined;
  /**
   * The stream that this call is made for: when it ends, this one is cancelled with the same code and the cancel path
   * so far, and its metainfo, transient and persistent, goes on to this call.
   */
  parent?: { readonly signal: AbortSignal; readonly metainfo: Metainfo } | undefined;
  /** Raw string keys of the Header frame. `isn` is refused; metainfo wins over `RPC_PERSIST_*` and `RPC_TRANSIT_*`. */
  metadata?: MetadataInit | undefined;
  /** Metainfo of this call; it wins over the parent's. */
  metainfo?: MetainfoInit | undefined;
  /** Milliseconds for the whole stream; after them it ends with 12015. Default: none. */
  timeoutMs?: number | undefined;
  /** Milliseconds for each message: runs only while a read waits and nothing is buffered; then 12014. Default: none. */
  recvTimeoutMs?: number | undefined;
  /**
   * Whether a receive time-out cancels the stream at the peer; default true. With false, as with Kitex's
   * `DisableCancelRemote`, `readable` ends with 12014 and nothing is sent: the peer works on, what it still sends
   * is dropped, `writable` stays usable, and `trailer` settles when the peer's comes.
   */
  cancelRemoteOnRecvTimeout?: boolean | undefined;
}

/** Which stream to open. */
export interface StreamTarget {
  /** The IDL's service name. */
  service: string;
  /** The IDL's method name. */
  method: string;
}

/** Opens streams: a {@linkcode Connection}, or a pool of one's own over several. */
export interface StreamOpener {
  /**
   * Opens a stream of bytes. It is synchronous: what is wrong with the connection, or a signal that has aborted
   * already, errors the stream from the start.
   *
   * @throws {TypeError} If a name is no string or empty, `signal` or `parent.signal` is no AbortSignal, or the metadata
   * is not of strings or holds `isn`.
   * @throws {RangeError} If a time-out is not a positive finite number, or a key, a value or the whole header is too long.
   */
  openStream(target: StreamTarget, options?: CallOptions): ClientStream;
}

/**
 * A connection to one server, shared by any number of streams.
 *
 * `await using` cancels the streams that are still open (12007), then closes.
 */
export interface Connection extends StreamOpener, AsyncDisposable {
  /** Resolves after `close()`, `abort()` and the end of the scope; rejects where the connection was lost or the peer broke the protocol. */
  readonly closed: Promise<void>;
  /** Takes no new streams, waits for the open ones, and closes. */
  close(): Promise<void>;
  /** Ends every stream for `reason`, as a cancel does, and cuts the connection: the streams' Rst frames leave if the socket takes them at once. */
  abort(reason?: unknown): void;
}

/**
 * Connects to a server.
 *
 * @throws (rejects) An error that names the address, with what the system said or the signal's reason as its `cause`;
 * RangeError or TypeError if an option is wrong.
 *
 * @example
 * ```ts ignore
 * import { connect } from "@ttstream/ttstream";
 *
 * await using connection = await connect({ hostname: "127.0.0.1", port: 8888, serviceName: "ServiceA" });
 * const stream = connection.openStream({ service: "Chat", method: "Ask" });
 * ```
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  checkLimits(options);
  return new ClientConnection(await dial(options), options);
}

/**
 * Speaks the protocol over any pair of byte streams: a socket of one's own, or one end of an in-memory pair.
 *
 * @throws {RangeError} If a limit is not a positive integer, or `serviceName` over 65,535 bytes.
 * @throws {TypeError} If one of the streams is locked.
 */
export function connectOver(duplex: ByteDuplex, options: ConnectionOptions = {}): Connection {
  checkLimits(options);
  return new ClientConnection(duplexSocket(duplex), options);
}

function checkLimits(
  { serviceName, maxFrameBytes, maxBufferedBytes, cancelFrame = "rst" }: ConnectionOptions,
) {
  if (cancelFrame !== "rst" && cancelFrame !== "trailer") {
    throw new TypeError(`cancelFrame must be "rst" or "trailer", got ${show(cancelFrame)}`);
  }
  if (serviceName !== undefined && nonEmptyString("serviceName", serviceName).includes(",")) {
    throw new TypeError(
      `serviceName must have no comma, which parts the names of a cancel path: ${show(serviceName)}`,
    );
  }
  const nameBytes = new TextEncoder().encode(serviceName).length;
  if (nameBytes > MAX_STRING_BYTES) {
    throw new RangeError(`serviceName has ${nameBytes} bytes, the limit is ${MAX_STRING_BYTES} bytes`);
  }
  return {
    maxFrameBytes: positiveInteger("maxFrameBytes", maxFrameBytes, DEFAULT_MAX_FRAME_BYTES),
    maxBufferedBytes: positiveInteger("maxBufferedBytes", maxBufferedBytes, DEFAULT_MAX_BUFFERED_BYTES),
    frameTimeoutMs: 0,
  };
}

/** Whatever cancels a call. Checked before anything is sent: what cannot be watched must not open a stream. */
function signalsOf({ signal, parent }: CallOptions): AbortSignal[] {
  const signals: AbortSignal[] = [];
  if (signal !== undefined) signals.push(abortSignal("signal", signal));
  if (parent !== undefined) signals.push(abortSignal("parent.signal", parent.signal));
  return signals;
}

/** How long, in milliseconds, the last frames may take to leave before the socket closes all the same. */
const LAST_FRAMES_MS = 1_000;

/** What "at once" is after an abort, in milliseconds: a socket that takes bytes has done so long before, on a busy machine too. */
const ABORT_FRAMES_MS = 50;

class ClientConnection implements Connection {
  readonly #frames: FrameConnection<Call>;
  readonly #serviceName: string | undefined;
  readonly #cancelFrame: CancelFrame;
  readonly #closed: Outcome<void> = new Outcome();
  #lost: TTStreamError | undefined;
  #closing = false;
  #lastId = 0;

  constructor(socket: ByteSocket, options: ConnectionOptions) {
    this.#serviceName = options.serviceName;
    this.#cancelFrame = options.cancelFrame ?? "rst";
    this.#frames = new FrameConnection(socket, checkLimits(options), {
      side: "client",
      opened: () => {
        // A client opens every stream itself: a Header for another one is a late frame.
      },
      quiet: () => this.#closeIfDone(),
      ended: (error) => {
        this.#closing = true;
        this.#lost = error;
        if (error === undefined) this.#closed.resolve();
        else this.#closed.reject(error);
      },
    });
    this.#frames.run();
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  openStream(target: StreamTarget, options: CallOptions = {}): ClientStream<Uint8Array, Bytes> {
    return new BidirectionalStream(this.#open(target, options), rawCodec, rawCodec);
  }

  #open(target: StreamTarget, options: CallOptions): Call {
    const service = nonEmptyString("service", target.service);
    const method = nonEmptyString("method", target.method);
    const frames = this.#frames;
    const metadata = headerMetadata(service, options);
    const signals = signalsOf(options);
    checkType("cancelRemoteOnRecvTimeout", options.cancelRemoteOnRecvTimeout, "boolean");
    const streamId = nextStreamId(this.#lastId, (id) => frames.has(id));
    const call = new Call({
      link: frames,
      streamId,
      method,
      serviceName: this.#serviceName,
      signals,
      timeoutMs: positiveMs("timeoutMs", options.timeoutMs, 0),
      recvTimeoutMs: positiveMs("recvTimeoutMs", options.recvTimeoutMs, 0),
      cancelRemoteOnRecvTimeout: options.cancelRemoteOnRecvTimeout ?? true,
      cancelFrame: this.#cancelFrame,
    });
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) call.refuse(errorFromReason(aborted.reason, "client"));
    else if (this.#closing) call.refuse(this.#closedError());
    else {
      frames.sendFrame({ type: FrameType.Header, streamId, method, metadata });
      frames.register(streamId, call);
      this.#lastId = streamId;
      call.watch();
    }
    return call;
  }

  /** What a stream reads that comes too late: the broken frame that ended the connection was none of its own. */
  #closedError(): TTStreamError {
    if (this.#lost?.code === ErrorCode.TransportClosing) return this.#lost;
    return streamError({ ...TRANSPORT_CLOSING, cause: this.#lost });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#closeIfDone();
    await this.closed.catch(() => {
      // Lost before its streams had ended: `closed` rejects with it, and closed it is.
    });
  }

  abort(reason?: unknown): void {
    this.#closing = true;
    for (const call of this.#frames.streams()) call.cancel(reason);
    withinMs(ABORT_FRAMES_MS, this.#frames.sent()).then(() => this.#frames.end(undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    for (const call of this.#frames.streams()) call.dispose();
    await this.close();
  }

  #closeIfDone(): void {
    if (!this.#closing || this.#frames.size > 0 || this.#frames.closed) return;
    withinMs(LAST_FRAMES_MS, this.#frames.sent()).then(() => this.#frames.end(undefined));
  }
}

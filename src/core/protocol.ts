import { show } from "../base/format.ts";
import type { ConnectionLimits } from "../net/byte_connection.ts";
import type { ByteSocket } from "../net/socket.ts";
import type { ClientSide } from "./client_side.ts";
import type { Dialect, ProtocolName } from "./dialect.ts";
import type { StreamError } from "./errors.ts";
import type { ServerEvents, ServerSink, StreamRequest } from "./transport.ts";

/** What a connection speaks: what `ttheader()` returns, or `grpc()` of the entry point `./grpc`. There are no others. */
export interface Protocol {
  /** Its name. */
  readonly name: ProtocolName;
}

/** A connection at the client, as its protocol runs it. */
export interface ClientTransport {
  /** How many streams are open on it. */
  readonly size: number;
  /** How many have ended, and are not read up, or still watched. */
  readonly lingering: number;
  /** Whether it has ended, for its streams. */
  readonly closed: boolean;
  /**
   * Sends the stream's header, and is its sink from now on.
   *
   * @throws {RangeError} If the header is too long.
   */
  open(stream: ClientSide): void;
  /** The open streams, as they are now. */
  streams(): ClientSide[];
  /** Resolves when everything sent so far is with the socket, or the connection has ended. */
  sent(): Promise<void>;
  /** Ends it: see `ByteConnection.end`. @param byPeer Whether the server has asked for it. */
  end(byPeer: boolean, lastMs: number): void;
  /** It keeps the process alive, as it does to begin with. */
  ref(): void;
  /** It does not keep the process alive. */
  unref(): void;
}

/** Who runs a connection at the client. */
export interface ClientTransportOwner {
  /** An open stream has ended. */
  released(): void;
  /** The server takes no more streams: those that are open go on. */
  drained(): void;
  /** The connection is gone: after a local close without an error. */
  ended(error: Error | undefined): void;
}

/** How TTHeader Streaming tells a cancel: see `ConnectionOptions.cancelFrame`. */
export type CancelFrame = "rst" | "trailer";

/** What a client gives its connections. */
export interface ClientTransportInit {
  readonly limits: ConnectionLimits;
  /** The server's name and port, as HTTP calls it. */
  readonly authority: string;
  /** Whether there is TLS below. */
  readonly secure: boolean;
  /** How TTHeader Streaming tells a cancel. */
  readonly cancelFrame: CancelFrame;
}

/** A connection at the server, as its protocol runs it. */
export interface ServerTransport {
  readonly closed: boolean;
  /** Whether its socket says if the process is kept alive: then timers need not. */
  readonly counts: boolean;
  /** The open streams, as they are now. */
  streams(): ServerEvents[];
  /** See `StreamSink.defer`. */
  defer(task: () => void): void;
  /** Tells the client that no more streams are taken. */
  sayFarewell(): void;
  /** Resolves when everything sent so far is with the socket, or the connection has ended. */
  sent(): Promise<void>;
  /** Ends it: see `ByteConnection.end`. @param limit What limit the client has broken; none where it is not at fault. */
  end(limit: string | undefined, lastMs: number): void;
  /** It keeps the process alive, as it does to begin with. */
  ref(): void;
  /** It does not keep the process alive. */
  unref(): void;
}

/** Who runs a connection at the server. */
export interface ServerTransportOwner {
  /**
   * A client has opened a stream.
   *
   * @param fault What is wrong with its header: the stream ends for it.
   * @returns Nothing where it has been answered already.
   */
  opened(sink: ServerSink, request: StreamRequest, fault?: StreamError): ServerEvents | undefined;
  /** A client has cancelled a stream. */
  reset(): void;
  /**
   * The connection is gone: after a local close without an error.
   *
   * @param peersFault Whether that is worth a word: the client broke the protocol, or a limit.
   */
  ended(error: Error | undefined, peersFault: boolean): void;
}

/** What a server gives its connections. */
export interface ServerTransportInit {
  readonly limits: ConnectionLimits;
  readonly maxStreams: number;
}

/** Whether a connection's first bytes are a protocol's; `undefined`: they are too few to tell. */
export type Claim = boolean | undefined;

/** A {@linkcode Protocol} with what the library does with it. */
export abstract class WireProtocol implements Protocol {
  /** How its streams word their ends. */
  abstract readonly dialect: Dialect;

  get name(): ProtocolName {
    return this.dialect.name;
  }

  /** What it is called in a TLS handshake (ALPN); `undefined` where it has no name. */
  abstract readonly alpn: string | undefined;

  /** Whether a connection that begins with `bytes` speaks it. */
  abstract claims(bytes: Uint8Array): Claim;
  abstract client(
    socket: ByteSocket,
    init: ClientTransportInit,
    owner: ClientTransportOwner,
  ): ClientTransport;
  abstract server(
    socket: ByteSocket,
    init: ServerTransportInit,
    owner: ServerTransportOwner,
  ): ServerTransport;
}

/** @throws {TypeError} If `protocol` is none of the library's. */
export function wireProtocol(what: string, protocol: unknown): WireProtocol {
  if (protocol instanceof WireProtocol) return protocol;
  throw new TypeError(`${what} must be what ttheader() or grpc() returns, got ${show(protocol)}`);
}

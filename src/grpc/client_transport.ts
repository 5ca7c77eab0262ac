import type { ClientSide } from "../core/client_side.ts";
import { NO_METADATA } from "../core/metadata.ts";
import type { ClientTransport, ClientTransportInit, ClientTransportOwner } from "../core/protocol.ts";
import { ErrorCode, errorCodeName } from "../http2/error_code.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import type { ByteConnection } from "../net/byte_connection.ts";
import type { ByteSocket } from "../net/socket.ts";
import { type GrpcClientConnection, GrpcClientStream } from "./client_stream.ts";
import { Http2OverBytes, INFLATED_WINDOWS } from "./connection.ts";
import { grpcDialect } from "./dialect.ts";
import { GrpcError } from "./error.ts";
import { SOURCE_SERVICE } from "./metadata.ts";
import type { GrpcSettings } from "./options.ts";
import { GrpcStatus } from "./status.ts";
import { formatTimeout } from "./timeout.ts";

/** What every request of the library's says of itself. */
const USER_AGENT = "ttstream";
/** What is read. `identity` is among them since Kitex's servers take what stands here as what they compress with. */
const ACCEPT_ENCODING = "identity,gzip,deflate";

/** A client's connection of gRPC. */
export class GrpcClient implements ClientTransport, GrpcClientConnection {
  readonly bytes: ByteConnection<GrpcError>;
  readonly maxMessageBytes: number;
  readonly maxInflatedBytes: number;
  readonly compression: "identity" | "gzip";
  readonly #below: Http2OverBytes;
  readonly #owner: ClientTransportOwner;
  readonly #authority: string;
  readonly #scheme: string;
  readonly #streams: Set<GrpcClientStream> = new Set();
  readonly #lingering: Set<GrpcClientStream> = new Set();
  #draining = false;
  /** What the server has said when it asked to be left. */
  #farewell: string | undefined;

  constructor(
    socket: ByteSocket,
    { limits, authority, secure }: ClientTransportInit,
    settings: GrpcSettings,
    owner: ClientTransportOwner,
  ) {
    this.#owner = owner;
    this.maxMessageBytes = limits.maxFrameBytes;
    this.maxInflatedBytes = INFLATED_WINDOWS * settings.connectionWindowBytes;
    this.compression = settings.compression;
    this.#authority = authority;
    this.#scheme = secure ? "https" : "http";
    this.#below = new Http2OverBytes(socket, {
      settings,
      limits,
      maxStreams: 0,
      keepaliveMs: settings.keepaliveMs ?? 0,
    }, {
      side: "client",
      compact: () => this.#compact(),
      opened: () => undefined,
      goneAway: (code, debug) => {
        const text = debug === "" ? "" : `, ${debug}`;
        this.#farewell ??= `the server has said GOAWAY (${errorCodeName(code)}${text})`;
        this.#drain();
      },
      released() {
        // Who counts streams is told when they have ended for their users.
      },
      peerReset() {
        // A server may.
      },
      ended: (error) => {
        // Streams that are no more on the connection but are still watched.
        for (const stream of this.#lingering) stream.lost(true, error);
        this.#lingering.clear();
        owner.ended(error);
      },
    });
    this.bytes = this.#below.bytes;
  }

  get size(): number {
    return this.#streams.size;
  }

  get lingering(): number {
    return this.#lingering.size;
  }

  get closed(): boolean {
    return this.bytes.closed;
  }

  open(stream: ClientSide): void {
    const { http2: below } = this.#below;
    if (!below.takesStreams) {
      const text = "the connection takes no more streams";
      stream.refuse(grpcDialect.noConnection(stream.where, { text, retryable: true, cause: undefined }));
      // Its stream ids may be used up, of which no server tells.
      return this.#drain();
    }
    const sink = new GrpcClientStream(this, stream);
    const fields = this.#request(stream, sink);
    this.#streams.add(sink);
    let http2;
    try {
      http2 = below.open(fields, false, sink);
    } catch (error) {
      this.#streams.delete(sink);
      throw error;
    }
    stream.init.metadata = NO_METADATA;
    sink.opened(http2);
    stream.watch();
    stream.attach(sink);
  }

  streams(): ClientSide[] {
    return [...this.#streams].map(({ stream }) => stream);
  }

  sent(): Promise<void> {
    return this.bytes.sent();
  }

  end(byPeer: boolean, lastMs: number): void {
    if (!this.bytes.closed) this.#below.http2.goAway(ErrorCode.NO_ERROR, "", false);
    const farewell = byPeer ? this.#farewell : undefined;
    const error = farewell === undefined
      ? undefined
      : new GrpcError(GrpcStatus.Unavailable, farewell, { kind: "protocol" });
    this.bytes.end(error, lastMs);
  }

  ref(): void {
    this.bytes.ref();
  }

  unref(): void {
    this.bytes.unref();
  }

  released(stream: GrpcClientStream): void {
    // With the connection all of them go: of that the owner is told once.
    if (this.#streams.delete(stream) && !this.bytes.closed) this.#owner.released();
  }

  linger(stream: GrpcClientStream): void {
    if (!this.bytes.closed) this.#lingering.add(stream);
  }

  unlinger(stream: GrpcClientStream): void {
    this.#lingering.delete(stream);
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#owner.drained();
  }

  #compact(): void {
    for (const stream of this.#streams) stream.compact();
    for (const stream of this.#lingering) stream.compact();
  }

  #request({ init, service, method }: ClientSide, sink: GrpcClientStream): HeaderField[] {
    const { encoding, serviceName, deadline } = init;
    const fields: HeaderField[] = [
      [":method", "POST"],
      [":scheme", this.#scheme],
      [":path", `/${service}/${method}`],
      [":authority", this.#authority],
      ["content-type", encoding === "thrift" ? "application/grpc+thrift" : "application/grpc"],
      ["user-agent", USER_AGENT],
      ["te", "trailers"],
      ["grpc-accept-encoding", ACCEPT_ENCODING],
    ];
    const compression = sink.tellEncoding();
    if (compression !== undefined) fields.push(["grpc-encoding", compression]);
    if (deadline < Infinity) fields.push(["grpc-timeout", formatTimeout(deadline - Date.now())]);
    if (serviceName !== undefined) fields.push([SOURCE_SERVICE, serviceName]);
    for (const pair of init.metadata) fields.push(pair);
    return fields;
  }
}

import { IdTable } from "../base/id_table.ts";
import type { ClientSide } from "../core/client_side.ts";
import { NO_METADATA } from "../core/metadata.ts";
import type { ClientTransport, ClientTransportInit, ClientTransportOwner } from "../core/protocol.ts";
import { ErrorCode } from "../http2/error_code.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import type { ByteConnection } from "../net/byte_connection.ts";
import type { ByteSocket } from "../net/socket.ts";
import { type GrpcClientConnection, GrpcClientStream } from "./client_stream.ts";
import { Http2OverBytes } from "./connection.ts";
import type { GrpcError } from "./error.ts";
import { SOURCE_SERVICE } from "./metadata.ts";
import type { GrpcSettings } from "./options.ts";
import { formatTimeout } from "./timeout.ts";

/** What every request of the library's says of itself. */
const USER_AGENT = "ttstream";
/** What is read. `identity` is among them since Kitex's servers take what stands here as what they compress with. */
const ACCEPT_ENCODING = "identity,gzip,deflate";

const PROTOBUF_TYPE: HeaderField = ["content-type", "application/grpc"];
const THRIFT_TYPE: HeaderField = ["content-type", "application/grpc+thrift"];

/** A client's connection of gRPC. */
export class GrpcClient implements ClientTransport, GrpcClientConnection {
  readonly bytes: ByteConnection<GrpcError>;
  readonly maxMessageBytes: number;
  readonly compression: "identity" | "gzip";
  readonly #below: Http2OverBytes;
  readonly #owner: ClientTransportOwner;
  readonly #ownFields: readonly HeaderField[];
  readonly #streams: IdTable<GrpcClientStream> = new IdTable();
  readonly #lingering: IdTable<GrpcClientStream> = new IdTable();
  #lastNumber = 0;
  /** The path of the last request, which is mostly the next one's as well. */
  #path: HeaderField = [":path", ""];

  constructor(
    socket: ByteSocket,
    { limits, authority, secure }: ClientTransportInit,
    settings: GrpcSettings,
    owner: ClientTransportOwner,
  ) {
    this.#owner = owner;
    this.maxMessageBytes = limits.maxFrameBytes;
    this.compression = settings.compression;
    this.#ownFields = [
      [":method", "POST"],
      [":scheme", secure ? "https" : "http"],
      [":authority", authority],
      ["user-agent", USER_AGENT],
      ["te", "trailers"],
      ["grpc-accept-encoding", ACCEPT_ENCODING],
    ];
    this.#below = new Http2OverBytes(socket, {
      settings,
      limits,
      maxStreams: 0,
      keepaliveMs: settings.keepaliveMs ?? 0,
    }, {
      side: "client",
      compact: () => this.#compact(),
      opened: () => undefined,
      goneAway: () => owner.drained(),
      released() {
        // Who counts streams is told when they have ended for their users.
      },
      peerReset() {
        // A server may.
      },
      ended: (error) => {
        // Streams that are no more on the connection but are still watched.
        for (const stream of this.#lingering.values()) stream.lost(true, error);
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
    const sink = new GrpcClientStream(this, stream, this.#lastNumber = this.#lastNumber + 1 | 0);
    const fields = this.#request(stream, sink);
    this.#streams.set(sink.number, sink);
    let http2;
    try {
      http2 = this.#below.http2.open(fields, false, sink);
    } catch (error) {
      this.#streams.delete(sink.number);
      throw error;
    }
    stream.init.metadata = NO_METADATA;
    sink.opened(http2);
    stream.watch();
    stream.attach(sink);
  }

  streams(): ClientSide[] {
    return this.#streams.values().map(({ stream }) => stream);
  }

  sent(): Promise<void> {
    return this.bytes.sent();
  }

  end(_byPeer: boolean, lastMs: number): void {
    if (!this.bytes.closed) this.#below.http2.goAway(ErrorCode.NO_ERROR, "", false);
    this.bytes.end(undefined, lastMs);
  }

  ref(): void {
    this.bytes.ref();
  }

  unref(): void {
    this.bytes.unref();
  }

  released(stream: GrpcClientStream): void {
    if (this.#streams.delete(stream.number)) this.#owner.released();
  }

  linger(stream: GrpcClientStream): void {
    if (!this.bytes.closed) this.#lingering.set(stream.number, stream);
  }

  unlinger(stream: GrpcClientStream): void {
    this.#lingering.delete(stream.number);
  }

  #compact(): void {
    for (const stream of this.#streams.values()) stream.compact();
    for (const stream of this.#lingering.values()) stream.compact();
  }

  #request({ init, service, method }: ClientSide, { compression }: GrpcClientStream): HeaderField[] {
    const { encoding, serviceName, timeoutMs, deadline } = init;
    const path = `/${service}/${method}`;
    if (this.#path[1] !== path) this.#path = [":path", path];
    const fields = [this.#path, ...this.#ownFields, encoding === "thrift" ? THRIFT_TYPE : PROTOBUF_TYPE];
    if (compression !== "identity") fields.push(["grpc-encoding", compression]);
    const limitMs = Math.min(timeoutMs || Infinity, deadline - Date.now());
    if (limitMs < Infinity) fields.push(["grpc-timeout", formatTimeout(limitMs)]);
    if (serviceName !== undefined) fields.push([SOURCE_SERVICE, serviceName]);
    for (const pair of init.metadata) fields.push(pair);
    return fields;
  }
}

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
import type { GrpcSettings } from "./options.ts";
import { RequestHead } from "./request_head.ts";
import { formatTimeout } from "./timeout.ts";

/** A client's connection of gRPC. */
export class GrpcClient implements ClientTransport, GrpcClientConnection {
  readonly bytes: ByteConnection<GrpcError>;
  readonly maxMessageBytes: number;
  readonly compression: "identity" | "gzip";
  readonly #below: Http2OverBytes;
  readonly #owner: ClientTransportOwner;
  readonly #head: RequestHead;
  readonly #streams: IdTable<GrpcClientStream> = new IdTable();
  readonly #lingering: IdTable<GrpcClientStream> = new IdTable();
  #lastNumber = 0;

  constructor(
    socket: ByteSocket,
    { limits, authority, secure }: ClientTransportInit,
    settings: GrpcSettings,
    owner: ClientTransportOwner,
  ) {
    this.#owner = owner;
    this.maxMessageBytes = limits.maxFrameBytes;
    this.compression = settings.compression;
    this.#head = new RequestHead(secure ? "https" : "http", authority);
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

  #request({ init }: ClientSide, { compression }: GrpcClientStream): readonly HeaderField[] {
    const { timeoutMs, deadline, metadata } = init;
    const head = this.#head.fields(init);
    const fields: HeaderField[] = [];
    if (compression !== "identity") fields.push(["grpc-encoding", compression]);
    const limitMs = Math.min(timeoutMs || Infinity, deadline - Date.now());
    if (limitMs < Infinity) fields.push(["grpc-timeout", formatTimeout(limitMs)]);
    for (const pair of metadata) fields.push(pair);
    return fields.length === 0 ? head : [...head, ...fields];
  }
}

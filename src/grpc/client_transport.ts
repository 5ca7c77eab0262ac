import { IdTable } from "../base/id_table.ts";
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
import { RequestHead } from "./request_head.ts";
import { GrpcStatus } from "./status.ts";
import { formatTimeout } from "./timeout.ts";

/** Most of them are read at once; after so many the connection forgets those that are not. */
const MAX_UNWATCHED = 128;

/** A client's connection of gRPC. */
export class GrpcClient implements ClientTransport, GrpcClientConnection {
  readonly bytes: ByteConnection<GrpcError>;
  readonly maxMessageBytes: number;
  readonly maxInflatedBytes: number;
  readonly compression: "identity" | "gzip";
  readonly #below: Http2OverBytes;
  readonly #owner: ClientTransportOwner;
  readonly #head: RequestHead;
  readonly #streams: IdTable<GrpcClientStream> = new IdTable();
  readonly #lingering: IdTable<GrpcClientStream> = new IdTable();
  /** How many of these nothing watches. */
  #unwatched = 0;
  #lastNumber = 0;
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
    this.#head = new RequestHead(secure ? "https" : "http", settings.authority ?? authority);
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
    const { http2: below } = this.#below;
    if (!below.takesStreams) {
      const text = "the connection takes no more streams";
      stream.refuse(grpcDialect.noConnection(stream.where, { text, retryable: true, cause: undefined }));
      // Its stream ids may be used up, of which no server tells.
      return this.#drain();
    }
    const sink = new GrpcClientStream(this, stream, this.#lastNumber = this.#lastNumber + 1 | 0);
    const fields = this.#request(stream, sink);
    this.#streams.set(sink.number, sink);
    let http2;
    try {
      http2 = below.open(fields, false, sink);
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
    if (this.#streams.delete(stream.number) && !this.bytes.closed) this.#owner.released();
  }

  linger(stream: GrpcClientStream): void {
    if (this.bytes.closed) return;
    this.#lingering.set(stream.number, stream);
    if (!stream.watched && ++this.#unwatched >= MAX_UNWATCHED) this.#letGo();
  }

  unlinger(stream: GrpcClientStream): void {
    if (this.#lingering.delete(stream.number) && !stream.watched) this.#unwatched--;
  }

  /** Streams that have ended, and that nobody can cancel any more, are their users' alone: their windows went with them. */
  #letGo(): void {
    for (const stream of this.#lingering.values()) {
      if (stream.watched) continue;
      stream.compact();
      this.#lingering.delete(stream.number);
    }
    this.#unwatched = 0;
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#owner.drained();
  }

  #compact(): void {
    for (const stream of this.#streams.values()) stream.compact();
    for (const stream of this.#lingering.values()) stream.compact();
  }

  #request({ init }: ClientSide, sink: GrpcClientStream): readonly HeaderField[] {
    const { service, method, encoding, deadline, metadata } = init;
    // A caller that names itself for this one call: two values would be joined at the server.
    const serviceName = metadata.has(SOURCE_SERVICE) ? undefined : init.serviceName;
    const head = this.#head.fields({ service, method, encoding, serviceName });
    const fields: HeaderField[] = [];
    const compression = sink.tellEncoding();
    if (compression !== undefined) fields.push(["grpc-encoding", compression]);
    if (deadline < Infinity) fields.push(["grpc-timeout", formatTimeout(deadline - Date.now())]);
    for (const pair of metadata) fields.push(pair);
    return fields.length === 0 ? head : [...head, ...fields];
  }
}

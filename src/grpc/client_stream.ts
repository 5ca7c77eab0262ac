import type { Bytes } from "../base/buffer.ts";
import type { ClientSide } from "../core/client_side.ts";
import type { BizStatusError, StreamError, Where } from "../core/errors.ts";
import { type Metadata, NO_METADATA } from "../core/metadata.ts";
import type { ClientSink } from "../core/transport.ts";
import { ErrorCode, errorCodeName } from "../http2/error_code.ts";
import type { Http2StreamError } from "../http2/errors.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Http2StreamEvents } from "../http2/stream_events.ts";
import { show } from "../base/format.ts";
import { reasonText } from "../base/reason.ts";
import { isGrpc } from "./content_type.ts";
import { bizStatusOf } from "./biz_status.ts";
import { GrpcError, grpcError } from "./error.ts";
import { fieldOf, metadataOf } from "./metadata.ts";
import { percentDecode } from "./percent.ts";
import { GrpcStatus, statusOfHttp, statusOfReset } from "./status.ts";
import { type GrpcConnection, GrpcStream, isReadable } from "./stream.ts";
import { fromBase64 } from "../base/base64.ts";

/** What a client's connection does for its streams. */
export interface GrpcClientConnection extends GrpcConnection {
  released(stream: GrpcClientStream): void;
  linger(stream: GrpcClientStream): void;
  unlinger(stream: GrpcClientStream): void;
}

/** A stream at the client, between HTTP/2 and what it means. */
export class GrpcClientStream extends GrpcStream implements ClientSink, Http2StreamEvents {
  readonly stream: ClientSide;
  protected override readonly connection: GrpcClientConnection;
  #http2: Http2Stream | undefined;
  protected peerCompression: string | undefined;
  #sendClosed = false;
  #released = false;

  /** @param number Which of the connection's streams it is: its id may come later. */
  constructor(connection: GrpcClientConnection, stream: ClientSide, readonly number: number) {
    super(connection, stream.init.compression);
    this.connection = connection;
    this.stream = stream;
  }

  /** Its request is with HTTP/2. */
  opened(http2: Http2Stream): void {
    this.#http2 = http2;
  }

  protected get http2(): Http2Stream {
    if (this.#http2 === undefined) throw new Error("the stream has not been opened");
    return this.#http2;
  }

  /** Servers of gRPC read gzip. */
  protected get peerReadsGzip(): boolean {
    return true;
  }

  protected get where(): Where {
    return this.stream.where;
  }

  closeSend(): void {
    this.#sendClosed = true;
    this.http2.end();
  }

  cancel(): void {
    this.http2.reset(ErrorCode.CANCEL);
  }

  sent(): Promise<void> {
    return this.connection.bytes.sent();
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.connection.released(this);
  }

  /** Whether something may still take back what is unread. */
  get watched(): boolean {
    const { signals, timeoutMs } = this.stream.init;
    return signals.length > 0 || timeoutMs > 0;
  }

  linger(): void {
    this.connection.linger(this);
  }

  unlinger(): void {
    this.connection.unlinger(this);
  }

  compact(): void {
    this.stream.compact();
  }

  headers(fields: HeaderField[], end: boolean): void {
    if (end) return this.#end(fields, true);
    const fault = this.#faultOf(fields);
    if (fault !== undefined) return this.#refuse(fault);
    this.peerCompression = fieldOf(fields, "grpc-encoding");
    if (!isReadable(this.peerCompression)) {
      const text = `the server compresses with "${this.peerCompression}", and only gzip and deflate are read`;
      return this.#refuse(grpcError(this.where, GrpcStatus.Internal, text, { kind: "protocol" }));
    }
    this.stream.recvHeader(metadataOf(fields));
  }

  data(bytes: Bytes, end: boolean): void {
    try {
      if (bytes.length > 0) this.takeData(bytes);
    } catch (error) {
      if (error instanceof GrpcError) return this.stream.violated(error);
      throw error;
    }
    if (!end) return;
    const text = "server closed the stream without sending trailers";
    this.#refuse(grpcError(this.where, GrpcStatus.Internal, text, { kind: "protocol" }));
  }

  trailers(fields: HeaderField[]): void {
    this.#end(fields, false);
  }

  reset(code: number, error: Http2StreamError | undefined): void {
    this.dropPending();
    const status = error === undefined ? statusOfReset(code) : GrpcStatus.Internal;
    const text = error === undefined
      ? `stream terminated by RST_STREAM with error code: ${errorCodeName(code)}`
      : error.message;
    this.stream.recvReset(
      grpcError(this.where, status, text, {
        kind: status === GrpcStatus.Canceled ? "canceled" : "protocol",
        retryable: error === undefined && code === ErrorCode.REFUSED_STREAM,
        cause: error,
      }),
    );
  }

  lost(begun: boolean, error: unknown): void {
    this.dropPending();
    const description = error instanceof GrpcError ? error.description : reasonText(error);
    this.stream.lose(
      grpcError(this.where, GrpcStatus.Unavailable, description, {
        kind: "protocol",
        retryable: !begun,
        cause: error,
      }),
    );
    // A GOAWAY takes single streams from a connection that lives.
    this.release();
  }

  /** The server has said how it ended. Where it did not wait for our end, HTTP/2 must not wait for it either. */
  #end(fields: HeaderField[], alone: boolean): void {
    const { error, trailer } = this.#statusOf(fields, alone);
    this.stream.recvEnd(error, trailer);
    if (!this.#sendClosed) this.http2.reset(ErrorCode.NO_ERROR);
  }

  #statusOf(
    fields: HeaderField[],
    alone: boolean,
  ): { error: StreamError | BizStatusError | undefined; trailer: Metadata } {
    const trailer = metadataOf(fields);
    const status = fieldOf(fields, "grpc-status");
    if (status === undefined) {
      const error = alone ? this.#faultOf(fields) : undefined;
      const text = "the server's trailers have no grpc-status";
      return {
        error: error ?? grpcError(this.where, GrpcStatus.Unknown, text, { kind: "protocol" }),
        trailer,
      };
    }
    if (this.pendingBytes > 0 && status === "0") {
      const text = `the server ended within a message, after ${this.pendingBytes} bytes of it`;
      return { error: grpcError(this.where, GrpcStatus.Internal, text, { kind: "protocol" }), trailer };
    }
    if (status === "0") return { error: undefined, trailer };
    const code = /^\d{1,9}$/.test(status) ? Number(status) : 0;
    const message = percentDecode(fieldOf(fields, "grpc-message") ?? "");
    const text = code === 0 && message === "" ? `malformed grpc-status: ${show(status)}` : message;
    const biz = bizStatusOf(trailer, text);
    if (biz !== undefined) return { error: biz, trailer };
    const details = fromBase64(fieldOf(fields, "grpc-status-details-bin"));
    return { error: new GrpcError(code || GrpcStatus.Unknown, text, { ...this.where, details }), trailer };
  }

  /** What is wrong with a response's header, where it is none of gRPC's. */
  #faultOf(fields: HeaderField[]): GrpcError | undefined {
    const status = fieldOf(fields, ":status");
    const type = fieldOf(fields, "content-type");
    if (status === "200" && type !== undefined && isGrpc(type)) return undefined;
    const why = status === "200"
      ? `the answer's content-type is ${type === undefined ? "missing" : `"${type}"`}, not application/grpc`
      : `unexpected HTTP status code received from server: ${status}`;
    const code = status === "200" ? GrpcStatus.Unknown : statusOfHttp(status);
    return grpcError(this.where, code, why, { kind: "protocol" });
  }

  /** The server has broken the protocol: it hears no more of the stream. */
  #refuse(error: GrpcError): void {
    this.stream.recvEnd(error, NO_METADATA);
    this.http2.reset(ErrorCode.CANCEL);
  }
}

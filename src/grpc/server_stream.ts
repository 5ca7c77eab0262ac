import type { Bytes } from "../base/buffer.ts";
import type { Where } from "../core/errors.ts";
import { type Metadata, NO_METADATA } from "../core/metadata.ts";
import type { Answer, ServerEvents, ServerSink, StreamRequest } from "../core/transport.ts";
import { ErrorCode, errorCodeName } from "../http2/error_code.ts";
import type { Http2StreamError } from "../http2/errors.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Http2StreamEvents } from "../http2/stream_events.ts";
import { toBase64 } from "./base64.ts";
import { bizStatusMetadata } from "./biz_status.ts";
import { Text } from "./dialect.ts";
import { GrpcError, grpcError } from "./error.ts";
import { fieldOf, SOURCE_SERVICE } from "./metadata.ts";
import { percentEncode } from "./percent.ts";
import { GrpcStatus } from "./status.ts";
import { type GrpcConnection, GrpcStream } from "./stream.ts";

/** What a server's connection does for its streams. */
export interface GrpcServerConnection extends GrpcConnection {
  released(stream: GrpcServerStream): void;
}

/** A stream at the server, between HTTP/2 and what it means. */
export class GrpcServerStream extends GrpcStream implements ServerSink, Http2StreamEvents {
  protected override readonly connection: GrpcServerConnection;
  protected readonly http2: Http2Stream;
  /** Absent where nobody has taken the stream. */
  stream: ServerEvents | undefined;
  readonly #request: StreamRequest;
  readonly #contentType: string;
  #ended = false;
  #clientEnded = false;

  constructor(
    connection: GrpcServerConnection,
    http2: Http2Stream,
    fields: readonly HeaderField[],
    request: StreamRequest,
  ) {
    super(connection);
    this.connection = connection;
    this.http2 = http2;
    this.peerCompression = fieldOf(fields, "grpc-encoding");
    this.#request = request;
    this.#contentType = fieldOf(fields, "content-type") ?? "application/grpc";
  }

  /** Among the streams of the connection. */
  get id(): number {
    return this.http2.id;
  }

  protected get where(): Where {
    const { service, method } = this.#request;
    return { side: "server", service, method };
  }

  release(): void {
    this.connection.released(this);
  }

  sendHeader(metadata: Metadata): void {
    const fields = this.#headFields();
    if (this.compression !== "identity") fields.push(["grpc-encoding", this.compression]);
    append(fields, metadata);
    this.http2.sendHeaders(fields, false);
  }

  answer(answer: Answer, trailer: Metadata, header: Metadata | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    if (answer.type === "refused" && (answer.why === "too many streams" || answer.why === "shutting down")) {
      // The one word for it that every client knows: it may be tried again.
      this.http2.reset(ErrorCode.REFUSED_STREAM);
      return;
    }
    let fields: HeaderField[] = [];
    if (header !== undefined && header.size > 0) this.sendHeader(header);
    else if (header !== undefined) fields = this.#headFields();
    append(fields, trailer);
    for (const field of statusFields(answer)) fields.push(field);
    this.http2.sendHeaders(fields, true);
    // What the client still sends nobody reads.
    if (!this.#clientEnded) this.http2.resetAtEnd(ErrorCode.NO_ERROR);
  }

  /** Answers a stream that nobody takes. */
  refuse(error: GrpcError): void {
    this.answer({ type: "violation", error }, NO_METADATA, NO_METADATA);
  }

  compact(): void {
    this.stream?.compact();
  }

  /** The request is whole, as far as HTTP/2 goes: the client has half closed with it. */
  clientEnded(): void {
    this.#clientEnded = true;
    this.#recvEnd();
  }

  headers(): void {
    // A client's second header section is its trailers.
  }

  data(bytes: Bytes, end: boolean): void {
    if (end) this.#clientEnded = true;
    try {
      if (bytes.length > 0) this.takeData(bytes);
    } catch (error) {
      if (error instanceof GrpcError) return this.stream?.violated(error);
      throw error;
    }
    if (end) this.#recvEnd();
  }

  /** Requests have none in gRPC; what they say is nobody's business. */
  trailers(): void {
    this.#clientEnded = true;
    this.#recvEnd();
  }

  reset(code: number, error: Http2StreamError | undefined): void {
    const text = error === undefined
      ? `transport: RSTStream Frame received with error code: ${errorCodeName(code)}`
      : `transport: ReadFrame encountered http2.StreamError: ${error.message}`;
    // Who has called.
    const source = this.#request.metadata.get(SOURCE_SERVICE) ?? "";
    const canceled = grpcError(this.where, GrpcStatus.Canceled, `${text} [triggered by ${source}]`, {
      cancelPath: source === "" ? [] : [source],
      cause: error,
    });
    this.stream?.recvReset(canceled);
  }

  lost(_begun: boolean, error: unknown): void {
    this.stream?.lose(
      grpcError(this.where, GrpcStatus.Canceled, Text.connectionEof, { cause: error }),
    );
  }

  #recvEnd(): void {
    if (this.pendingBytes === 0) return this.stream?.recvEnd(undefined);
    const text = `the client ended within a message, after ${this.pendingBytes} bytes of it`;
    this.stream?.violated(grpcError(this.where, GrpcStatus.Internal, text, { kind: "protocol" }));
  }

  #headFields(): HeaderField[] {
    return [[":status", "200"], ["content-type", this.#contentType]];
  }
}

function append(fields: HeaderField[], metadata: Metadata): void {
  for (const [key, value] of metadata) fields.push([key.toLowerCase(), value]);
}

/** How the end reads at the client. */
function statusFields(answer: Answer): HeaderField[] {
  switch (answer.type) {
    case "done":
      return [["grpc-status", "0"]];
    case "business error":
      return [...status(GrpcStatus.Internal, answer.error.statusMessage), ...bizStatusMetadata(answer.error)];
    case "failed":
      return failure(answer.error, answer.text);
    case "refused":
      return status(
        answer.why === "no request" ? GrpcStatus.Internal : GrpcStatus.Unimplemented,
        answer.text,
      );
    case "cut":
      return status(GrpcStatus.Unavailable, answer.text);
    case "timed out":
    case "violation":
      return failure(answer.error, answer.error.description);
  }
}

/** A status of the handler's own goes as it is; anything else as Kitex tells it. */
function failure(error: unknown, text: string): HeaderField[] {
  if (!(error instanceof GrpcError)) return status(GrpcStatus.Internal, `${text} [biz error]`);
  const fields = status(error.code, error.description);
  if (error.details !== undefined) fields.push(["grpc-status-details-bin", toBase64(error.details)]);
  return fields;
}

function status(code: number, text: string): HeaderField[] {
  const fields: HeaderField[] = [["grpc-status", String(code)]];
  if (text !== "") fields.push(["grpc-message", percentEncode(text)]);
  return fields;
}

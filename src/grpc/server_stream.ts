import type { Bytes } from "../base/buffer.ts";
import type { Codec } from "../core/codec.ts";
import type { Where } from "../core/errors.ts";
import { type Metadata, NO_METADATA } from "../core/metadata.ts";
import type { Answer, ServerEvents, ServerSink } from "../core/transport.ts";
import { ErrorCode, errorCodeName } from "../http2/error_code.ts";
import type { Http2StreamError } from "../http2/errors.ts";
import { fieldsBytes, type HeaderField } from "../http2/hpack/field.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Http2StreamEvents } from "../http2/stream_events.ts";
import { Text } from "./dialect.ts";
import { GrpcError, grpcError } from "./error.ts";
import { isHandlers, lastFields, tooLong } from "./last_fields.ts";
import { SOURCE_SERVICE } from "./metadata.ts";
import type { GrpcRequest } from "./request.ts";
import { GrpcStatus } from "./status.ts";
import { type GrpcConnection, GrpcStream } from "./stream.ts";

/** What a server's connection does for its streams. */
export interface GrpcServerConnection extends GrpcConnection {
  /** A stream has ended early, and its client has seen to that: it might as well have reset it. */
  clientEnded(): void;
}

/** A stream at the server, between HTTP/2 and what it means. */
export class GrpcServerStream extends GrpcStream implements ServerSink, Http2StreamEvents {
  protected override readonly connection: GrpcServerConnection;
  protected readonly http2: Http2Stream;
  /** Absent where nobody has taken the stream, and when that has ended. */
  stream: ServerEvents | undefined;
  readonly #request: GrpcRequest;
  #headerSent = false;
  /** When the client gives up, in whole milliseconds of `Date.now()`; absent where it never does: Infinity would be an object in memory. */
  readonly #deadline: number | undefined;
  #ended = false;
  #clientEnded = false;

  constructor(connection: GrpcServerConnection, http2: Http2Stream, request: GrpcRequest) {
    super(connection);
    this.connection = connection;
    this.http2 = http2;
    this.#request = request;
    if (request.timeoutMs !== undefined) this.#deadline = Date.now() + Math.floor(request.timeoutMs);
  }

  protected get peerCompression(): string | undefined {
    return this.#request.encoding;
  }

  protected get peerReadsGzip(): boolean {
    return this.#request.readsGzip;
  }

  protected get where(): Where {
    const { service, method } = this.#request;
    return { side: "server", service, method };
  }

  release(): void {
    this.stream = undefined;
  }

  /** @throws {RangeError} If it is more than the client takes; one that is empty is sent instead, when it is due. */
  sendHeader(metadata: Metadata): void {
    const fields = this.#headFields();
    const encoding = this.tellEncoding();
    if (encoding !== undefined) fields.push(["grpc-encoding", encoding]);
    append(fields, metadata);
    const { maxHeaderListBytes } = this.http2;
    const bytes = metadata.size === 0 ? 0 : fieldsBytes(fields);
    if (bytes > maxHeaderListBytes) throw tooLong("header", bytes, maxHeaderListBytes);
    this.#headerSent = true;
    this.http2.sendHeaders(fields, false);
  }

  override sendMessage<T>(codec: Codec<T>, message: T): void {
    if (!this.#headerSent) this.sendHeader(NO_METADATA);
    super.sendMessage(codec, message);
  }

  answer(answer: Answer, trailer: Metadata, header: Metadata | undefined): void {
    if (this.#ended) return;
    if (answer.type === "timed out" && this.#isLate) this.connection.clientEnded();
    if (answer.type === "refused" && (answer.why === "too many streams" || answer.why === "shutting down")) {
      // The one word for it that every client knows: it may be tried again.
      this.#ended = true;
      this.http2.reset(ErrorCode.REFUSED_STREAM);
      return;
    }
    if (header !== undefined && header.size > 0) this.#sendLastHeader(header, answer);
    const fields: HeaderField[] = [];
    append(fields, trailer);
    const head = this.#headerSent ? [] : this.#headFields();
    const last = lastFields(answer, head, fields, this.http2.maxHeaderListBytes);
    this.#ended = true;
    this.http2.sendHeaders(last, true);
    // What the client still sends nobody reads.
    if (!this.#clientEnded) this.http2.resetAtEnd(ErrorCode.NO_ERROR);
  }

  /** @throws {RangeError} If it is too long, and the handler is still to be told; elsewhere it is left out. */
  #sendLastHeader(header: Metadata, answer: Answer): void {
    try {
      this.sendHeader(header);
    } catch (error) {
      if (isHandlers(answer) || !(error instanceof RangeError)) throw error;
    }
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
      if (error instanceof GrpcError) return this.#violated(error);
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
    this.dropPending();
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
    this.dropPending();
    this.stream?.lose(
      grpcError(this.where, GrpcStatus.Canceled, Text.connectionEof, { cause: error }),
    );
  }

  #recvEnd(): void {
    if (this.pendingBytes === 0) return this.stream?.recvEnd(undefined);
    const text = `the client ended within a message, after ${this.pendingBytes} bytes of it`;
    this.#violated(grpcError(this.where, GrpcStatus.Internal, text, { kind: "protocol" }));
  }

  #violated(error: GrpcError): void {
    if (this.#ended) return;
    this.dropPending();
    this.stream?.violated(error);
    this.connection.clientEnded();
  }

  /** Whether the client's own deadline is over. Clients reset their streams then: one that does not gains nothing. */
  get #isLate(): boolean {
    return this.#deadline !== undefined && Date.now() >= this.#deadline;
  }

  #headFields(): HeaderField[] {
    return [[":status", "200"], ["content-type", this.#request.contentType]];
  }
}

function append(fields: HeaderField[], metadata: Metadata): void {
  for (const [key, value] of metadata) fields.push([key.toLowerCase(), value]);
}

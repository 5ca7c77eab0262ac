import type { ServerTransport, ServerTransportInit, ServerTransportOwner } from "../core/protocol.ts";
import type { Metadata } from "../core/metadata.ts";
import type { ServerEvents } from "../core/transport.ts";
import { ErrorCode } from "../http2/error_code.ts";
import type { HeaderField } from "../http2/hpack/field.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { Http2StreamEvents } from "../http2/stream_events.ts";
import type { ByteConnection } from "../net/byte_connection.ts";
import type { ByteSocket } from "../net/socket.ts";
import { isGrpc } from "./content_type.ts";
import { Http2OverBytes, INFLATED_WINDOWS, isPeersFault } from "./connection.ts";
import { type GrpcError, grpcError } from "./error.ts";
import { fieldOf } from "./metadata.ts";
import { type GrpcSettings, SERVER_KEEPALIVE_MS } from "./options.ts";
import { PlainAnswer } from "./plain_answer.ts";
import { type GrpcServerConnection, GrpcServerStream } from "./server_stream.ts";
import { GrpcRequests } from "./request.ts";
import { GrpcStatus } from "./status.ts";
import { ACCEPT_ENCODING, isReadable } from "./stream.ts";

/** A server's connection of gRPC. */
export class GrpcServer implements ServerTransport, GrpcServerConnection {
  readonly bytes: ByteConnection<GrpcError>;
  readonly maxMessageBytes: number;
  readonly maxInflatedBytes: number;
  readonly compression: "identity" | "gzip";
  readonly #below: Http2OverBytes;
  readonly #owner: ServerTransportOwner;
  readonly #requests = new GrpcRequests();
  /** Resolves when the next stream has left HTTP/2; made where somebody waits for it. */
  #left: PromiseWithResolvers<void> | undefined;

  constructor(
    socket: ByteSocket,
    { limits, maxStreams }: ServerTransportInit,
    settings: GrpcSettings,
    owner: ServerTransportOwner,
  ) {
    this.#owner = owner;
    this.maxMessageBytes = limits.maxFrameBytes;
    this.maxInflatedBytes = INFLATED_WINDOWS * settings.connectionWindowBytes;
    this.compression = settings.compression;
    this.#below = new Http2OverBytes(socket, {
      settings,
      limits,
      maxStreams,
      keepaliveMs: settings.keepaliveMs ?? SERVER_KEEPALIVE_MS,
    }, {
      side: "server",
      compact: () => {
        for (const stream of this.streams()) stream.compact();
      },
      opened: (http2, fields, end) => this.#opened(http2, fields, end),
      goneAway() {
        // A client that goes finishes its streams first.
      },
      // The handlers count, not the streams: a cancelled one's handler may still be at work.
      released: () => this.#streamLeft(),
      peerReset: () => owner.reset(),
      ended: (error) => {
        this.#streamLeft();
        owner.ended(error, isPeersFault(error));
      },
    });
    this.bytes = this.#below.bytes;
  }

  get closed(): boolean {
    return this.bytes.closed;
  }

  get counts(): boolean {
    return this.bytes.counts;
  }

  streams(): ServerEvents[] {
    // HTTP/2 has a stream for as long as its handler's has not ended: a table of their own would be one too many.
    return [...this.#below.http2.streams()].flatMap(({ events }) =>
      events instanceof GrpcServerStream ? events.stream ?? [] : []
    );
  }

  defer(task: () => void): void {
    this.bytes.defer(task);
  }

  /** A graceful GOAWAY: what is on its way is still taken (RFC 9113 6.8). */
  sayFarewell(): void {
    if (!this.bytes.closed) this.#below.http2.goAway(ErrorCode.NO_ERROR, "", true);
  }

  /** What a handler has written before it returned may wait for the client's windows. */
  async sent(): Promise<void> {
    while (!this.bytes.closed && this.#holdsBack) {
      this.#left ??= Promise.withResolvers();
      await this.#left.promise;
    }
    await this.bytes.sent();
  }

  #streamLeft(): void {
    this.#left?.resolve();
    this.#left = undefined;
  }

  get #holdsBack(): boolean {
    for (const stream of this.#below.http2.streams()) if (stream.holdsBack) return true;
    return false;
  }

  end(limit: string | undefined, lastMs: number): void {
    if (!this.bytes.closed) {
      const code = limit === undefined ? ErrorCode.NO_ERROR : ErrorCode.ENHANCE_YOUR_CALM;
      this.#below.http2.goAway(code, limit ?? "", false);
    }
    const error = limit === undefined
      ? undefined
      : grpcError({ side: "server" }, GrpcStatus.ResourceExhausted, limit, { kind: "protocol" });
    this.bytes.end(error, lastMs);
  }

  ref(): void {
    this.bytes.ref();
  }

  unref(): void {
    this.bytes.unref();
  }

  clientEnded(): void {
    this.#owner.reset();
  }

  #opened(
    http2: Http2Stream,
    fields: readonly HeaderField[],
    end: boolean,
  ): Http2StreamEvents | undefined {
    const plain = plainAnswer(http2, fields);
    if (plain !== undefined) {
      if (end) plain.send();
      return plain;
    }
    const request = this.#requests.of(fields);
    const { service, method, timeout, timeoutMs, encoding } = request;
    const stream = new GrpcServerStream(this, http2, request);
    const fault = timeout !== undefined && timeoutMs === undefined
      ? { code: GrpcStatus.Internal, text: `malformed grpc-timeout: "${timeout}"`, trailer: undefined }
      : isReadable(encoding)
      ? undefined
      : {
        code: GrpcStatus.Unimplemented,
        text: `grpc-encoding "${encoding}" is not supported: gzip, deflate and identity are`,
        trailer: ACCEPTED,
      };
    if (fault !== undefined) {
      const error = grpcError({ side: "server", service, method }, fault.code, fault.text);
      this.#owner.opened(stream, request, { error, trailer: fault.trailer });
      return stream;
    }
    stream.stream = this.#owner.opened(stream, request);
    if (stream.stream === undefined) return undefined;
    if (end) stream.clientEnded();
    return stream;
  }
}

/** Tells a client what to compress with instead (grpc `doc/compression.md`). */
const ACCEPTED: Metadata = new Map([["grpc-accept-encoding", ACCEPT_ENCODING]]);

/** The answer to a request that is none of gRPC's. */
function plainAnswer(http2: Http2Stream, fields: readonly HeaderField[]): PlainAnswer | undefined {
  const method = fieldOf(fields, ":method");
  const type = fieldOf(fields, "content-type");
  const answer = (status: string, text: string, ...more: HeaderField[]) => {
    const head: HeaderField[] = [[":status", status], ["content-type", "text/plain; charset=utf-8"], ...more];
    return new PlainAnswer(http2, head, method === "HEAD" ? undefined : text);
  };
  if (type === undefined || !isGrpc(type)) {
    const what = type === undefined ? "no content-type" : `the content-type "${type}"`;
    return answer("415", `${what}: this server speaks gRPC, application/grpc\n`);
  }
  if (method === "POST") return undefined;
  return answer("405", `${method}: gRPC's requests are POST\n`, ["allow", "POST"]);
}

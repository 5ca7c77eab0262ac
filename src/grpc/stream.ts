import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import { type Codec, payloadOf } from "../core/codec.ts";
import type { PeerEvents } from "../core/transport.ts";
import type { Http2Stream } from "../http2/stream.ts";
import type { ByteConnection } from "../net/byte_connection.ts";
import { type Compression, decompress, gzip } from "../net/compression.ts";
import type { Where } from "../core/errors.ts";
import { type GrpcError, grpcError } from "./error.ts";
import { type AssembledMessages, MessageAssembler, PREFIX_BYTES } from "./message_assembler.ts";
import { reasonText } from "../base/reason.ts";
import { GrpcStatus } from "./status.ts";

/** What the streams of a connection have in common. */
export interface GrpcConnection {
  readonly bytes: ByteConnection<GrpcError>;
  readonly maxMessageBytes: number;
  /** How much the unread messages of a stream may have grown by when they were decompressed. */
  readonly maxInflatedBytes: number;
  /** How what is sent is compressed where nobody says. */
  readonly compression: "identity" | "gzip";
}

/** What has come of a stream's messages, and how much of it is still to be given back. */
class Incoming extends MessageAssembler {
  /** Whether the message that came last was compressed. */
  compressed = false;
  /** Bytes of the wire that have come and not been given back, and what the reader holds of them. */
  owed = 0;
  held = 0;
  /** Bytes that messages have grown by when they were decompressed: the connection counts them. */
  inflated = 0;
}

/**
 * A stream between HTTP/2's frames and what they mean: its messages in both directions, which are the same at either
 * end. What differs is how it begins and ends: see {@linkcode GrpcClientStream} and {@linkcode GrpcServerStream}.
 */
export abstract class GrpcStream implements AssembledMessages {
  protected readonly connection: GrpcConnection;
  /** Made for the first DATA: many streams wait for it for long. */
  #incoming: Incoming | undefined;
  /** How what is sent from now on is compressed, where the peer reads it. */
  #compression: "identity" | "gzip";
  /** Whether the header that has been sent names an encoding; undefined before. */
  #encodingTold: boolean | undefined;

  constructor(connection: GrpcConnection, compression: "identity" | "gzip" = connection.compression) {
    this.connection = connection;
    this.#compression = compression;
  }

  /** Whether the message that came last was compressed. */
  get lastCameCompressed(): boolean {
    return this.#incoming?.compressed ?? false;
  }

  get compression(): "identity" | "gzip" {
    return this.#compression;
  }

  /** @throws {TypeError} If the peer has been told that nothing is compressed. */
  set compression(compression: "identity" | "gzip") {
    if (compression !== "identity" && this.peerReadsGzip && this.#encodingTold === false) {
      throw new TypeError(
        `compression "${compression}": the header has been sent, and names no grpc-encoding`,
      );
    }
    this.#compression = compression;
  }

  /** A header goes out. @returns Its `grpc-encoding`, where it is to have one. */
  tellEncoding(): string | undefined {
    this.#encodingTold = this.#compresses;
    return this.#encodingTold ? this.#compression : undefined;
  }

  /** Whether the next message is compressed: of a peer that reads nothing compressed nobody asks it. */
  get #compresses(): boolean {
    return this.#compression === "gzip" && this.peerReadsGzip;
  }

  /** The stream below. */
  protected abstract readonly http2: Http2Stream;
  /** The stream above; none where nobody has taken it. */
  protected abstract readonly stream: PeerEvents | undefined;
  protected abstract readonly where: Where;
  /** What the peer compresses with: its `grpc-encoding`. */
  protected abstract readonly peerCompression: string | undefined;
  /** Whether the peer reads what is compressed. */
  protected abstract readonly peerReadsGzip: boolean;

  get congested(): boolean {
    return this.connection.bytes.closed || this.http2.congested;
  }

  sendMessage<T>(codec: Codec<T>, message: T): void {
    this.http2.sendData((buffer) => this.#write(buffer, codec, message));
  }

  wait(wake: () => void): void {
    this.http2.wait(wake);
  }

  unwait(wake: () => void): void {
    this.http2.unwait(wake);
  }

  defer(task: () => void): void {
    this.connection.bytes.defer(task);
  }

  /** Unread messages cost more than their bytes: the connection counts how many there are, and what they have grown by. */
  charge(bytes: number, messages: number): void {
    const incoming = this.#incoming;
    // What is charged has come.
    if (incoming === undefined) return;
    incoming.held += bytes + messages * PREFIX_BYTES;
    const shrunk = bytes < 0 ? Math.min(incoming.inflated, -bytes) : 0;
    incoming.inflated -= shrunk;
    this.connection.bytes.charge(-shrunk, messages);
    if (messages >= 0) return;
    this.#giveBack(incoming, -bytes - messages * PREFIX_BYTES);
    this.#grant(incoming);
  }

  /**
   * A message larger than the window would never be whole. One behind others that nobody has read waits like those: else
   * a reader that stops would be granted message after message.
   */
  #grant({ held, missingBytes }: Incoming): void {
    if (held === 0 && missingBytes > 0) this.http2.grant(missingBytes);
  }

  /** DATA has come. @throws {GrpcError} What refuses a message of it. */
  protected takeData(bytes: Bytes): void {
    const incoming = this.#incoming ??= new Incoming(this);
    incoming.owed += bytes.length;
    incoming.push(bytes);
  }

  /** Bytes of a message that has begun and not ended. */
  protected get pendingBytes(): number {
    return this.#incoming?.pendingBytes ?? 0;
  }

  /** The stream has ended early: what has come of a message is let go of, whatever the handler does. */
  protected dropPending(): void {
    this.#incoming?.drop();
  }

  /** What has been read may come again. */
  #giveBack(incoming: Incoming, bytes: number): void {
    const { held, owed, pendingBytes } = incoming;
    const given = held === 0 ? owed - pendingBytes : Math.min(owed, bytes);
    if (given <= 0) return;
    incoming.owed -= given;
    this.http2.consumed(given);
  }

  // What follows is for the assembler.

  message(payload: Bytes, compressed: boolean): void {
    const incoming = this.#incoming ??= new Incoming(this);
    incoming.compressed = compressed;
    const wireBytes = PREFIX_BYTES + payload.length;
    const message = compressed ? this.#decompressed(payload, incoming.inflated) : payload;
    const { held } = incoming;
    this.stream?.recvMessage(message);
    // Nobody wants it: what still comes is dropped, and must not stand still.
    if (incoming.held <= held) {
      incoming.owed -= wireBytes;
      this.http2.consumed(wireBytes);
      return;
    }
    const grown = message.length - payload.length;
    if (grown <= 0) return;
    incoming.inflated += grown;
    this.connection.bytes.charge(grown, 0);
  }

  announced(missingBytes: number): void {
    if (this.#incoming?.held === 0) this.http2.grant(missingBytes);
  }

  check(bytes: number, flag: number): void {
    const { maxMessageBytes } = this.connection;
    if (bytes > maxMessageBytes) {
      const text = `message of ${bytes} bytes exceeds the limit of ${maxMessageBytes} bytes`;
      throw grpcError(this.where, GrpcStatus.ResourceExhausted, text, { kind: "protocol" });
    }
    if (flag === 0) return;
    if (flag !== 1) {
      throw grpcError(this.where, GrpcStatus.Internal, `a message begins with the flag ${flag}, not 0 or 1`, {
        kind: "protocol",
      });
    }
    if (this.peerCompression === undefined || this.peerCompression === "identity") {
      const text = "a message is compressed, and the header named no grpc-encoding";
      throw grpcError(this.where, GrpcStatus.Internal, text, { kind: "protocol" });
    }
  }

  #decompressed(payload: Bytes, inflated: number): Bytes {
    // The connection is not read any more before an honest stream comes so far: all of this is of one read.
    const { maxInflatedBytes } = this.connection;
    if (inflated > maxInflatedBytes) {
      const text = `compressed messages that have not been read have grown by ${inflated} bytes, ` +
        `over the limit of ${maxInflatedBytes} bytes`;
      throw grpcError(this.where, GrpcStatus.ResourceExhausted, text, { kind: "protocol" });
    }
    try {
      return decompress(compressionOf(this.peerCompression), payload, this.connection.maxMessageBytes);
    } catch (cause) {
      const code = cause instanceof RangeError ? GrpcStatus.ResourceExhausted : GrpcStatus.Internal;
      const text = cause instanceof RangeError
        ? cause.message
        : `cannot decompress a message: ${reasonText(cause)}`;
      throw grpcError(this.where, code, text, { kind: "protocol", cause });
    }
  }

  #write<T>(buffer: ByteBuffer, codec: Codec<T>, message: T): void {
    if (this.#compresses) {
      const payload = payloadOf(codec, message);
      this.#checkSent(payload.length);
      const compressed = gzip(payload);
      buffer.writeUint8(1);
      buffer.writeInt32(compressed.length);
      buffer.writeBytes(compressed);
      return;
    }
    const start = buffer.reserve(PREFIX_BYTES);
    buffer.bytes[start] = 0;
    buffer.length = start + PREFIX_BYTES;
    if (codec.encodeInto === undefined) buffer.writeBytes(payloadOf(codec, message));
    else codec.encodeInto(message, buffer);
    const length = buffer.length - start - PREFIX_BYTES;
    this.#checkSent(length);
    buffer.setInt32(start + 1, length);
  }

  #checkSent(bytes: number): void {
    const { maxMessageBytes } = this.connection;
    if (bytes <= maxMessageBytes) return;
    throw new RangeError(`message of ${bytes} bytes exceeds the limit of ${maxMessageBytes} bytes`);
  }
}

/**
 * What is read, as `grpc-accept-encoding` says it. `identity` is among them since Kitex's servers take what stands here as
 * what they compress with.
 */
export const ACCEPT_ENCODING = "identity,gzip,deflate";

/** Whether a `grpc-encoding` is read. */
export function isReadable(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === "identity" || encoding === "gzip" || encoding === "deflate";
}

function compressionOf(encoding: string | undefined): Compression {
  return encoding === "deflate" ? "deflate" : "gzip";
}

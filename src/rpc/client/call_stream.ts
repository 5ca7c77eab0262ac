import type { Codec } from "../../core/codec.ts";
import type { ProtocolName } from "../../core/dialect.ts";
import type { Metadata } from "../../core/metadata.ts";
import type { MessageSource } from "../../core/send_all.ts";

/** The messages that come, decoded. */
export interface TypedReader<T> {
  readonly readable: ReadableStream<T>;
  /** The messages as an iterator; leaving it early cancels the stream. */
  iterate(): AsyncIterableIterator<T>;
  /** The next message. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Drops what still comes. */
  discard(): void;
}

/** The messages that go, encoded. */
export interface TypedWriter<T> {
  readonly writable: WritableStream<T>;
  /** Sends a message; the rejection of what comes back ends no process. */
  sendFor(message: T): Promise<void>;
  /** Sends all that `source` gives, and half closes. */
  sendAll(source: MessageSource<T>): Promise<void>;
}

/** A stream at the client beside its messages: what came with them, how it ends, and the ways to end it. */
export interface CallEnds {
  readonly protocol: ProtocolName;
  readonly header: Promise<Metadata>;
  readonly trailer: Promise<Metadata>;
  readonly closed: Promise<void>;
  /** Ends the call for `reason`. */
  cancel(reason: unknown): Promise<void>;
  /** The end of the call's scope: cancels what is left of it. */
  dispose(): Promise<void>;
}

/** The stream of a call, its messages not yet typed: a `ClientSide`, or one that is not the library's own. */
export interface CallStream extends CallEnds {
  reader<T>(codec: Codec<T>): TypedReader<T>;
  writer<T>(codec: Codec<T>): TypedWriter<T>;
  /** Sends the one request of a server streaming or unary call, which is `payload` encoded, and half closes. */
  request<T>(payload: Uint8Array, codec: Codec<T>, message: T): void;
  /** Half close, if it is not closed. */
  closeSend(): void;
}

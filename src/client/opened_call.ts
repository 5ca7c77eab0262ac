import type { Codec } from "../codec.ts";
import type { Metadata } from "../metadata.ts";

/** The messages that come, decoded. */
export interface Reading<T> {
  readonly readable: ReadableStream<T>;
  /** The messages as an iterator; leaving it early cancels the stream. */
  iterate(): AsyncIterableIterator<T>;
  /** The next message. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Drops what still comes. */
  discard(): void;
}

/** The messages that go, encoded. */
export interface Writing<T> {
  readonly writable: WritableStream<T>;
}

/** A call that has been opened: the library's own `Call`, or one in somebody else's wrapping. */
export interface OpenedCall {
  readonly header: Promise<Metadata>;
  readonly trailer: Promise<Metadata>;
  reader<T>(codec: Codec<T>): Reading<T>;
  writer<T>(codec: Codec<T>): Writing<T>;
  /** Sends the one request of a server streaming call, encoded already, and half closes. */
  request(payload: Uint8Array): void;
  /** Half close, if it is not closed. */
  closeSend(): void;
  /** The end of the call's scope: cancels what is left of it. */
  dispose(): void;
}

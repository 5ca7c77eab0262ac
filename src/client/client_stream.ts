import type { Bytes } from "../buffer.ts";
import type { Codec } from "../codec.ts";
import type { Metadata } from "../metadata.ts";
import type { OpenedCall, Reading, Writing } from "./opened_call.ts";

/**
 * A stream at the client: what comes, what goes, and what came beside the messages.
 *
 * Every way to end it early (`signal`, `readable.cancel()`, `writable.abort()`, leaving a `for await` or an
 * `await using` scope) sends one Rst frame that says why, and errors both directions at once.
 */
export interface ClientStream<Req = Uint8Array, Res = Bytes> extends AsyncDisposable {
  /** The messages of the server; cancelling it cancels the stream. Its highWaterMark is 0. */
  readonly readable: ReadableStream<Res>;
  /** The messages to the server; closing it is the half close, aborting it cancels the stream. */
  readonly writable: WritableStream<Req>;
  /** The keys of the server's Header frame; empty where it ended without one. Rejects where the stream failed before. */
  readonly header: Promise<Metadata>;
  /** The keys of the server's Trailer frame, whether it carried an error or not. Rejects where none came. */
  readonly trailer: Promise<Metadata>;
}

/** A server streaming call: one request has been sent, the answers are read from `readable` or by `for await`. */
export interface ServerStreamingCall<Res> extends AsyncDisposable, AsyncIterable<Res> {
  /** The messages of the server; locked while an iteration is under way. */
  readonly readable: ReadableStream<Res>;
  /** As {@linkcode ClientStream.header}. */
  readonly header: Promise<Metadata>;
  /** As {@linkcode ClientStream.trailer}. */
  readonly trailer: Promise<Metadata>;
}

/** A client streaming call: requests are written, one response comes back. */
export interface ClientStreamingCall<Req, Res> extends AsyncDisposable {
  /** The messages to the server. */
  readonly writable: WritableStream<Req>;
  /** As {@linkcode ClientStream.header}. */
  readonly header: Promise<Metadata>;
  /** As {@linkcode ClientStream.trailer}. */
  readonly trailer: Promise<Metadata>;
  /** The one response, as soon as it has come: leaving the scope then cancels nothing. Rejects with the stream's error, or 12001 where the server ended without a response. */
  readonly response: Promise<Res>;
}

/** The {@linkcode ClientStream} over a call. */
export class BidirectionalStream<Req, Res> implements ClientStream<Req, Res> {
  readonly #call: OpenedCall;
  readonly #request: Codec<Req>;
  readonly #response: Codec<Res>;
  #reader: Reading<Res> | undefined;
  #writer: Writing<Req> | undefined;

  constructor(call: OpenedCall, request: Codec<Req>, response: Codec<Res>) {
    this.#call = call;
    this.#request = request;
    this.#response = response;
  }

  /** The call behind a stream of the library's own; `undefined` for anybody else's. */
  static callOf(stream: object): OpenedCall | undefined {
    return #call in stream ? stream.#call : undefined;
  }

  get readable(): ReadableStream<Res> {
    return (this.#reader ??= this.#call.reader(this.#response)).readable;
  }

  get writable(): WritableStream<Req> {
    return (this.#writer ??= this.#call.writer(this.#request)).writable;
  }

  get header(): Promise<Metadata> {
    return this.#call.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#call.trailer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#call.dispose();
    return Promise.resolve();
  }
}

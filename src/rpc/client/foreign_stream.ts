import { attempt } from "../../base/inline.ts";
import { decodeReadable, EncodingWriter, readNext } from "../../core/codec_streams.ts";
import type { ClientStream } from "./client_stream.ts";
import { type Codec, rawCodec } from "../../core/codec.ts";
import { handled } from "../../base/handled.ts";
import { dialectOf, type ProtocolName } from "../../core/dialect.ts";
import type { StreamError } from "../../core/errors.ts";
import type { Metadata } from "../../core/metadata.ts";
import type { CallStream, TypedReader, TypedWriter } from "./call_stream.ts";
import { sendUntilClosed } from "./send_until_closed.ts";

/** The stream of a call that is not the library's own: one that an opener of the user's has made or wrapped. */
export class ForeignStream implements CallStream {
  readonly #stream: ClientStream;

  constructor(stream: ClientStream) {
    this.#stream = stream;
  }

  get protocol(): ProtocolName {
    return this.#stream.protocol;
  }

  get header(): Promise<Metadata> {
    return this.#stream.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#stream.trailer;
  }

  get closed(): Promise<void> {
    return this.#stream.closed;
  }

  reader<T>(codec: Codec<T>): TypedReader<T> {
    const readable = decodeReadable(this.#stream.readable, codec);
    return {
      readable,
      iterate: () => readable.values(),
      next: () => readNext(readable),
      discard: () => {
        dropRest(readable);
      },
    };
  }

  writer<T>(codec: Codec<T>): TypedWriter<T> {
    const writer = new EncodingWriter(this.#stream.writable, codec);
    return {
      get writable() {
        return writer.writable;
      },
      sendFor: (message) =>
        handled(writer.closed ? Promise.reject(this.#closedSend()) : writer.send(message)),
      sendAll: (source) =>
        sendUntilClosed(source, this.closed, {
          halfClosed: writer.closed,
          send: (message) => writer.send(message),
          close: () => writer.close(),
          closedSend: () => this.#closedSend(),
          sourceThrew: (error) => writer.abort(error),
        }),
    };
  }

  request(payload: Uint8Array): void {
    const writer = new EncodingWriter<Uint8Array>(this.#stream.writable, rawCodec);
    // A stream that fails says so to its reader; one that could not be asked would leave that waiting.
    writer.send(payload).then(() => writer.close()).catch((error) => this.cancel(error));
  }

  #closedSend(): StreamError {
    return dialectOf(this.protocol).closedSend({ side: "client" });
  }

  closeSend(): void {
    // What the user has written and closed is the wrapping's to send; a lock of theirs is not the library's to break.
  }

  cancel(reason: unknown): Promise<void> {
    return handled(attempt(() => this.#stream.cancel(reason)));
  }

  async dispose(): Promise<void> {
    try {
      await this.#stream[Symbol.asyncDispose]();
    } catch {
      // What it rejects with is the wrapping's own: the end of the scope stays the library's.
    }
  }
}

/** Reads on and forgets: cancelling would cancel the stream. */
export async function dropRest(readable: ReadableStream<unknown>): Promise<void> {
  try {
    await readable.pipeTo(new WritableStream());
  } catch {
    // It has given what was wanted of it; how it ended `trailer` tells.
  }
}

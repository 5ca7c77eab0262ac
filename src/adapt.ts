import type { Bytes } from "./buffer.ts";
import { type Codec, payloadOf } from "./codec.ts";
import { HandledReadable, HandledWritable } from "./handled_streams.ts";
import { presentable } from "./reason.ts";

/**
 * Messages of a stream of bytes that is not the library's own: one that middleware or an opener has wrapped. It
 * costs a hop that the library's own streams do without.
 */
export function decodeReadable<T>(readable: ReadableStream<Bytes>, codec: Codec<T>): ReadableStream<T> {
  const reader = readable.getReader();
  return new HandledReadable<T>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      try {
        controller.enqueue(codec.decode(value));
      } catch (thrown) {
        const error = presentable(thrown);
        // Told below as well, so that the peer hears why; its own failure to hear it is not this reader's.
        reader.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Where messages go to a stream of bytes that is not the library's own: through its WritableStream, whatever that is. */
export class EncodingWriter<T> {
  readonly #bytes: WritableStream<Uint8Array>;
  readonly #codec: Codec<T>;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #writable: WritableStream<T> | undefined;

  constructor(bytes: WritableStream<Uint8Array>, codec: Codec<T>) {
    this.#bytes = bytes;
    this.#codec = codec;
  }

  /** The messages as a WritableStream, made when first asked for. */
  get writable(): WritableStream<T> {
    return this.#writable ??= new HandledWritable<T>({
      start: ({ signal }) => {
        // While a write waits, abort() reaches the sink through this signal alone; the write below ends with it.
        signal.addEventListener("abort", () => this.abort(signal.reason), { once: true });
      },
      write: (message) => this.send(message),
      close: () => this.close(),
      abort: (reason) => this.#bytesWriter.abort(reason),
    });
  }

  /** Sends a message. One that cannot be encoded ends the stream, so that the peer hears why. */
  async send(message: T): Promise<void> {
    let payload: Uint8Array;
    try {
      payload = payloadOf(this.#codec, message);
    } catch (thrown) {
      const error = presentable(thrown);
      this.abort(error);
      throw error;
    }
    await this.#bytesWriter.write(payload);
  }

  close(): Promise<void> {
    return this.#bytesWriter.close();
  }

  abort(reason: unknown): void {
    this.#bytesWriter.abort(presentable(reason)).catch(() => {
      // Errored already, which whoever writes is told.
    });
  }

  get #bytesWriter(): WritableStreamDefaultWriter<Uint8Array> {
    return this.#writer ??= this.#bytes.getWriter();
  }
}

import { attempt } from "../base/inline.ts";
import type { Bytes } from "../base/buffer.ts";
import { type Codec, payloadOf } from "./codec.ts";
import { handled } from "../base/handled.ts";
import { HandledReadable, HandledWritable } from "../base/handled_streams.ts";
import { presentable } from "../base/reason.ts";
import { WriteQueue } from "./write_queue.ts";

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

/** Reads a message and keeps no lock. */
export async function readNext<T>(readable: ReadableStream<T>): Promise<IteratorResult<T, undefined>> {
  const reader = readable.getReader();
  try {
    const { done, value } = await reader.read();
    return done ? { done, value: undefined } : { done, value };
  } finally {
    reader.releaseLock();
  }
}

/** Writes a message and keeps no lock: whoever else holds it says so, and nobody else is kept from writing. */
export function writeTo<T>(writable: WritableStream<T>, message: T): Promise<void> {
  return handled(attempt(() => {
    const writer = writable.getWriter();
    try {
      return handled(writer.write(message));
    } finally {
      writer.releaseLock();
    }
  }));
}

/** Where messages go to a stream of bytes that is not the library's own: through its WritableStream, whatever that is. */
export class EncodingWriter<T> {
  readonly #bytes: WritableStream<Uint8Array>;
  readonly #codec: Codec<T>;
  /** What `writable` has been given and has not been sent. */
  #queue: WriteQueue | undefined;
  #writable: WritableStream<T> | undefined;
  #closed = false;

  constructor(bytes: WritableStream<Uint8Array>, codec: Codec<T>) {
    this.#bytes = bytes;
    this.#codec = codec;
  }

  /** Whether what is written to has been told that nothing more comes. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The messages as a WritableStream, made when first asked for. */
  get writable(): WritableStream<T> {
    return this.#writable ??= this.#makeWritable(this.#queue ??= new WriteQueue());
  }

  #makeWritable(queue: WriteQueue): WritableStream<T> {
    return new HandledWritable<T>({
      start: ({ signal }) => {
        // While a write waits, abort() reaches the sink through this signal alone; the write below ends with it.
        signal.addEventListener("abort", () => this.abort(signal.reason), { once: true });
      },
      write: async (message) => {
        try {
          await this.#send(message);
        } catch (error) {
          queue.drop();
          throw error;
        }
        queue.take();
      },
      close: () => this.close(),
      abort: (reason) => this.#bytes.abort(reason),
    }, {
      highWaterMark: 1,
      size: () => {
        queue.give();
        return 1;
      },
    });
  }

  /** Sends a message, behind those that `writable` has. One that cannot be encoded ends the stream, so that the peer hears why. */
  send(message: T): Promise<void> {
    const queue = this.#queue;
    if (queue === undefined || queue.size === 0) return this.#send(message);
    return new Promise((resolve) => queue.after(() => resolve(this.#send(message))));
  }

  async #send(message: T): Promise<void> {
    let payload: Uint8Array;
    try {
      payload = payloadOf(this.#codec, message);
    } catch (thrown) {
      const error = presentable(thrown);
      this.abort(error);
      throw error;
    }
    await writeTo(this.#bytes, payload);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return this.#bytes.close();
  }

  /**
   * Whoever writes has ended: what is left goes, and what the bytes are piped through hears that no more comes. The
   * library's own side hears it from the stream.
   */
  async finish(): Promise<void> {
    const queue = this.#queue;
    if (queue !== undefined && queue.size > 0) await new Promise<void>((resolve) => queue.after(resolve));
    if (this.#bytes instanceof HandledWritable || this.#bytes.locked) return;
    await this.close();
  }

  abort(reason: unknown): void {
    this.#queue?.drop();
    attempt(() => this.#bytes.abort(presentable(reason))).catch(() => {
      // Errored already, which whoever writes is told.
    });
  }
}

import type { Bytes } from "./buffer.ts";
import { type Codec, payloadOf } from "./codec.ts";

/**
 * Messages of a stream of bytes that is not the library's own: one that middleware or an opener has wrapped. It
 * costs a hop that the library's own streams do without.
 */
export function decodeReadable<T>(readable: ReadableStream<Bytes>, codec: Codec<T>): ReadableStream<T> {
  const reader = readable.getReader();
  return new ReadableStream<T>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      try {
        controller.enqueue(codec.decode(value));
      } catch (error) {
        // Told below as well, so that the peer hears why; its own failure to hear it is not this reader's.
        reader.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** Where messages go to a stream of bytes that is not the library's own. */
export function encodeWritable<T>(writable: WritableStream<Uint8Array>, codec: Codec<T>): WritableStream<T> {
  const writer = writable.getWriter();
  return new WritableStream<T>({
    start(controller) {
      const { signal } = controller;
      // While a write waits, abort() reaches the sink through this signal alone; the write below ends with it.
      signal.addEventListener("abort", () => writer.abort(signal.reason).catch(() => {}), { once: true });
    },
    async write(message) {
      let payload: Uint8Array;
      try {
        payload = payloadOf(codec, message);
      } catch (error) {
        // Told below as well, so that the peer hears why; its own failure to hear it is not this writer's.
        writer.abort(error).catch(() => {});
        throw error;
      }
      await writer.write(payload);
    },
    close: () => writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}

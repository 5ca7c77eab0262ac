import { decodeReadable, encodeWritable } from "../adapt.ts";
import type { ClientStream } from "./client_stream.ts";
import type { Codec } from "../codec.ts";
import type { Metadata } from "../metadata.ts";
import type { OpenedCall, Reading, Writing } from "./opened_call.ts";

/** A call over a stream that an opener of the user's own has wrapped. */
export class WrappedCall implements OpenedCall {
  readonly #stream: ClientStream;

  constructor(stream: ClientStream) {
    this.#stream = stream;
  }

  get header(): Promise<Metadata> {
    return this.#stream.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#stream.trailer;
  }

  reader<T>(codec: Codec<T>): Reading<T> {
    const readable = decodeReadable(this.#stream.readable, codec);
    return {
      readable,
      iterate: () => readable.values(),
      next: async () => {
        const reader = readable.getReader();
        try {
          const { done, value } = await reader.read();
          return done ? { done, value: undefined } : { done, value };
        } finally {
          reader.releaseLock();
        }
      },
      discard: () => {
        drop(readable);
      },
    };
  }

  writer<T>(codec: Codec<T>): Writing<T> {
    return { writable: encodeWritable(this.#stream.writable, codec) };
  }

  request(payload: Uint8Array): void {
    const writer = this.#stream.writable.getWriter();
    // A stream that fails says so to its reader.
    writer.write(payload).then(() => writer.close()).catch(() => {});
  }

  closeSend(): void {
    // What the user has written and closed is the wrapping's to send; a lock of theirs is not the library's to break.
  }

  dispose(): void {
    // What it rejects with is the wrapping's own: the promise of the scope's end stays the library's.
    this.#stream[Symbol.asyncDispose]().then(undefined, () => {});
  }
}

/** Reads on and forgets: cancelling would cancel the stream. */
async function drop(readable: ReadableStream<unknown>): Promise<void> {
  try {
    await readable.pipeTo(new WritableStream());
  } catch {
    // It has given what was wanted of it; how it ended `trailer` tells.
  }
}

import { handled } from "./handled.ts";
import { presentable } from "./reason.ts";

/**
 * A WritableStream whose rejections end no process: a stream may end between two writes, and `await writer.ready;
 * writer.write(…)`, as MDN shows it, leaves that write's promise alone. Whoever awaits one still sees it reject.
 */
export class HandledWritable<T> extends WritableStream<T> {
  override getWriter(): WritableStreamDefaultWriter<T> {
    return new HandledWriter(this);
  }

  override close(): Promise<void> {
    return handled(super.close());
  }

  override abort(reason?: unknown): Promise<void> {
    return handled(super.abort(presentable(reason)));
  }
}

/** The platform marks `closed` and `ready` itself. */
class HandledWriter<T> extends WritableStreamDefaultWriter<T> {
  override write(message?: T): Promise<void> {
    return handled(super.write(message));
  }

  override close(): Promise<void> {
    return handled(super.close());
  }

  override abort(reason?: unknown): Promise<void> {
    return handled(super.abort(presentable(reason)));
  }
}

/** A ReadableStream whose rejections end no process. Whoever awaits one still sees it reject. */
export class HandledReadable<T> extends ReadableStream<T> {
  override getReader(options: { mode: "byob" }): ReadableStreamBYOBReader;
  override getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<T>;
  override getReader(
    options?: { mode?: "byob" | undefined },
  ): ReadableStreamBYOBReader | ReadableStreamDefaultReader<T> {
    if (options?.mode !== undefined) return super.getReader({ mode: options.mode });
    return new HandledReader<T>(this);
  }

  override cancel(reason?: unknown): Promise<void> {
    return handled(super.cancel(presentable(reason)));
  }

  override pipeTo(destination: WritableStream<T>, options?: StreamPipeOptions): Promise<void> {
    return handled(super.pipeTo(destination, options));
  }

  override values(options?: ReadableStreamIteratorOptions): AsyncIterableIterator<T> {
    const iterator = super.values(options);
    const { next, return: leave } = iterator;
    return Object.assign(iterator, {
      next: () => handled(next.call(iterator)),
      ...(leave === undefined ? {} : { return: (value?: unknown) => handled(leave.call(iterator, value)) }),
    });
  }

  override [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): AsyncIterableIterator<T> {
    return this.values(options);
  }
}

/** The platform marks `closed` itself. */
class HandledReader<T> extends ReadableStreamDefaultReader<T> {
  override read(): Promise<ReadableStreamReadResult<T>> {
    return handled(super.read());
  }

  override cancel(reason?: unknown): Promise<void> {
    return handled(super.cancel(presentable(reason)));
  }
}

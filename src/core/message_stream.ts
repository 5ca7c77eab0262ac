import { HandledReadable } from "../base/handled_streams.ts";

/** What a {@linkcode MessageStream}'s own iteration runs on; `undefined` where the platform's has to do. */
export type StraightIteration<T> = () => AsyncIterableIterator<T> | undefined;

/**
 * A ReadableStream whose iteration takes the messages from where they wait, instead of through the stream's own queue:
 * a third of the platform's time for the loop that most programs write. In all else it is the platform's.
 *
 * Such an iteration locks the stream. The lock is given back when somebody next uses the stream, and mostly nobody does:
 * a `releaseLock()` makes an error and rejects a promise, which is a third of what a short stream costs at the server.
 */
export class MessageStream<T> extends HandledReadable<T> {
  readonly #straight: StraightIteration<T>;
  #lock: ReadableStreamDefaultReader<T> | undefined;
  #iterating = false;

  constructor(source: UnderlyingDefaultSource<T>, straight: StraightIteration<T>) {
    super(source, { highWaterMark: 0 });
    this.#straight = straight;
  }

  /**
   * Locks `stream` for an iteration.
   *
   * @throws {TypeError} If it is locked.
   */
  static lock<T>(stream: MessageStream<T>): void {
    stream.#lock = stream.getReader();
    stream.#iterating = true;
  }

  /** Cancels `stream` in the name of the iteration that holds it. */
  static async cancel<T>(stream: MessageStream<T>, reason: unknown): Promise<void> {
    await stream.#lock?.cancel(reason);
  }

  /** The iteration is over. */
  static unlock<T>(stream: MessageStream<T>): void {
    stream.#iterating = false;
  }

  override get locked(): boolean {
    this.#release();
    return super.locked;
  }

  override values(options?: ReadableStreamIteratorOptions): AsyncIterableIterator<T> {
    this.#release();
    // Who wants to read on after the loop gets the platform's iterator.
    return (options?.preventCancel ? undefined : this.#straight()) ?? super.values(options);
  }

  override [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): AsyncIterableIterator<T> {
    return this.values(options);
  }

  override getReader(options: { mode: "byob" }): ReadableStreamBYOBReader;
  override getReader(options?: { mode?: undefined }): ReadableStreamDefaultReader<T>;
  override getReader(
    options?: { mode?: "byob" | undefined },
  ): ReadableStreamBYOBReader | ReadableStreamDefaultReader<T> {
    this.#release();
    return options?.mode === undefined ? super.getReader() : super.getReader({ mode: options.mode });
  }

  override cancel(reason?: unknown): Promise<void> {
    this.#release();
    return super.cancel(reason);
  }

  override pipeThrough<R>(
    transform: { writable: WritableStream<T>; readable: ReadableStream<R> },
    options?: StreamPipeOptions,
  ): ReadableStream<R> {
    this.#release();
    return super.pipeThrough(transform, options);
  }

  override pipeTo(destination: WritableStream<T>, options?: StreamPipeOptions): Promise<void> {
    this.#release();
    return super.pipeTo(destination, options);
  }

  override tee(): [ReadableStream<T>, ReadableStream<T>] {
    this.#release();
    return super.tee();
  }

  #release(): void {
    if (this.#iterating || this.#lock === undefined) return;
    this.#lock.releaseLock();
    this.#lock = undefined;
  }
}

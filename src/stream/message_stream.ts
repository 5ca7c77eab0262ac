/** What a `for await` over a {@linkcode MessageStream} runs on; `undefined` where the stream's own state counts. */
export type StraightIteration<T> = () => AsyncIterableIterator<T> | undefined;

/**
 * A ReadableStream whose iteration takes the messages from where they wait, instead of through the stream's own queue:
 * half the time of the platform's for the loop that most programs write. In all else it is the platform's.
 */
export class MessageStream<T> extends ReadableStream<T> {
  readonly #straight: StraightIteration<T>;

  constructor(source: UnderlyingDefaultSource<T>, straight: StraightIteration<T>) {
    super(source, { highWaterMark: 0 });
    this.#straight = straight;
  }

  override values(options?: ReadableStreamIteratorOptions): AsyncIterableIterator<T> {
    // Who wants to read on after the loop gets the platform's iterator.
    return (options?.preventCancel ? undefined : this.#straight()) ?? super.values(options);
  }

  override [Symbol.asyncIterator](options?: ReadableStreamIteratorOptions): AsyncIterableIterator<T> {
    return this.values(options);
  }
}

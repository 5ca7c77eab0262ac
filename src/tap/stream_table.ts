/** So many streams that have ended are remembered: a Trailer may stand behind a Rst, and what was on its way behind both. */
const REMEMBERED_ENDS = 256;

/** What is known of a connection's streams, by their ids: of the open ones, and of those that ended last. */
export class StreamTable<T> {
  readonly #streams = new Map<number, T>();
  /** The oldest first. */
  readonly #ended = new Set<number>();

  /** The stream of an id, for as long as it is remembered. */
  get(id: number): T | undefined {
    return this.#streams.get(id);
  }

  /** A stream has begun. */
  begin(id: number, stream: T): void {
    this.#streams.set(id, stream);
    this.#ended.delete(id);
  }

  /** A stream has ended: it is forgotten when enough others have ended after it. */
  end(id: number): void {
    if (!this.#streams.has(id)) return;
    this.#ended.add(id);
    if (this.#ended.size <= REMEMBERED_ENDS) return;
    const [oldest] = this.#ended;
    if (oldest === undefined) return;
    this.#ended.delete(oldest);
    this.#streams.delete(oldest);
  }
}

import { ByteBuffer, type Bytes } from "../buffer.ts";
import { breathe, nextTick, Pace } from "../turn.ts";

/** Unsent bytes over which messages wait. Large enough that one write keeps the socket busy while the next gathers. */
const CONGESTED_BYTES = 256 * 1024;
/** A buffer that a large message has blown up beyond this is given back. */
const KEPT_BYTES = 1024 * 1024;
/** Enough for a few small frames: most connections never need more at once. */
const INITIAL_BYTES = 4096;

/**
 * Gathers the frames of a turn and sends them in one write.
 *
 * A flush runs when the microtasks at hand have: a stream's Header and its first message leave together, as do the
 * answers to all messages of a chunk, and a socket that takes everything does not turn each frame into a write of its
 * own. While one buffer is being written the other is being filled.
 */
export class Outbox {
  readonly #write: (bytes: Bytes) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #pace = new Pace();
  #buffer = new ByteBuffer(INITIAL_BYTES);
  #spare = new ByteBuffer(INITIAL_BYTES);
  #inFlightBytes = 0;
  #flushing = false;
  #closed = false;
  #waiting: Set<() => void> = new Set();
  #idle: PromiseWithResolvers<void> | undefined;

  /**
   * @param write Sends all the bytes, which are not changed until it has resolved.
   * @param failed Is told when `write` rejects; nothing is sent after that.
   */
  constructor(write: (bytes: Bytes) => Promise<void>, failed: (error: unknown) => void) {
    this.#write = write;
    this.#failed = failed;
  }

  /** Where to append frames. Another one after every flush: do not keep it. */
  get buffer(): ByteBuffer {
    return this.#buffer;
  }

  /** Whether the unsent bytes are over the mark, or nothing is sent any more: whoever writes must not go on as if it were. */
  get congested(): boolean {
    return this.#closed || this.#inFlightBytes + this.#buffer.length > CONGESTED_BYTES;
  }

  /** Sees to it that what has been appended is sent. */
  flush(): void {
    if (this.#closed) {
      this.#buffer.length = 0;
      return;
    }
    if (this.#flushing) return;
    this.#flushing = true;
    this.#pace.begin();
    this.#run();
  }

  /** Calls `wake` once, when no longer congested or closed; not when a write has failed, before the close. */
  wait(wake: () => void): void {
    this.#waiting.add(wake);
  }

  /** Takes a `wait` back. */
  unwait(wake: () => void): void {
    this.#waiting.delete(wake);
  }

  /** Resolves when everything has been sent, or nothing will be. */
  idle(): Promise<void> {
    if (!this.#flushing) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Drops what is unsent and takes nothing more. */
  close(): void {
    this.#closed = true;
    this.#buffer.length = 0;
    this.#wake();
    this.#settleIdle();
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await nextTick();
        if (this.#buffer.length === 0 || this.#closed) return;
        if (this.#pace.due) await breathe();
        const full = this.#buffer;
        this.#buffer = this.#spare;
        this.#spare = full;
        this.#inFlightBytes = full.length;
        await this.#write(full.bytes.subarray(0, full.length));
        this.#inFlightBytes = 0;
        full.length = 0;
        if (full.bytes.length > KEPT_BYTES) this.#spare = new ByteBuffer(INITIAL_BYTES);
        if (!this.congested) this.#wake();
      }
    } catch (error) {
      if (this.#closed) return;
      this.#closed = true;
      this.#buffer.length = 0;
      this.#failed(error);
    } finally {
      this.#flushing = false;
      this.#settleIdle();
    }
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  #settleIdle(): void {
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}

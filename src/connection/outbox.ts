import { ByteBuffer, type Bytes } from "../buffer.ts";
import { breathe, nextTick, onNextTick, Pace } from "../turn.ts";

/** Unsent bytes over which messages wait: a cancel stands behind them. Larger writes are no faster (bench/NOTES.md). */
const CONGESTED_BYTES = 64 * 1024;
/** So many frames of more bytes may wait together: one large frame at a time is slower. */
const FEW_FRAMES = 4;
/** With so much gathered a write is early: the peer works on it while the rest of the turn is being gathered. */
const EARLY_BYTES = 32 * 1024;
/** So many early ones in a row: microtasks that always have more to send must not keep everybody else waiting. */
const MAX_EARLY_WRITES = 4;
/** A buffer that a large message has blown up beyond this is given back when nothing more is to be sent. */
const KEPT_BYTES = 1024 * 1024;
/** Enough for a few small frames: most connections never need more at once. */
const INITIAL_BYTES = 4096;

/** What an outbox needs of its socket. */
export interface OutboxSocket {
  /** Sends all the bytes, which are not changed until it has resolved. */
  write(bytes: Bytes): Promise<void>;
  /** Whether more has come than has been read, and it is being read. */
  behind(): boolean;
}

/**
 * Gathers the frames of a turn and sends them in one write.
 *
 * A flush runs when the microtasks at hand have: a stream's Header and its first message leave together, as do the
 * answers to all messages of a chunk, and a socket that takes everything does not turn each frame into a write of its
 * own. Where much is gathered, some of it leaves before. While one buffer is being written the other is being filled.
 */
export class Outbox {
  readonly #socket: OutboxSocket;
  readonly #failed: (error: unknown) => void;
  readonly #pace = new Pace();
  #buffer = new ByteBuffer(INITIAL_BYTES);
  #spare = new ByteBuffer(INITIAL_BYTES);
  #inFlightBytes = 0;
  /** How many frames are in the buffer, or more: an empty flush counts as well. */
  #frames = 0;
  #flushing = false;
  #closed = false;
  #waiting: Set<() => void> = new Set();
  /** Set while the loop gathers and may be told that there is enough. */
  #enough: (() => void) | undefined;
  /** Early writes since the microtasks have last run, the next one included. */
  #early = 0;
  /** Set while the loop rests. */
  #hurry: (() => void) | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  /** @param failed Is told when a write rejects; nothing is sent after that. */
  constructor(socket: OutboxSocket, failed: (error: unknown) => void) {
    this.#socket = socket;
    this.#failed = failed;
  }

  /** Where to append frames. Another one after every flush: do not keep it. */
  get buffer(): ByteBuffer {
    return this.#buffer;
  }

  /** Whether the unsent bytes are over the mark, or nothing is sent any more: whoever writes must not go on as if it were. */
  get congested(): boolean {
    if (this.#closed) return true;
    const unsent = this.#inFlightBytes + this.#buffer.length;
    return unsent > CONGESTED_BYTES && (this.#frames > FEW_FRAMES || unsent > FEW_FRAMES * CONGESTED_BYTES);
  }

  /** Sees to it that what has been appended is sent. */
  flush(): void {
    if (this.#closed) {
      this.#buffer.length = 0;
      return;
    }
    this.#frames++;
    if (this.#flushing) {
      if (this.#buffer.length >= EARLY_BYTES) this.#enough?.();
      return;
    }
    this.#flushing = true;
    this.#pace.begin();
    this.#run();
  }

  /** As {@linkcode flush}, for a frame that begins or ends a stream: it does not wait until a rest is over. */
  flushNow(): void {
    this.flush();
    this.#hurry?.();
  }

  /**
   * Calls `wake` once, when no longer congested or closed; not when a write has failed, before the close. Those who
   * came first go first, and only as many as it takes to be congested again.
   */
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
        await this.#gathered();
        if (this.#buffer.length === 0 || this.#closed) return;
        if (this.#pace.due) await this.#rest();
        // Messages that have come go first, or both peers send faster than they read, and fill up the kernel's buffers.
        else if (this.#socket.behind() && this.congested) continue;
        if (this.#closed) return;
        const full = this.#buffer;
        this.#buffer = this.#spare;
        this.#spare = full;
        this.#inFlightBytes = full.length;
        this.#frames = 0;
        await this.#socket.write(full.bytes.subarray(0, full.length));
        this.#inFlightBytes = 0;
        full.length = 0;
        this.#wake();
      }
    } catch (error) {
      if (this.#closed) return;
      this.#closed = true;
      this.#buffer.length = 0;
      this.#failed(error);
    } finally {
      this.#flushing = false;
      this.#giveBack();
      this.#settleIdle();
    }
  }

  #giveBack(): void {
    if (this.#buffer.bytes.length > KEPT_BYTES) this.#buffer = new ByteBuffer(INITIAL_BYTES);
    if (this.#spare.bytes.length > KEPT_BYTES) this.#spare = new ByteBuffer(INITIAL_BYTES);
  }

  /** Resolves when the microtasks at hand have run, or, a few times in a row, when there is enough for an early write. */
  #gathered(): Promise<void> {
    if (this.#early === MAX_EARLY_WRITES || this.#socket.behind()) {
      this.#early = 0;
      return nextTick();
    }
    return new Promise((resolve) => {
      this.#enough = resolve;
      this.#early++;
      onNextTick(() => {
        this.#early = 0;
        resolve();
      });
    });
  }

  /** Lets the event loop turn. */
  async #rest(): Promise<void> {
    const hurry = new Promise<void>((resolve) => this.#hurry = resolve);
    await Promise.race([breathe(), hurry]);
    this.#hurry = undefined;
  }

  #wake(): void {
    // Whoever waits again meanwhile has another turn.
    let left = this.#waiting.size;
    for (const wake of this.#waiting) {
      if (left === 0 || (this.congested && !this.#closed)) return;
      left--;
      this.#waiting.delete(wake);
      wake();
    }
  }

  #settleIdle(): void {
    this.#idle?.resolve();
    this.#idle = undefined;
  }
}

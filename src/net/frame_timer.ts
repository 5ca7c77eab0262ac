import { setTimer, type Timer } from "./event_loop.ts";

/**
 * Tells when a frame that has begun takes too long to end. One timer serves all frames: it is not set anew for each
 * chunk, but looks at the clock when it fires.
 */
export class FrameTimer {
  readonly #timeoutMs: number;
  readonly #timedOut: () => void;
  #timer: Timer;
  /** When the unfinished frame began, in `performance.now()`'s milliseconds; `undefined` between frames. */
  #began: number | undefined;

  /** @param timeoutMs Milliseconds; 0 is for ever. */
  constructor(timeoutMs: number, timedOut: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#timedOut = timedOut;
  }

  /**
   * After each chunk.
   *
   * @param frameEnded Whether a frame has ended in the chunk: what is pending then began with it.
   */
  see(pendingBytes: number, frameEnded: boolean): void {
    if (this.#timeoutMs === 0) return;
    if (pendingBytes === 0) {
      this.#began = undefined;
      return;
    }
    if (frameEnded || this.#began === undefined) this.#began = performance.now();
    this.#timer ??= setTimer(() => this.#look(), this.#timeoutMs);
  }

  /** Forgets the unfinished frame. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#began = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#began === undefined) return;
    const left = this.#began + this.#timeoutMs - performance.now();
    if (left > 0) this.#timer = setTimer(() => this.#look(), left);
    else this.#timedOut();
  }
}

import process from "node:process";
import { setImmediate } from "node:timers";

/** After the microtasks and I/O callbacks at hand: what was sent until then leaves in one write. */
export function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** How long, in milliseconds, work may go on without the event loop seeing to timers. */
const MAX_BUSY_MS = 4;

/**
 * Keeps timers and cancels punctual: reads and writes that complete at once run on in microtasks, and the event
 * loop would not come to its timers for tens of milliseconds.
 */
export class Pace {
  #since = performance.now();

  /** Whether it is time to let the event loop turn; call {@linkcode breathe} then. */
  get due(): boolean {
    return performance.now() - this.#since > MAX_BUSY_MS;
  }

  /** Lets the event loop turn once. */
  async breathe(): Promise<void> {
    // setImmediate costs 4 µs where setTimeout(0) costs 2 ms, and timers run before it (measured on Deno 2.9).
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/** A timer that runs. */
export type Timer = ReturnType<typeof setTimeout>;

/** The longest delay that `setTimeout` takes, 24.8 days: it fires at once beyond that. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** As `setTimeout`, but a delay beyond its longest never fires, and sets nothing. */
export function startTimer(task: () => void, ms: number): Timer | undefined {
  return ms > MAX_TIMER_MS ? undefined : setTimeout(task, ms);
}

/** Waits for `work`, but no longer than `ms` milliseconds. */
export async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

import { handled } from "../base/handled.ts";
import { show } from "../base/format.ts";

/** What `sendAll` takes the messages from. A string is none: its characters are never what was meant. */
export type MessageSource<T> = (object & Iterable<T>) | AsyncIterable<T> | ReadableStream<T>;

/** The sending side of a stream, as {@linkcode sendAll} uses it. */
export interface Sender<T> {
  /** Whether nothing can be sent any more. A method: an object with a getter of its own is slow to make. */
  ended(): boolean;
  /** Sends a message; a promise where it has to wait. */
  send(message: T): Promise<void> | undefined;
  /** Calls `task` once, when nothing can be sent any more. @returns A function that takes it back. */
  whenEnded(task: () => void): () => void;
  /** The source has failed: the stream ends for that. */
  sourceThrew(error: unknown): void;
}

/** A sending side whose user waits for `sendAll`. */
export interface UsersSender<T> extends Sender<T> {
  /** What a write rejects with after the end. */
  endError(): unknown;
}

type Next<T> = IteratorResult<T, unknown> | ReadableStreamReadResult<T>;

/** What gives the messages, and how to stop it. */
interface Pump<T> {
  next(): Promise<Next<T>> | Next<T>;
  /** Tells the source that no more is wanted, also while a `next()` waits. */
  stop(): void;
  /** Nothing more comes: the source is its owner's again. */
  release?(): void;
}

/**
 * Sends all that a source gives, each message when the connection takes it. When the stream ends first, the source is
 * told so. A generator in an `await` of its own comes to its `finally` only after it, and is waited for.
 *
 * @returns Whether all has been sent; false where the stream has ended before.
 * @throws (rejects) The source's own error; what `send` throws.
 */
export async function sendAll<T>(source: MessageSource<T>, sender: Sender<T>): Promise<boolean> {
  const pump = pumpOf(source, (error) => sender.sourceThrew(error));
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    pump.stop();
  };
  if (sender.ended()) {
    stop();
    return false;
  }
  let asking = false;
  const takeBack = sender.whenEnded(stop);
  try {
    for (;;) {
      asking = true;
      const next = await pump.next();
      asking = false;
      if (next.done) break;
      if (sender.ended()) return false;
      const sending = sender.send(next.value);
      if (sending !== undefined) await sending;
    }
    stopped = true;
    pump.release?.();
    return !sender.ended();
  } finally {
    takeBack();
    // A source that throws is through, and not told to stop.
    if (!asking) stop();
  }
}

/**
 * {@linkcode sendAll} for users: it rejects where the stream has ended before the source, at once, and the stream ends
 * where the source throws. Its rejection ends no process.
 */
export function sendAllFor<T>(source: MessageSource<T>, sender: UsersSender<T>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const takeBack = sender.ended() ? undefined : sender.whenEnded(() => reject(sender.endError()));
  sendAll(source, sender).then((all) => {
    if (all) resolve();
    else reject(sender.endError());
  }, (error) => {
    // First, since the end that follows would reject it with its own error.
    reject(error);
    // A failing write has ended the stream already.
    if (!sender.ended()) sender.sourceThrew(error);
  }).finally(takeBack);
  return handled(promise);
}

function pumpOf<T>(source: MessageSource<T>, failed: (error: unknown) => void): Pump<T> {
  if (source instanceof ReadableStream) {
    // Its iterator's return() would wait behind a read that waits; a reader's cancel() does not.
    const reader = source.getReader();
    return {
      next: () => reader.read(),
      stop: () => void reader.cancel().catch(failed),
      release: () => reader.releaseLock(),
    };
  }
  const iterator = iteratorOf(source);
  return {
    next: () => iterator.next(),
    stop: () => {
      (async () => await iterator.return?.())().catch(failed);
    },
  };
}

/** @throws {TypeError} If the source is none; a string is none, its characters are never what was meant. */
function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  if (typeof source === "object" && source !== null) {
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
    if (Symbol.iterator in source) return source[Symbol.iterator]();
  }
  throw new TypeError(
    `messages must come from an iterable, an async iterable or a ReadableStream, got ${show(source)}`,
  );
}

import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import { show } from "../base/format.ts";
import { reasonText } from "../base/reason.ts";
import { type Codec, payloadOf } from "./codec.ts";
import type { Addr } from "../net/address.ts";
import type { Side } from "./errors.ts";
import type { Metadata } from "./metadata.ts";
import type { Observer, StreamEnd, StreamEvents, StreamInfo } from "./observer.ts";

/** Takes what an observer has thrown. */
type Report = (error: unknown) => void;

/** Where what has come is handed out: see `StreamSink.defer`. */
interface Deferring {
  defer(task: () => void): void;
}

/** A stream that has begun: its address may be known later. */
export type OpenedStream = Omit<StreamInfo, "remoteAddr"> & { remoteAddr?: Addr | undefined };

/** The observers of a connection, a pool or a server. */
export class Observers {
  readonly #observers: readonly Observer[];
  /** Those that have thrown: one is reported once. */
  readonly #reported: Set<Observer> = new Set();

  constructor(observers: readonly Observer[]) {
    this.#observers = observers;
  }

  /** Tells them of a stream. @returns Nothing where none of them wants to hear more. */
  opened(info: OpenedStream, report: Report): Observation | undefined {
    const watchers: Watcher[] = [];
    for (const observer of this.#observers) {
      const threw = (error: unknown) => {
        if (this.#reported.has(observer)) return;
        this.#reported.add(observer);
        report(error);
      };
      try {
        const events: unknown = observer.opened?.(info);
        if (isEvents(events)) watchers.push({ events, threw });
        else if (events !== undefined) {
          watch(events, threw);
          throw new TypeError(`opened must return StreamEvents or nothing, got ${show(events)}`);
        }
      } catch (error) {
        threw(error);
      }
    }
    return watchers.length === 0 ? undefined : new Observation(info, watchers);
  }
}

/**
 * Checks what a user gave as observers.
 *
 * @throws {TypeError} If it is no array, or one of them is none.
 */
export function observersOf(given: readonly Observer[] | undefined): Observers | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) throw new TypeError(`observers must be an array, got ${show(given)}`);
  given.forEach((observer: unknown, i) => {
    if (typeof observer === "object" && observer !== null) {
      if (!("opened" in observer) || typeof observer.opened === "function") return;
    }
    throw new TypeError(`observers[${i}] must be an object with a function opened, got ${show(observer)}`);
  });
  return given.length === 0 ? undefined : new Observers([...given]);
}

/** What one observer is told of a stream, and where it is told of that it has thrown. */
interface Watcher {
  readonly events: StreamEvents;
  readonly threw: Report;
}

/** One stream under observation: counts, and tells its observers, none of whom may harm it. */
export class Observation {
  readonly #info: OpenedStream;
  readonly #side: Side;
  readonly #watchers: readonly Watcher[];
  readonly #began = performance.now();
  readonly #hearsMessages: boolean;
  #firstMessage: number | undefined;
  #sentMessages = 0;
  #receivedMessages = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #ended = false;

  constructor(info: OpenedStream, watchers: readonly Watcher[]) {
    this.#info = info;
    this.#side = info.side;
    this.#watchers = watchers;
    this.#hearsMessages = watchers.some(({ events }) => events.received !== undefined);
  }

  /**
   * Adds the metadata and the metainfo that observers give to what goes out with the header.
   *
   * @param add Returns `header` with it, or throws where the protocol cannot send it.
   */
  withGiven<T>(header: T, add: (header: T, given: Pick<StreamEvents, "metadata" | "metainfo">) => T): T {
    let all = header;
    for (const { events, threw } of this.#watchers) {
      try {
        const { metadata, metainfo } = events;
        if (metadata !== undefined || metainfo !== undefined) all = add(all, { metadata, metainfo });
      } catch (error) {
        threw(error);
      }
    }
    return all;
  }

  /** Calls a handler within what the observers put around it: the first of them is the outermost. */
  run<T>(task: () => T): T {
    return this.#watchers.reduceRight((inner, watcher) => () => runWithin(watcher, inner), task)();
  }

  /** The stream has a connection: the one of the server that has this address. */
  connected(remoteAddr: Addr | undefined): void {
    if (remoteAddr !== undefined) this.#info.remoteAddr = remoteAddr;
  }

  header(metadata: Metadata, sink: Deferring): void {
    sink.defer(() => {
      for (const { events, threw } of this.#watchers) tell(threw, () => events.header?.(metadata));
    });
  }

  sent(bytes: number): void {
    this.#sentMessages++;
    this.#sentBytes += bytes;
    if (this.#side === "server") this.#firstMessage ??= performance.now();
    for (const { events, threw } of this.#watchers) {
      if (events.sent === undefined) continue;
      try {
        watch(events.sent(bytes), threw);
      } catch (error) {
        threw(error);
      }
    }
  }

  received(bytes: number, sink: Deferring): void {
    this.#receivedMessages++;
    this.#receivedBytes += bytes;
    if (this.#side === "client") this.#firstMessage ??= performance.now();
    if (this.#hearsMessages) sink.defer(() => this.#tellReceived(bytes));
  }

  #tellReceived(bytes: number): void {
    for (const { events, threw } of this.#watchers) tell(threw, () => events.received?.(bytes));
  }

  draining(sink: Deferring): void {
    sink.defer(() => {
      for (const { events, threw } of this.#watchers) tell(threw, () => events.draining?.());
    });
  }

  /** The stream has ended; again, nothing. @param error `undefined` where it has ended well. */
  ended(error: unknown, trailer: Metadata | undefined, sink: Deferring): void {
    if (this.#ended) return;
    this.#ended = true;
    const end: StreamEnd = {
      error: error === undefined ? undefined : asError(error),
      trailer,
      durationMs: performance.now() - this.#began,
      firstMessageMs: this.#firstMessage === undefined ? undefined : this.#firstMessage - this.#began,
      sentMessages: this.#sentMessages,
      receivedMessages: this.#receivedMessages,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
    };
    sink.defer(() => {
      for (const { events, threw } of this.#watchers) tell(threw, () => events.ended?.(end));
    });
  }
}

/** Knows how large the message was that it has encoded last. */
export class MeasuringCodec<T> implements Codec<T> {
  readonly #codec: Codec<T>;
  /** The size of the last message, in bytes. */
  bytes = 0;

  constructor(codec: Codec<T>) {
    this.#codec = codec;
  }

  encode(message: T): Uint8Array {
    const payload = payloadOf(this.#codec, message);
    this.bytes = payload.length;
    return payload;
  }

  encodeInto(message: T, buffer: ByteBuffer): void {
    const start = buffer.length;
    if (this.#codec.encodeInto === undefined) buffer.writeBytes(payloadOf(this.#codec, message));
    else this.#codec.encodeInto(message, buffer);
    this.bytes = buffer.length - start;
  }

  decode(payload: Bytes): T {
    return this.#codec.decode(payload);
  }
}

function runWithin<T>({ events, threw }: Watcher, task: () => T): T {
  if (events.run === undefined) return task();
  const results: { readonly value: T }[] = [];
  const once = (): T => {
    const result = results[0] ?? { value: task() };
    if (results.length === 0) results.push(result);
    return result.value;
  };
  try {
    const returned: unknown = events.run(once);
    if (results.length === 0) throw new TypeError("run must call its task before it returns");
    if (isPromise(returned) && returned !== once()) watchBeside(returned, once(), threw);
  } catch (error) {
    threw(error);
  }
  return once();
}

/** A promise of the observer's own around the task's: what that rejects with is not the observer's fault. */
async function watchBeside(returned: PromiseLike<unknown>, task: unknown, threw: Report): Promise<void> {
  const [outer, inner] = await Promise.allSettled([returned, task]);
  if (outer.status === "fulfilled") return;
  if (inner.status === "fulfilled" || inner.reason !== outer.reason) threw(outer.reason);
}

function tell(threw: Report, hook: () => unknown): void {
  try {
    watch(hook(), threw);
  } catch (error) {
    threw(error);
  }
}

/** What a hook returns is nobody's; a promise among it must not end the process. */
function watch(returned: unknown, threw: Report): void {
  if (isPromise(returned)) Promise.resolve(returned).then(undefined, threw);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}

/** An object of hooks: no promise, which an `async opened` would return. */
function isEvents(value: unknown): value is StreamEvents {
  return typeof value === "object" && value !== null && !isPromise(value);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(reasonText(error), { cause: error });
}

import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import { show } from "../base/format.ts";
import { reasonText } from "../base/reason.ts";
import { type Codec, payloadOf } from "./codec.ts";
import type { Addr } from "../net/address.ts";
import type { Dialect, ProtocolName } from "./dialect.ts";
import type { Side } from "./errors.ts";
import { fixedMetadata, type Metadata, type Metainfo } from "./metadata.ts";
import type { Observer, StreamEnd, StreamEvents, StreamInfo } from "./observer.ts";

/** Takes what an observer has thrown. */
type Report = (error: unknown) => void;

/** Where what has come is handed out: see `StreamSink.defer`. */
interface Deferring {
  defer(task: () => void): void;
}

/**
 * A stream that has begun. A class: an object with getters of its own would be one of its own kind to V8, for each stream,
 * and slow to make and to read.
 */
export class OpenedStream implements StreamInfo {
  readonly side: Side;
  readonly protocol: ProtocolName;
  readonly service: string;
  readonly method: string;
  /** May be known later. */
  remoteAddr: Addr | undefined;
  readonly startedAt: number = Date.now();
  readonly #dialect: Dialect;
  readonly #request: { readonly metadata: Metadata };

  /** @param request Its metadata is asked for only when somebody asks here: few do, and gRPC makes a map for them. */
  constructor(
    { side, service, method }: Pick<StreamInfo, "side" | "service" | "method">,
    dialect: Dialect,
    request: { readonly metadata: Metadata },
    remoteAddr: Addr | undefined,
  ) {
    this.side = side;
    this.protocol = dialect.name;
    this.service = service;
    this.method = method;
    this.remoteAddr = remoteAddr;
    this.#dialect = dialect;
    this.#request = request;
  }

  get metadata(): Metadata {
    const { metadata } = this.#request;
    return this.side === "server" ? fixedMetadata(metadata) : metadata;
  }

  get metainfo(): Metainfo {
    return this.#dialect.metainfoOf(this.#request.metadata);
  }
}

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
      try {
        const events: unknown = observer.opened?.(info);
        if (isEvents(events)) watchers.push({ observer, events });
        else if (events !== undefined) {
          // Rejected or not, what is wrong with it is told below.
          if (isPromise(events)) Promise.resolve(events).catch(() => {});
          throw new TypeError(`opened must return StreamEvents or nothing, got ${show(events)}`);
        }
      } catch (error) {
        this.threw(observer, error, report);
      }
    }
    return watchers.length === 0 ? undefined : new Observation(this, info, watchers, report);
  }

  /** An observer is at fault: the first time that is reported. */
  threw(observer: Observer, error: unknown, report: Report): void {
    if (this.#reported.has(observer)) return;
    this.#reported.add(observer);
    report(error);
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

/** An observer, and what it is to be told of a stream. */
interface Watcher {
  readonly observer: Observer;
  readonly events: StreamEvents;
}

/**
 * One stream under observation: counts, and tells its observers, none of whom may harm it. What it holds is part of what
 * every stream costs while it lives: few objects, no closures but those that are called.
 */
export class Observation {
  readonly #observers: Observers;
  readonly #info: OpenedStream;
  /** None once they have been told of the end: an ended stream that is still referred to keeps nothing of theirs alive. */
  #watchers: readonly Watcher[];
  readonly #report: Report;
  readonly #began = performance.now();
  #firstMessage: number | undefined;
  #sentMessages = 0;
  #receivedMessages = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  /** The sizes of messages that have come, and that observers are told of when what has come is handed out. */
  #untold: number[] | undefined;
  #drained = false;
  #ended = false;

  constructor(observers: Observers, info: OpenedStream, watchers: readonly Watcher[], report: Report) {
    this.#observers = observers;
    this.#info = info;
    this.#watchers = watchers;
    this.#report = report;
  }

  /**
   * Adds the metadata and the metainfo that observers give to what goes out with the header.
   *
   * @param add Returns `header` with it, or throws where the protocol cannot send it.
   */
  withGiven(
    header: Metadata,
    add: (header: Metadata, given: Pick<StreamEvents, "metadata" | "metainfo">) => Metadata,
  ): Metadata {
    let all = header;
    for (const watcher of this.#watchers) {
      try {
        const { metadata, metainfo } = watcher.events;
        if (metadata !== undefined || metainfo !== undefined) all = add(all, { metadata, metainfo });
      } catch (error) {
        this.#threw(watcher, error);
      }
    }
    return all;
  }

  /** Calls a handler within what the observers put around it: the first of them is the outermost. */
  run<T>(task: () => T): T {
    let outer = task;
    for (let i = this.#watchers.length - 1; i >= 0; i--) {
      const watcher = this.#watchers[i];
      if (watcher === undefined || !this.#has(watcher, "run")) continue;
      const inner = outer;
      outer = () => this.#runWithin(watcher, inner);
    }
    return outer();
  }

  #runWithin<T>(watcher: Watcher, task: () => T): T {
    const results: { readonly value: T }[] = [];
    const once = (): T => {
      const result = results[0] ?? { value: task() };
      if (results.length === 0) results.push(result);
      return result.value;
    };
    try {
      const returned: unknown = watcher.events.run?.(once);
      if (results.length === 0) throw new TypeError("run must call its task before it returns");
      if (isPromise(returned) && returned !== once()) this.#watchBeside(watcher, returned, once());
    } catch (error) {
      this.#threw(watcher, error);
    }
    return once();
  }

  /** A promise of the observer's own around the task's: what that rejects with is not the observer's fault. */
  async #watchBeside(watcher: Watcher, returned: PromiseLike<unknown>, task: unknown): Promise<void> {
    const [outer, inner] = await Promise.allSettled([returned, task]);
    if (outer.status === "fulfilled") return;
    if (inner.status === "fulfilled" || inner.reason !== outer.reason) this.#threw(watcher, outer.reason);
  }

  /** The stream has a connection: the one of the server that has this address. */
  connected(remoteAddr: Addr | undefined): void {
    if (remoteAddr !== undefined) this.#info.remoteAddr = remoteAddr;
  }

  header(metadata: Metadata, sink: Deferring): void {
    if (this.#hears("header")) sink.defer(() => this.#tell((events) => events.header?.(metadata)));
  }

  /** The server has begun to shut down; again, nothing. */
  draining(sink: Deferring): void {
    if (this.#drained) return;
    this.#drained = true;
    if (this.#hears("draining")) sink.defer(() => this.#tell((events) => events.draining?.()));
  }

  sent(bytes: number): void {
    this.#sentMessages++;
    this.#sentBytes += bytes;
    if (this.#firstMessage === undefined && this.#info.side === "server") {
      this.#firstMessage = performance.now();
    }
    for (const watcher of this.#watchers) {
      try {
        if (watcher.events.sent !== undefined) this.#watch(watcher, watcher.events.sent(bytes));
      } catch (error) {
        this.#threw(watcher, error);
      }
    }
  }

  received(bytes: number, sink: Deferring): void {
    this.#receivedMessages++;
    this.#receivedBytes += bytes;
    if (this.#firstMessage === undefined && this.#info.side === "client") {
      this.#firstMessage = performance.now();
    }
    if (this.#untold !== undefined) this.#untold.push(bytes);
    else if (this.#hears("received")) {
      this.#untold = [bytes];
      sink.defer(() => this.#tellReceived());
    }
  }

  #tellReceived(): void {
    const sizes = this.#untold ?? [];
    this.#untold = undefined;
    for (const bytes of sizes) {
      for (const watcher of this.#watchers) {
        try {
          if (watcher.events.received !== undefined) this.#watch(watcher, watcher.events.received(bytes));
        } catch (error) {
          this.#threw(watcher, error);
        }
      }
    }
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
      this.#tell((events) => events.ended?.(end));
      this.#watchers = [];
    });
  }

  #hears(event: "header" | "draining" | "received"): boolean {
    for (const watcher of this.#watchers) if (this.#has(watcher, event)) return true;
    return false;
  }

  /** Whether an observer has a hook: to look for it may throw as well. */
  #has(watcher: Watcher, hook: "header" | "draining" | "received" | "run"): boolean {
    try {
      return watcher.events[hook] !== undefined;
    } catch (error) {
      this.#threw(watcher, error);
      return false;
    }
  }

  #tell(event: (events: StreamEvents) => unknown): void {
    for (const watcher of this.#watchers) {
      try {
        this.#watch(watcher, event(watcher.events));
      } catch (error) {
        this.#threw(watcher, error);
      }
    }
  }

  /** What a hook returns is nobody's; a promise among it must not end the process. */
  #watch(watcher: Watcher, returned: unknown): void {
    if (isPromise(returned)) {
      Promise.resolve(returned).then(undefined, (error) => this.#threw(watcher, error));
    }
  }

  #threw({ observer }: Watcher, error: unknown): void {
    this.#observers.threw(observer, error, this.#report);
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

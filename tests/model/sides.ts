import {
  BizStatusError,
  type ClientStream,
  type Handler,
  type MessageSource,
  type ServerStream,
  type StreamOpener,
} from "../../mod.ts";
import type { CallPlan } from "./client_model.ts";
import { type Reason, reasonOf, showError } from "./ends.ts";
import { type Message, METHOD, payloadOf, showPayload } from "./frames.ts";
import type { Ended } from "./ended.ts";
import type { ReadStyle } from "./reader_model.ts";
import type { Finish } from "./server_model.ts";
import type { WriteStyle } from "./writer_model.ts";
import { countingSignal } from "../support/listeners.ts";

type Streaming = Pick<ClientStream, "readable" | "writable" | "send" | "sendAll">;

/** How promises have come out, in the order in which they were made. */
class Outcomes {
  readonly seen: string[] = [];

  note<T>(promise: PromiseLike<T>, show: (value: T) => string = () => "ok"): void {
    const index = this.seen.push("pending") - 1;
    const settle = (line: string) => {
      this.seen[index] = this.seen[index] === "pending" ? line : `${this.seen[index]} AND THEN ${line}`;
    };
    promise.then((value) => settle(show(value)), (error) => settle(`! ${showError(error)}`));
  }
}

/** What both sides do with a stream, and how it came out. */
abstract class Side {
  readonly reads = new Outcomes();
  readonly writes = new Outcomes();
  readonly pumps = new Outcomes();
  /** Promises that must settle in the end, however. */
  readonly others = new Outcomes();
  #next:
    | (() => Promise<IteratorResult<Uint8Array, unknown> | ReadableStreamReadResult<Uint8Array>>)
    | undefined;
  #leave: ((reason: unknown) => Promise<unknown>) | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  constructor(
    private readonly streaming: Streaming,
    private readonly readStyle: ReadStyle,
    private readonly writeStyle: WriteStyle,
  ) {}

  protected abstract iterator(): AsyncIterator<Uint8Array>;

  #begin(): void {
    if (this.#next !== undefined) return;
    if (this.readStyle === "iterator") {
      const iterator = this.iterator();
      this.#next = () => iterator.next();
      this.#leave = () => iterator.return?.() ?? Promise.resolve();
    } else {
      const reader = this.streaming.readable.getReader();
      this.#next = () => reader.read();
      this.#leave = (reason) => reader.cancel(reason);
    }
  }

  read(): void {
    this.#begin();
    const next = this.#next?.();
    if (next === undefined) return;
    this.reads.note(
      next,
      ({ done, value }) => done || !(value instanceof Uint8Array) ? "done" : showPayload(value),
    );
  }

  leave(reason: Reason): void {
    this.#begin();
    const left = this.#leave?.(reasonOf(reason));
    if (left !== undefined) this.others.note(left);
  }

  protected get writer(): WritableStreamDefaultWriter<Uint8Array> {
    return this.#writer ??= this.streaming.writable.getWriter();
  }

  write(message: Message): void {
    const payload = payloadOf(message);
    this.writes.note(this.writeStyle === "send" ? this.streaming.send(payload) : this.writer.write(payload));
  }

  sendAll(kind: "two" | "throws" | "stuck", messages: readonly Message[]): void {
    this.pumps.note(this.streaming.sendAll(sourceOf(kind, messages.map(payloadOf))));
  }

  close(): void {
    this.others.note(this.writer.close());
  }

  abort(reason: Reason): void {
    this.others.note(this.writer.abort(reasonOf(reason)));
  }
}

function sourceOf(
  kind: "two" | "throws" | "stuck",
  payloads: readonly Uint8Array[],
): MessageSource<Uint8Array> {
  switch (kind) {
    case "two":
      return payloads;
    case "stuck":
      return new ReadableStream<Uint8Array>();
    case "throws":
      return (async function* () {
        yield* payloads;
        throw new Error("source");
      })();
  }
}

/** A stream at the client. */
export class ClientSide extends Side {
  readonly #stream: ClientStream;
  readonly #signal = countingSignal();
  readonly #asked: Outcomes[] = [];
  readonly #ended: () => readonly string[];

  constructor(
    { connection, ended }: { readonly connection: StreamOpener; readonly ended: Ended },
    key: number,
    plan: CallPlan,
    parent: ServerStream | undefined,
  ) {
    const { timeoutMs, firstMessageTimeoutMs, recvTimeoutMs, cancelRemoteOnRecvTimeout } = plan;
    const signal = countingSignal();
    if (plan.abortedBefore) signal.controller.abort("enough");
    const stream = connection.openStream({ service: "Test", method: METHOD }, {
      metadata: { k: `${key}` },
      signal: signal.controller.signal,
      parent,
      timeoutMs,
      firstMessageTimeoutMs,
      recvTimeoutMs,
      cancelRemoteOnRecvTimeout,
    });
    super(stream, plan.reads, plan.writes);
    this.#stream = stream;
    this.#signal = signal;
    this.#ended = () => ended.of("client", key);
    if (plan.asks === "early") this.ask();
  }

  /** Asks for what is told beside the messages; each time it must be the same. */
  ask(): void {
    const asked = new Outcomes();
    asked.note<unknown>(this.#stream.header);
    asked.note<unknown>(this.#stream.trailer);
    asked.note(this.#stream.closed);
    this.#asked.push(asked);
  }

  protected override iterator(): AsyncIterator<Uint8Array> {
    return this.#stream[Symbol.asyncIterator]();
  }

  signal(reason: Reason): void {
    this.#signal.controller.abort(reasonOf(reason));
  }

  cancel(reason: Reason): void {
    this.others.note(this.#stream.cancel(reasonOf(reason)));
  }

  dispose(): void {
    this.others.note(this.#stream[Symbol.asyncDispose]());
  }

  get told(): readonly string[][] {
    return this.#asked.map(({ seen }) => seen);
  }

  get seen(): Record<string, unknown> {
    const [header = "", trailer = "", closed = ""] = this.#asked[0]?.seen ?? [];
    return {
      header,
      trailer,
      closed,
      reads: this.reads.seen,
      writes: this.writes.seen,
      pumps: this.pumps.seen,
      listeners: this.#signal.listeners(),
      ended: this.#ended(),
    };
  }
}

/** A stream at the server. */
export class ServerSide extends Side {
  readonly stream: ServerStream;
  readonly aborts: string[] = [];
  readonly errors: string[] = [];
  trailerFaults = 0;
  readonly #returned = Promise.withResolvers<void>();

  constructor(stream: ServerStream, readonly key: number, private readonly ended: Ended) {
    super(stream, key % 2 === 0 ? "iterator" : "reader", key % 4 < 2 ? "send" : "writer");
    this.stream = stream;
    const { signal } = stream;
    if (signal.aborted) this.aborts.push("before the call");
    signal.addEventListener("abort", () => this.aborts.push(showError(signal.reason)));
  }

  get returned(): Promise<void> {
    return this.#returned.promise;
  }

  protected override iterator(): AsyncIterator<Uint8Array> {
    return this.stream.readable[Symbol.asyncIterator]();
  }

  sendHeader(): void {
    this.stream.sendHeader();
  }

  setTrailer(key: string, value: string): void {
    try {
      this.stream.trailer.set(key, value);
    } catch {
      this.trailerFaults++;
    }
  }

  finish(how: Finish): void {
    const { signal } = this.stream;
    if (how === "return") this.#returned.resolve();
    else if (how === "biz") this.#returned.reject(new BizStatusError(7, "no"));
    else this.#returned.reject(how === "own end" && signal.aborted ? signal.reason : new Error("thrown"));
  }

  get seen(): Record<string, unknown> {
    return {
      called: true,
      aborts: this.aborts,
      reads: this.reads.seen,
      writes: this.writes.seen,
      pumps: this.pumps.seen,
      errors: this.errors,
      draining: this.stream.draining.aborted,
      trailerFaults: this.trailerFaults,
      ended: this.ended.of("server", this.key),
    };
  }
}

/** A handler that does what the test says, and where its streams are found. */
export class Handlers {
  readonly sides: Map<number, ServerSide> = new Map();
  readonly calls: number[] = [];

  constructor(private readonly ended: Ended) {}

  readonly handler: Handler = (stream) => {
    const key = Number(stream.metadata.get("k"));
    this.calls.push(key);
    const side = new ServerSide(stream, key, this.ended);
    this.sides.set(key, side);
    return side.returned;
  };

  readonly onError = (error: unknown, stream: ServerStream) => {
    this.sides.get(Number(stream.metadata.get("k")))?.errors.push(showError(error));
  };
}

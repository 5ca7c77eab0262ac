import { decodeReadable, encodeWritable } from "../adapt.ts";
import type { Codec } from "../codec.ts";
import type { Invocation } from "../stream/invocation.ts";
import type { Metadata, Metainfo } from "../metadata.ts";
import { reasonText } from "../reason.ts";
import { HandlerStream, type ServerStream } from "./server_stream.ts";

/** A handler's stream with its messages typed: what the user's method gets, and what the library does with it. */
export interface Exchange {
  /** The stream of bytes it was made from. */
  readonly raw: ServerStream;
  /** The stream for the user's method. */
  readonly stream: ServerStream<unknown, unknown>;
  readonly ended: boolean;
  /** The next request. */
  next(): Promise<IteratorResult<unknown, undefined>>;
  /** Drops the requests that still come. */
  discard(): void;
  /** Sends a response; a promise where it has to wait. */
  send(message: unknown): Promise<void> | undefined;
  /** Calls `task` when the stream ends, instead of any given before. */
  whenEnded(task: (() => void) | undefined): void;
  /** Something of the user's failed that nobody waits for. */
  fail(error: unknown): void;
}

/** Types the messages of a stream: directly for the server's own, by adapters for one that middleware has wrapped. */
export function exchangeOf(raw: ServerStream, request: Codec<unknown>, response: Codec<unknown>): Exchange {
  const invocation = HandlerStream.invocationOf(raw);
  if (invocation === undefined) return new WrappedExchange(raw, request, response);
  return new OwnExchange(raw, invocation, request, response);
}

class OwnExchange implements Exchange {
  readonly raw: ServerStream;
  readonly stream: HandlerStream<unknown, unknown>;
  readonly #invocation: Invocation;

  constructor(
    raw: ServerStream,
    invocation: Invocation,
    request: Codec<unknown>,
    response: Codec<unknown>,
  ) {
    this.raw = raw;
    this.#invocation = invocation;
    this.stream = new HandlerStream(invocation, request, response);
  }

  get ended(): boolean {
    return this.#invocation.ended;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return HandlerStream.readerOf(this.stream).next();
  }

  discard(): void {
    this.#invocation.discard();
  }

  send(message: unknown): Promise<void> | undefined {
    return HandlerStream.writerOf(this.stream).send(message);
  }

  whenEnded(task: (() => void) | undefined): void {
    this.#invocation.onEnd = task;
  }

  fail(error: unknown): void {
    this.#invocation.fail(error);
  }
}

class WrappedExchange implements Exchange {
  readonly raw: ServerStream;
  readonly stream: WrappedStream;
  #writer: WritableStreamDefaultWriter<unknown> | undefined;
  #task: (() => void) | undefined;

  constructor(raw: ServerStream, request: Codec<unknown>, response: Codec<unknown>) {
    this.raw = raw;
    this.stream = new WrappedStream(raw, request, response);
  }

  get ended(): boolean {
    return this.raw.signal.aborted;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    const reader = this.stream.readable.getReader();
    try {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    } finally {
      reader.releaseLock();
    }
  }

  discard(): void {
    this.stream.readable.cancel().catch((error) => this.fail(error));
  }

  send(message: unknown): Promise<void> {
    this.#writer ??= this.stream.writable.getWriter();
    return this.#writer.write(message);
  }

  whenEnded(task: (() => void) | undefined): void {
    const { signal } = this.raw;
    if (this.#task !== undefined) signal.removeEventListener("abort", this.#task);
    this.#task = task;
    if (task !== undefined) signal.addEventListener("abort", task, { once: true });
  }

  fail(error: unknown): void {
    if (!this.ended) console.error(`${this.raw.service}/${this.raw.method}: ${reasonText(error)}`);
  }
}

/** A typed stream over one that is not the server's own. */
class WrappedStream implements ServerStream<unknown, unknown> {
  readonly #raw: ServerStream;
  readonly #request: Codec<unknown>;
  readonly #response: Codec<unknown>;
  #readable: ReadableStream<unknown> | undefined;
  #writable: WritableStream<unknown> | undefined;

  constructor(raw: ServerStream, request: Codec<unknown>, response: Codec<unknown>) {
    this.#raw = raw;
    this.#request = request;
    this.#response = response;
  }

  get service(): string {
    return this.#raw.service;
  }

  get method(): string {
    return this.#raw.method;
  }

  get remoteAddr(): Deno.Addr | undefined {
    return this.#raw.remoteAddr;
  }

  get metadata(): Metadata {
    return this.#raw.metadata;
  }

  get metainfo(): Metainfo {
    return this.#raw.metainfo;
  }

  get readable(): ReadableStream<unknown> {
    return this.#readable ??= decodeReadable(this.#raw.readable, this.#request);
  }

  get writable(): WritableStream<unknown> {
    return this.#writable ??= encodeWritable(this.#raw.writable, this.#response);
  }

  get signal(): AbortSignal {
    return this.#raw.signal;
  }

  get header(): Map<string, string> {
    return this.#raw.header;
  }

  get trailer(): Map<string, string> {
    return this.#raw.trailer;
  }

  sendHeader(): void {
    this.#raw.sendHeader();
  }
}

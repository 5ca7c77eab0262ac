import { attempt } from "../attempt.ts";
import { decodeReadable, EncodingWriter } from "../stream/adapt.ts";
import type { Codec } from "../codec.ts";
import { Description, ErrorCode, streamError } from "../errors.ts";
import { handled } from "../handled.ts";
import type { Invocation } from "../stream/invocation.ts";
import type { Metadata, Metainfo } from "../metadata.ts";
import type { MessageSource, Sender } from "../stream/send_all.ts";
import { sendUntilAborted } from "./send_until_aborted.ts";
import { HandlerStream, invocationBehind, type ServerStream } from "./server_stream.ts";
import { whenAborted } from "./when_aborted.ts";

/** A handler's stream with its messages typed: what the user's method gets, and what the library does with it. */
export interface Exchange extends Sender<unknown> {
  /** The stream of bytes it was made from. */
  readonly raw: ServerStream;
  /** The stream for the user's method. */
  readonly stream: ServerStream<unknown, unknown>;
  /** The next request. */
  next(): Promise<IteratorResult<unknown, undefined>>;
  /** Drops the requests that still come. */
  discard(): void;
  /** The user's method at work: its stream must not be answered before it has returned. */
  running: Promise<void> | undefined;
  /** The user's method has returned: what it has written and not awaited goes. Absent where the stream sees to it. */
  finish?(): Promise<void>;
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

  whenEnded(task: () => void): () => void {
    return this.#invocation.whenEnded(task);
  }

  sourceThrew(error: unknown): void {
    this.#invocation.sourceThrew(error);
  }

  get running(): Promise<void> | undefined {
    return this.#invocation.running;
  }

  set running(running: Promise<void> | undefined) {
    this.#invocation.running = running;
  }
}

class WrappedExchange implements Exchange {
  readonly raw: ServerStream;
  readonly stream: WrappedStream;

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
    this.stream.readable.cancel().catch((error) => this.sourceThrew(error));
  }

  send(message: unknown): Promise<void> {
    return this.stream.send(message);
  }

  whenEnded(task: () => void): () => void {
    return whenAborted(this.raw.signal, task);
  }

  get running(): Promise<void> | undefined {
    return invocationBehind(this.raw)?.running;
  }

  set running(running: Promise<void> | undefined) {
    const invocation = invocationBehind(this.raw);
    if (invocation !== undefined) invocation.running = running;
  }

  sourceThrew(error: unknown): void {
    if (this.ended) return;
    const invocation = invocationBehind(this.raw);
    if (invocation === undefined) handled(attempt(() => this.raw.writable.abort(error)));
    else invocation.sourceThrew(error);
  }

  async finish(): Promise<void> {
    if (this.ended) return;
    try {
      await this.stream.finish();
    } catch (error) {
      // Where the stream has ended meanwhile its own end says why.
      if (!this.ended) throw error;
    }
  }
}

/**
 * A typed stream over one that is not the server's own. Its fields are private by TypeScript's word alone, so that a
 * Proxy around it works.
 */
class WrappedStream implements ServerStream<unknown, unknown> {
  private readonly raw: ServerStream;
  private readonly request: Codec<unknown>;
  private readonly response: Codec<unknown>;
  private reader: ReadableStream<unknown> | undefined;
  private writer: EncodingWriter<unknown> | undefined;

  constructor(raw: ServerStream, request: Codec<unknown>, response: Codec<unknown>) {
    this.raw = raw;
    this.request = request;
    this.response = response;
  }

  get service(): string {
    return this.raw.service;
  }

  get method(): string {
    return this.raw.method;
  }

  get remoteAddr(): Deno.Addr | undefined {
    return this.raw.remoteAddr;
  }

  get metadata(): Metadata {
    return this.raw.metadata;
  }

  get metainfo(): Metainfo {
    return this.raw.metainfo;
  }

  get readable(): ReadableStream<unknown> {
    return this.reader ??= decodeReadable(this.raw.readable, this.request);
  }

  get writable(): WritableStream<unknown> {
    return this.messages.writable;
  }

  private get messages(): EncodingWriter<unknown> {
    return this.writer ??= new EncodingWriter(this.raw.writable, this.response);
  }

  get signal(): AbortSignal {
    return this.raw.signal;
  }

  get draining(): AbortSignal {
    return this.raw.draining;
  }

  get header(): Map<string, string> {
    return this.raw.header;
  }

  get trailer(): Map<string, string> {
    return this.raw.trailer;
  }

  sendHeader(): void {
    this.raw.sendHeader();
  }

  finish(): Promise<void> {
    return this.messages.finish();
  }

  send(message: unknown): Promise<void> {
    return handled(this.messages.closed ? Promise.reject(this.closedSend()) : this.messages.send(message));
  }

  sendAll(source: MessageSource<unknown>): Promise<void> {
    const messages = this.messages;
    return sendUntilAborted(source, this.raw.signal, {
      send: (message) => this.send(message),
      sourceThrew: (error) => {
        // Behind the close there is nothing left that could fail.
        if (!messages.closed) messages.abort(error);
      },
    });
  }

  /** What a send behind the close rejects with: the stream's end where that has come. */
  private closedSend(): unknown {
    if (this.raw.signal.aborted) return this.raw.signal.reason;
    const { service, method } = this;
    return streamError({
      code: ErrorCode.IllegalOperation,
      description: Description.closedSend,
      side: "server",
      service,
      method,
    });
  }
}

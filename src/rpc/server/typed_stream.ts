import type { Addr } from "../../net/address.ts";
import { attempt } from "../../base/inline.ts";
import { decodeReadable, EncodingWriter } from "../../core/codec_streams.ts";
import type { Codec } from "../../core/codec.ts";
import { handled } from "../../base/handled.ts";
import type { ServerSide } from "../../core/server_side.ts";
import { dialectOf, type ProtocolName } from "../../core/dialect.ts";
import type { Metadata, Metainfo } from "../../core/metadata.ts";
import type { MessageSource, Sender } from "../../core/send_all.ts";
import { sendUntilAborted } from "./send_until_aborted.ts";
import { HandlerStream, type ServerStream, sideBehind } from "./server_stream.ts";
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
  const side = HandlerStream.sideOf(raw);
  if (side === undefined) return new WrappedExchange(raw, request, response);
  return new OwnExchange(raw, side, request, response);
}

class OwnExchange implements Exchange {
  readonly raw: ServerStream;
  readonly stream: HandlerStream<unknown, unknown>;
  readonly #side: ServerSide;

  constructor(
    raw: ServerStream,
    side: ServerSide,
    request: Codec<unknown>,
    response: Codec<unknown>,
  ) {
    this.raw = raw;
    this.#side = side;
    this.stream = new HandlerStream(side, request, response);
  }

  get ended(): boolean {
    return this.#side.ended;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return HandlerStream.readerOf(this.stream).next();
  }

  discard(): void {
    this.#side.discard();
  }

  send(message: unknown): Promise<void> | undefined {
    return HandlerStream.writerOf(this.stream).send(message);
  }

  whenEnded(task: () => void): () => void {
    return this.#side.whenEnded(task);
  }

  sourceThrew(error: unknown): void {
    this.#side.sourceThrew(error);
  }

  get running(): Promise<void> | undefined {
    return this.#side.running;
  }

  set running(running: Promise<void> | undefined) {
    this.#side.running = running;
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
    return sideBehind(this.raw)?.running;
  }

  set running(running: Promise<void> | undefined) {
    const side = sideBehind(this.raw);
    if (side !== undefined) side.running = running;
  }

  sourceThrew(error: unknown): void {
    if (this.ended) return;
    const side = sideBehind(this.raw);
    if (side === undefined) handled(attempt(() => this.raw.writable.abort(error)));
    else side.sourceThrew(error);
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

  get protocol(): ProtocolName {
    return this.raw.protocol;
  }

  get remoteAddr(): Addr | undefined {
    return this.raw.remoteAddr;
  }

  get deadline(): number | undefined {
    return this.raw.deadline;
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
    return dialectOf(this.protocol).closedSend({ side: "server", service, method });
  }
}

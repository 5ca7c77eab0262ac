import { DecodedStream } from "./decoded_stream.ts";
import { attempt } from "../../base/inline.ts";
import { readNext } from "../../core/codec_streams.ts";
import { handled } from "../../base/handled.ts";
import type { ServerSide } from "../../core/server_side.ts";
import type { Sender } from "../../core/send_all.ts";
import { SIDE } from "../../core/stream_side.ts";
import {
  HandlerStream,
  RAW_CODECS,
  type ServerStream,
  sideBehind,
  type StreamCodecs,
} from "./server_stream.ts";
import { HandledWritable } from "../../base/handled_streams.ts";
import { whenAborted } from "./when_aborted.ts";

/** A handler's stream with its messages typed: what the user's method gets, and what the library does with it. */
export interface TypedStream extends Sender<unknown> {
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

/** Types the messages of a stream: directly for the library's own, through its web streams for one that middleware has wrapped. */
export function typedStream(
  raw: ServerStream,
  codecs: StreamCodecs<unknown, unknown>,
): TypedStream {
  const side = HandlerStream.sideOf(raw);
  return side === undefined ? new ForeignTypedStream(raw, codecs) : new OwnTypedStream(side, codecs);
}

/** A typed stream that an interceptor has handed on, most of them with a side replaced. @param raw What it was made from. */
export function handedOn(stream: ServerStream<unknown, unknown>, raw: ServerStream): TypedStream {
  return new HandedOnStream(stream, raw);
}

/** A stream may be idle for long: it holds one object beside the one that the user has. */
class OwnTypedStream implements TypedStream {
  readonly stream: HandlerStream<unknown, unknown>;

  constructor(side: ServerSide, codecs: StreamCodecs<unknown, unknown>) {
    this.stream = new HandlerStream(side, codecs);
  }

  /** Another one of bytes, which is the same: nobody has read or written by it. */
  get raw(): ServerStream {
    return new HandlerStream(this.#side, RAW_CODECS);
  }

  get #side(): ServerSide {
    return this.stream[SIDE];
  }

  ended(): boolean {
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

/** A stream of messages that is used through its web streams, since it may not be the library's own. */
abstract class WebTypedStream<S extends ServerStream<unknown, unknown>> implements TypedStream {
  readonly raw: ServerStream;
  readonly stream: S;

  constructor(raw: ServerStream, stream: S) {
    this.raw = raw;
    this.stream = stream;
  }

  ended(): boolean {
    return this.raw.signal.aborted;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return readNext(this.stream.readable);
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
    if (this.ended()) return;
    const side = sideBehind(this.raw);
    if (side === undefined) handled(attempt(() => this.raw.writable.abort(error)));
    else side.sourceThrew(error);
  }

  async finish(): Promise<void> {
    if (this.ended()) return;
    try {
      await this.closeSend();
    } catch (error) {
      // Where the stream has ended meanwhile its own end says why.
      if (!this.ended()) throw error;
    }
  }

  /** Tells whoever the messages are piped through that no more comes. */
  protected abstract closeSend(): Promise<void>;
}

class ForeignTypedStream extends WebTypedStream<DecodedStream> {
  constructor(raw: ServerStream, { request, response }: StreamCodecs<unknown, unknown>) {
    super(raw, new DecodedStream(raw, request, response));
  }

  protected override closeSend(): Promise<void> {
    return this.stream.finish();
  }
}

class HandedOnStream extends WebTypedStream<ServerStream<unknown, unknown>> {
  constructor(stream: ServerStream<unknown, unknown>, raw: ServerStream) {
    super(raw, stream);
  }

  /** A side of the library's own hears it from its stream. */
  protected override async closeSend(): Promise<void> {
    const { writable } = this.stream;
    if (writable instanceof HandledWritable || writable.locked) return;
    await writable.close();
  }
}

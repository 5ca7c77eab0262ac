import { calledOn } from "../../base/called_on.ts";
import type { CallEnds } from "./call_stream.ts";
import { type Call, CallBase, type UnaryCall } from "./client_stream.ts";
import { SIDE } from "../../core/stream_side.ts";
import { Unary } from "./unary.ts";
import { dialectOf, type ProtocolName } from "../../core/dialect.ts";
import type { StreamError } from "../../core/errors.ts";
import type { Metadata } from "../../core/metadata.ts";
import { writeTo } from "../../core/codec_streams.ts";
import { handled } from "../../base/handled.ts";
import type { MessageSource } from "../../core/send_all.ts";
import { sendUntilClosed } from "./send_until_closed.ts";

/** What of a call may be replaced: any of its properties that are no functions. */
export interface CallParts<Req, Res> {
  readonly readable?: ReadableStream<Res> | undefined;
  readonly writable?: WritableStream<Req> | undefined;
  readonly response?: Promise<Res> | undefined;
  readonly header?: Promise<Metadata> | undefined;
  readonly trailer?: Promise<Metadata> | undefined;
  readonly closed?: Promise<void> | undefined;
}

/** Whatever a call of any kind may have. */
export interface AnyCall<Req, Res> extends Call, Partial<AsyncIterable<Res>> {
  readonly readable?: ReadableStream<Res>;
  readonly writable?: WritableStream<Req>;
  readonly response?: Promise<Res>;
  send?(message: Req): Promise<void>;
  sendAll?(source: MessageSource<Req>): Promise<void>;
}

/** The stream of a call, with what tells of it replaced. */
export class ReplacedEnds<Req, Res> implements CallEnds {
  private readonly call: AnyCall<Req, Res>;
  private readonly parts: CallParts<Req, Res>;

  constructor(call: AnyCall<Req, Res>, parts: CallParts<Req, Res>) {
    this.call = call;
    this.parts = parts;
  }

  /** See {@linkcode SIDE}. */
  get [SIDE](): unknown {
    return Reflect.get(this.call, SIDE);
  }

  get protocol(): ProtocolName {
    return this.call.protocol;
  }

  get header(): Promise<Metadata> {
    return this.parts.header ?? this.call.header;
  }

  get trailer(): Promise<Metadata> {
    return this.parts.trailer ?? this.call.trailer;
  }

  get closed(): Promise<void> {
    return this.parts.closed ?? this.call.closed;
  }

  cancel(reason: unknown): Promise<void> {
    return this.call.cancel(reason);
  }

  async dispose(): Promise<void> {
    await this.call[Symbol.asyncDispose]();
  }
}

/** A unary call with some of its parts replaced. */
export function wrapUnary<Res>(call: UnaryCall<Res>, parts: CallParts<never, Res>): UnaryCall<Res> {
  return new Unary(new ReplacedEnds(call, parts), parts.response ?? call);
}

/**
 * A call with some of its parts replaced. What the original has not, it has not either. Its fields are private by
 * TypeScript's word alone, so that a Proxy around it works.
 */
export class WrappedClientCall<Req, Res> extends CallBase<CallEnds> implements AnyCall<Req, Res> {
  private readonly call: AnyCall<Req, Res>;
  private readonly parts: CallParts<Req, Res>;
  /** Whether the writable that was replaced has been closed by `sendAll`. */
  private halfClosed = false;

  constructor(call: AnyCall<Req, Res>, parts: CallParts<Req, Res>) {
    super(new ReplacedEnds(call, parts));
    this.call = call;
    this.parts = parts;
  }

  get readable(): ReadableStream<Res> {
    return found(this.parts.readable ?? this.call.readable, "readable");
  }

  get writable(): WritableStream<Req> {
    return found(this.parts.writable ?? this.call.writable, "writable");
  }

  get response(): Promise<Res> {
    return found(this.parts.response ?? this.call.response, "response");
  }

  private closedSend(): StreamError {
    return dialectOf(this.protocol).closedSend({ side: "client" });
  }

  send(message: Req): Promise<void> {
    const { writable } = calledOn(this, "send").parts;
    if (writable === undefined) return found(this.call.send, "send").call(this.call, message);
    return this.halfClosed ? handled(Promise.reject(this.closedSend())) : writeTo(writable, message);
  }

  sendAll(source: MessageSource<Req>): Promise<void> {
    const { writable } = calledOn(this, "sendAll").parts;
    if (writable === undefined) return found(this.call.sendAll, "sendAll").call(this.call, source);
    return sendUntilClosed(source, this.closed, {
      halfClosed: this.halfClosed,
      closedSend: () => this.closedSend(),
      send: (message) => writeTo(writable, message),
      close: () => {
        this.halfClosed = true;
        return writable.close();
      },
      sourceThrew: (error) => void handled(this.cancel(error)),
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res> | AsyncIterator<Res> {
    const own = this.parts.readable === undefined ? this.call[Symbol.asyncIterator] : undefined;
    return own === undefined ? this.readable.values() : own.call(this.call);
  }
}

function found<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new TypeError(`the call that was wrapped has no ${name}`);
  return part;
}

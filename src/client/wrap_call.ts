import type { ClientCall } from "./client_stream.ts";
import type { Metadata } from "../metadata.ts";
import { writeTo } from "../stream/adapt.ts";
import { handled } from "../handled.ts";
import type { MessageSource } from "../stream/send_all.ts";
import { closedSend, sendUntilClosed } from "./send_until_closed.ts";

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
export interface AnyCall<Req, Res> extends ClientCall, Partial<AsyncIterable<Res>> {
  readonly readable?: ReadableStream<Res>;
  readonly writable?: WritableStream<Req>;
  readonly response?: Promise<Res>;
  send?(message: Req): Promise<void>;
  sendAll?(source: MessageSource<Req>): Promise<void>;
}

/**
 * A call with some of its parts replaced. What the original has not, it has not either. Its fields are private by
 * TypeScript's word alone, so that a Proxy around it works.
 */
export class WrappedClientCall<Req, Res> implements AnyCall<Req, Res> {
  private readonly call: AnyCall<Req, Res>;
  private readonly parts: CallParts<Req, Res>;
  /** Whether the writable that was replaced has been closed by `sendAll`. */
  private halfClosed = false;

  constructor(call: AnyCall<Req, Res>, parts: CallParts<Req, Res>) {
    this.call = call;
    this.parts = parts;
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

  get readable(): ReadableStream<Res> {
    return found(this.parts.readable ?? this.call.readable, "readable");
  }

  get writable(): WritableStream<Req> {
    return found(this.parts.writable ?? this.call.writable, "writable");
  }

  get response(): Promise<Res> {
    return found(this.parts.response ?? this.call.response, "response");
  }

  cancel(reason?: unknown): Promise<void> {
    return this.call.cancel(reason);
  }

  send(message: Req): Promise<void> {
    const { writable } = this.parts;
    if (writable === undefined) return found(this.call.send, "send").call(this.call, message);
    return this.halfClosed ? handled(Promise.reject(closedSend())) : writeTo(writable, message);
  }

  sendAll(source: MessageSource<Req>): Promise<void> {
    const { writable } = this.parts;
    if (writable === undefined) return found(this.call.sendAll, "sendAll").call(this.call, source);
    return sendUntilClosed(source, this.closed, {
      closed: this.halfClosed,
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

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.call[Symbol.asyncDispose]();
  }
}

function found<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new TypeError(`the call that was wrapped has no ${name}`);
  return part;
}

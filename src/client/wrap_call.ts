import type { ClientCall } from "./client_stream.ts";
import { handled } from "../handled.ts";
import type { Metadata } from "../metadata.ts";
import { type MessageSource, sendAllFor } from "../stream/send_all.ts";

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

/** A call with some of its parts replaced. What the original has not, it has not either. */
export class WrappedClientCall<Req, Res> implements AnyCall<Req, Res> {
  readonly #call: AnyCall<Req, Res>;
  readonly #parts: CallParts<Req, Res>;
  #writer: WritableStreamDefaultWriter<Req> | undefined;

  constructor(call: AnyCall<Req, Res>, parts: CallParts<Req, Res>) {
    this.#call = call;
    this.#parts = parts;
  }

  get header(): Promise<Metadata> {
    return this.#parts.header ?? this.#call.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#parts.trailer ?? this.#call.trailer;
  }

  get closed(): Promise<void> {
    return this.#parts.closed ?? this.#call.closed;
  }

  get readable(): ReadableStream<Res> {
    return found(this.#parts.readable ?? this.#call.readable, "readable");
  }

  get writable(): WritableStream<Req> {
    return found(this.#parts.writable ?? this.#call.writable, "writable");
  }

  get response(): Promise<Res> {
    return found(this.#parts.response ?? this.#call.response, "response");
  }

  cancel(reason?: unknown): Promise<void> {
    return this.#call.cancel(reason);
  }

  send(message: Req): Promise<void> {
    const { writable } = this.#parts;
    if (writable === undefined) return found(this.#call.send, "send").call(this.#call, message);
    this.#writer ??= writable.getWriter();
    return handled(this.#writer.write(message));
  }

  sendAll(source: MessageSource<Req>): Promise<void> {
    const { writable } = this.#parts;
    if (writable === undefined) return found(this.#call.sendAll, "sendAll").call(this.#call, source);
    return handled(this.#sendAll(source, writable));
  }

  async #sendAll(source: MessageSource<Req>, writable: WritableStream<Req>): Promise<void> {
    const writer = this.#writer ??= writable.getWriter();
    const end: { error?: unknown; told?: (() => void) | undefined } = {};
    this.closed.catch((error) => {
      end.error = error;
      end.told?.();
    });
    await sendAllFor(source, {
      get ended() {
        return end.error !== undefined;
      },
      send: (message) => writer.write(message),
      whenEnded: (task) => {
        end.told = task;
        return () => end.told = undefined;
      },
      sourceThrew: (error) => void this.cancel(error),
      endError: () => end.error,
    });
    await writer.close();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res> | AsyncIterator<Res> {
    const own = this.#parts.readable === undefined ? this.#call[Symbol.asyncIterator] : undefined;
    return own === undefined ? this.readable.values() : own.call(this.#call);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#call[Symbol.asyncDispose]();
  }
}

function found<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new TypeError(`the call that was wrapped has no ${name}`);
  return part;
}

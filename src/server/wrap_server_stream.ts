import { handled } from "../handled.ts";
import type { Invocation } from "../stream/invocation.ts";
import type { Metadata, Metainfo } from "../metadata.ts";
import { type MessageSource, sendAllFor } from "../stream/send_all.ts";
import { HandlerStream, type ServerStream } from "./server_stream.ts";
import { whenAborted } from "./when_aborted.ts";

/** What of a {@linkcode ServerStream} may be replaced. */
export type ServerStreamParts<Req, Res> = {
  readonly [P in Exclude<keyof ServerStream<Req, Res>, "send" | "sendAll">]?:
    | ServerStream<Req, Res>[P]
    | undefined;
};

/** A stream at the server with some of its parts replaced. */
export class WrappedServerStream<Req, Res> implements ServerStream<Req, Res> {
  readonly #original: ServerStream<unknown, unknown>;
  readonly #stream: ServerStream<Req, Res>;
  readonly #parts: ServerStreamParts<Req, Res>;
  #writer: WritableStreamDefaultWriter<Res> | undefined;

  constructor(stream: ServerStream<Req, Res>, parts: ServerStreamParts<Req, Res>) {
    this.#original = stream;
    this.#stream = stream;
    this.#parts = parts;
  }

  /** The stream that was wrapped; `undefined` for any other. */
  static originalOf(stream: object): ServerStream<unknown, unknown> | undefined {
    return #original in stream ? stream.#original : undefined;
  }

  get service(): string {
    return this.#parts.service ?? this.#stream.service;
  }

  get method(): string {
    return this.#parts.method ?? this.#stream.method;
  }

  get remoteAddr(): Deno.Addr | undefined {
    return this.#parts.remoteAddr ?? this.#stream.remoteAddr;
  }

  get metadata(): Metadata {
    return this.#parts.metadata ?? this.#stream.metadata;
  }

  get metainfo(): Metainfo {
    return this.#parts.metainfo ?? this.#stream.metainfo;
  }

  get readable(): ReadableStream<Req> {
    return this.#parts.readable ?? this.#stream.readable;
  }

  get writable(): WritableStream<Res> {
    return this.#parts.writable ?? this.#stream.writable;
  }

  get signal(): AbortSignal {
    return this.#parts.signal ?? this.#stream.signal;
  }

  get draining(): AbortSignal {
    return this.#parts.draining ?? this.#stream.draining;
  }

  get header(): Map<string, string> {
    return this.#parts.header ?? this.#stream.header;
  }

  get trailer(): Map<string, string> {
    return this.#parts.trailer ?? this.#stream.trailer;
  }

  sendHeader(): void {
    if (this.#parts.sendHeader === undefined) this.#stream.sendHeader();
    else this.#parts.sendHeader();
  }

  send(message: Res): Promise<void> {
    const { writable } = this.#parts;
    if (writable === undefined) return this.#stream.send(message);
    this.#writer ??= writable.getWriter();
    return handled(this.#writer.write(message));
  }

  sendAll(source: MessageSource<Res>): Promise<void> {
    if (this.#parts.writable === undefined) return this.#stream.sendAll(source);
    const { signal } = this.#stream;
    return sendAllFor(source, {
      get ended() {
        return signal.aborted;
      },
      send: (message) => this.send(message),
      whenEnded: (task) => whenAborted(signal, task),
      sourceThrew: (error) => void this.#writer?.abort(error).catch(() => {}),
      endError: () => signal.reason,
    });
  }
}

/** The invocation that a stream, wrapped or not, comes from; `undefined` for anybody else's. */
export function invocationBehind(stream: object): Invocation | undefined {
  for (let at: object | undefined = stream; at !== undefined; at = WrappedServerStream.originalOf(at)) {
    const invocation = HandlerStream.invocationOf(at);
    if (invocation !== undefined) return invocation;
  }
  return undefined;
}

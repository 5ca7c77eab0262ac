import type { Bytes } from "../buffer.ts";
import type { Codec } from "../codec.ts";
import type { Invocation } from "../stream/invocation.ts";
import type { Metadata, Metainfo } from "../metadata.ts";
import type { MessageReader } from "../stream/reader.ts";
import type { MessageWriter } from "../stream/writer.ts";

/** A stream at the server: what a handler gets. */
export interface ServerStream<Req = Bytes, Res = Uint8Array> {
  /** The IDL's service name, as the client sent it; empty where it sent none. */
  readonly service: string;
  /** The IDL's method name. */
  readonly method: string;
  /** The client's address, where the transport has one. */
  readonly remoteAddr?: Deno.Addr | undefined;
  /** Every key of the client's Header frame, as it came. */
  readonly metadata: Metadata;
  /** The metainfo among them. */
  readonly metainfo: Metainfo;
  /** The messages of the client; it ends with the client's half close. Cancelling it only drops what still comes. */
  readonly readable: ReadableStream<Req>;
  /** The messages to the client. Closing it sends nothing: the stream ends when the handler has. Aborting it fails the stream. */
  readonly writable: WritableStream<Res>;
  /**
   * Aborts when the stream ends, however it does. The reason is a `TTStreamError`: what the client's Rst said
   * (12007 …), the lost connection (12013), or the handler's own return (12012).
   */
  readonly signal: AbortSignal;
  /** Sent before the first message; changing it later throws TypeError. */
  readonly header: Map<string, string>;
  /** Sent at the end. */
  readonly trailer: Map<string, string>;
  /** Sends `header` now; again, nothing. */
  sendHeader(): void;
}

/** The {@linkcode ServerStream} over an invocation. */
export class HandlerStream<Req, Res> implements ServerStream<Req, Res> {
  readonly #invocation: Invocation;
  readonly #request: Codec<Req>;
  readonly #response: Codec<Res>;
  #reader: MessageReader<Req> | undefined;
  #writer: MessageWriter<Res> | undefined;

  constructor(invocation: Invocation, request: Codec<Req>, response: Codec<Res>) {
    this.#invocation = invocation;
    this.#request = request;
    this.#response = response;
  }

  /** The invocation behind a stream of the library's own; `undefined` for anybody else's. */
  static invocationOf(stream: object): Invocation | undefined {
    return #invocation in stream ? stream.#invocation : undefined;
  }

  /** The reading side itself, for the library's own loops. */
  static readerOf<Req, Res>(stream: HandlerStream<Req, Res>): MessageReader<Req> {
    return stream.#reader ??= stream.#invocation.reader(stream.#request);
  }

  /** The writing side itself, for the library's own loops. */
  static writerOf<Req, Res>(stream: HandlerStream<Req, Res>): MessageWriter<Res> {
    return stream.#writer ??= stream.#invocation.writer(stream.#response);
  }

  get service(): string {
    return this.#invocation.service;
  }

  get method(): string {
    return this.#invocation.method;
  }

  get remoteAddr(): Deno.Addr | undefined {
    return this.#invocation.remoteAddr;
  }

  get metadata(): Metadata {
    return this.#invocation.metadata;
  }

  get metainfo(): Metainfo {
    return this.#invocation.metainfo;
  }

  get readable(): ReadableStream<Req> {
    return HandlerStream.readerOf(this).readable;
  }

  get writable(): WritableStream<Res> {
    return HandlerStream.writerOf(this).writable;
  }

  get signal(): AbortSignal {
    return this.#invocation.signal;
  }

  get header(): Map<string, string> {
    return this.#invocation.header;
  }

  get trailer(): Map<string, string> {
    return this.#invocation.trailer;
  }

  sendHeader(): void {
    this.#invocation.sendHeader();
  }
}

import { calledOn } from "../../base/called_on.ts";
import type { Addr } from "../../net/address.ts";
import type { ServerSide } from "../../core/server_side.ts";
import type { ProtocolName } from "../../core/dialect.ts";
import type { Metadata, Metainfo } from "../../core/metadata.ts";
import { writeTo } from "../../core/codec_streams.ts";
import { handled } from "../../base/handled.ts";
import type { MessageSource } from "../../core/send_all.ts";
import { sendUntilAborted } from "./send_until_aborted.ts";
import { SIDE } from "../../core/stream_side.ts";
import { type ServerStream, sideBehind } from "./server_stream.ts";

/** What of a {@linkcode ServerStream} may be replaced. */
export type ServerStreamParts<Req, Res> = {
  readonly [P in Exclude<keyof ServerStream<Req, Res>, "send" | "sendAll">]?:
    | ServerStream<Req, Res>[P]
    | undefined;
};

/**
 * A stream at the server with some of its parts replaced. Its fields are private by TypeScript's word alone, so that a
 * Proxy around it works.
 */
export class WrappedServerStream<Req, Res> implements ServerStream<Req, Res> {
  private readonly stream: ServerStream<Req, Res>;
  private readonly parts: ServerStreamParts<Req, Res>;

  constructor(stream: ServerStream<Req, Res>, parts: ServerStreamParts<Req, Res>) {
    this.stream = stream;
    this.parts = parts;
  }

  /** See {@linkcode sideBehind}. */
  get [SIDE](): ServerSide | undefined {
    return sideBehind(this.stream);
  }

  get service(): string {
    return this.parts.service ?? this.stream.service;
  }

  get method(): string {
    return this.parts.method ?? this.stream.method;
  }

  get protocol(): ProtocolName {
    return this.stream.protocol;
  }

  get remoteAddr(): Addr | undefined {
    return this.parts.remoteAddr ?? this.stream.remoteAddr;
  }

  get deadline(): number | undefined {
    return this.parts.deadline ?? this.stream.deadline;
  }

  get metadata(): Metadata {
    return this.parts.metadata ?? this.stream.metadata;
  }

  get metainfo(): Metainfo {
    return this.parts.metainfo ?? this.stream.metainfo;
  }

  get readable(): ReadableStream<Req> {
    return this.parts.readable ?? this.stream.readable;
  }

  get writable(): WritableStream<Res> {
    return this.parts.writable ?? this.stream.writable;
  }

  get signal(): AbortSignal {
    return this.parts.signal ?? this.stream.signal;
  }

  get draining(): AbortSignal {
    return this.parts.draining ?? this.stream.draining;
  }

  get header(): Map<string, string> {
    return this.parts.header ?? this.stream.header;
  }

  get trailer(): Map<string, string> {
    return this.parts.trailer ?? this.stream.trailer;
  }

  sendHeader(): void {
    const { parts, stream } = calledOn(this, "sendHeader");
    if (parts.sendHeader === undefined) stream.sendHeader();
    else parts.sendHeader();
  }

  send(message: Res): Promise<void> {
    const { writable } = calledOn(this, "send").parts;
    if (writable === undefined) return this.stream.send(message);
    return writeTo(writable, message);
  }

  sendAll(source: MessageSource<Res>): Promise<void> {
    const { writable } = calledOn(this, "sendAll").parts;
    if (writable === undefined) return this.stream.sendAll(source);
    return sendUntilAborted(source, this.stream.signal, {
      send: (message) => writeTo(writable, message),
      sourceThrew: (error) => void handled(writable.abort(error)),
    });
  }
}

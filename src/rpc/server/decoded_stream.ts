import { calledOn } from "../../base/called_on.ts";
import type { Codec } from "../../core/codec.ts";
import { decodeReadable, EncodingWriter } from "../../core/codec_streams.ts";
import { dialectOf } from "../../core/dialect.ts";
import type { MessageSource } from "../../core/send_all.ts";
import type { ServerSide } from "../../core/server_side.ts";
import { SIDE } from "../../core/stream_side.ts";
import { handled } from "../../base/handled.ts";
import { sendUntilAborted } from "./send_until_aborted.ts";
import { type ServerStream, ServerStreamBase, sideBehind } from "./server_stream.ts";

/**
 * A typed stream over one of bytes that is not the library's own. Its fields are private by TypeScript's word alone, so
 * that a Proxy around it works.
 */
export class DecodedStream extends ServerStreamBase<ServerStream> implements ServerStream<unknown, unknown> {
  private readonly request: Codec<unknown>;
  private readonly response: Codec<unknown>;
  private reader: ReadableStream<unknown> | undefined;
  private writer: EncodingWriter<unknown> | undefined;

  constructor(stream: ServerStream, request: Codec<unknown>, response: Codec<unknown>) {
    super(stream);
    this.request = request;
    this.response = response;
  }

  /** See {@linkcode sideBehind}. */
  get [SIDE](): ServerSide | undefined {
    return sideBehind(this.stream);
  }

  get readable(): ReadableStream<unknown> {
    return this.reader ??= decodeReadable(this.stream.readable, this.request);
  }

  get writable(): WritableStream<unknown> {
    return this.messages.writable;
  }

  private get messages(): EncodingWriter<unknown> {
    return this.writer ??= new EncodingWriter(this.stream.writable, this.response);
  }

  /** What has been written and not awaited goes, and whoever the bytes are piped through hears that no more comes. */
  finish(): Promise<void> {
    return this.messages.finish();
  }

  send(message: unknown): Promise<void> {
    const { messages } = calledOn(this, "send");
    return handled(messages.closed ? Promise.reject(this.closedSend()) : messages.send(message));
  }

  sendAll(source: MessageSource<unknown>): Promise<void> {
    const { messages } = calledOn(this, "sendAll");
    return sendUntilAborted(source, this.stream.signal, {
      send: (message) => this.send(message),
      sourceThrew: (error) => {
        // Behind the close there is nothing left that could fail.
        if (!messages.closed) messages.abort(error);
      },
    });
  }

  /** What a send behind the close rejects with: the stream's end where that has come. */
  private closedSend(): unknown {
    if (this.stream.signal.aborted) return this.stream.signal.reason;
    const { service, method } = this;
    return dialectOf(this.protocol).closedSend({ side: "server", service, method });
  }
}

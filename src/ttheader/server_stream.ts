import type { Codec } from "../core/codec.ts";
import type { Where } from "../core/errors.ts";
import type { Metadata } from "../core/metadata.ts";
import type { Answer, ServerEvents, ServerSink } from "../core/transport.ts";
import type { FrameConnection, FrameReceiver } from "./connection.ts";
import { ErrorCode, errorOfStream, streamError, type TTStreamError } from "./errors.ts";
import { type Exception, ExceptionType, typeOfRefusal, writeException } from "./exception.ts";
import { type Frame, FrameType } from "./frame.ts";
import { type DataPrefix, dataPrefix } from "./frame_encoder.ts";
import { bizStatusMetadata, errorOfRst, errorOfTrailer, HANDLER_ERROR_PREFIX } from "./status.ts";

/** What the streams of a server's connection have in common. */
export interface ServerFramesOwner {
  readonly connection: FrameConnection<ServerFrames>;
  /** A client has cancelled a stream. */
  reset(): void;
}

/** A stream at the server, between its frames and what they mean. */
export class ServerFrames implements FrameReceiver, ServerSink {
  readonly #owner: ServerFramesOwner;
  readonly #streamId: number;
  readonly #service: string;
  readonly #method: string;
  readonly #prefix: DataPrefix;
  /** Absent where nobody has taken the stream. */
  events: ServerEvents | undefined;

  constructor(owner: ServerFramesOwner, streamId: number, service: string, method: string) {
    this.#owner = owner;
    this.#streamId = streamId;
    this.#service = service;
    this.#method = method;
    this.#prefix = dataPrefix(method);
  }

  get congested(): boolean {
    return this.#owner.connection.congested;
  }

  sendMessage<T>(codec: Codec<T>, message: T): void {
    this.#owner.connection.sendMessage(this.#streamId, this.#prefix, codec, message);
  }

  wait(wake: () => void): void {
    this.#owner.connection.wait(wake);
  }

  unwait(wake: () => void): void {
    this.#owner.connection.unwait(wake);
  }

  defer(task: () => void): void {
    this.#owner.connection.bytes.defer(task);
  }

  charge(bytes: number, messages: number): void {
    this.#owner.connection.charge(bytes, messages);
  }

  release(): void {
    this.#owner.connection.release(this.#streamId);
  }

  sendHeader(metadata: Metadata): void {
    const streamId = this.#streamId;
    this.#owner.connection.sendFrame({
      type: FrameType.Header,
      streamId,
      method: this.#method,
      metadata,
    });
  }

  /** The Header always goes first (Kitex `stream_server.go`: CloseSend). */
  answer(answer: Answer, trailer: Metadata, header: Metadata | undefined): void {
    if (header !== undefined) this.sendHeader(header);
    const streamId = this.#streamId;
    const method = this.#method;
    const exception = exceptionOf(answer);
    const metadata = answer.type === "business error"
      ? new Map([...trailer, ...bizStatusMetadata(answer.error)])
      : trailer;
    this.#owner.connection.sendFrame({ type: FrameType.Trailer, streamId, method, metadata }, (buffer) => {
      if (exception !== undefined) writeException(buffer, method, streamId, exception);
    });
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case FrameType.Data:
        this.events?.recvMessage(frame.payload);
        return;
      case FrameType.Trailer:
        this.events?.recvEnd(errorOfTrailer(frame, this.#where));
        return;
      case FrameType.Rst:
        this.events?.recvReset(errorOfRst(frame, this.#where));
        this.#owner.reset();
        return;
      case FrameType.Header: {
        const description = `stream[${frame.streamId}] already set header`;
        this.events?.violated(
          streamError({ ...this.#where, code: ErrorCode.UnexpectedHeader, description }),
        );
        // It has cost the server what a Rst costs, so it counts as one.
        this.#owner.reset();
        return;
      }
      case FrameType.Meta: // for proxies' hooks; nothing here takes one
        return;
      default:
        frame.type satisfies never;
    }
  }

  compact(): void {
    this.events?.compact();
  }

  lose(loss: TTStreamError): void {
    this.events?.lose(errorOfStream(loss, { service: this.#service, method: this.#method }));
  }

  get #where(): Where {
    return { side: "server", service: this.#service, method: this.#method };
  }
}

/** What the Trailer carries (Kitex `server_handler.go`: a handler's own error is an exception of type 6). */
function exceptionOf(answer: Answer): Exception | undefined {
  const type = ExceptionType.InternalError;
  switch (answer.type) {
    case "done":
    case "business error":
      return undefined;
    case "failed":
      return { type, message: HANDLER_ERROR_PREFIX + answer.text };
    case "refused":
      return { type: typeOfRefusal(answer.why), message: answer.text };
    case "cut":
      return { type, message: answer.text, begun: true };
    case "timed out":
      return { type: ErrorCode.StreamTimeout, message: answer.error.description };
    case "violation":
      return { type, message: answer.error.message };
  }
}

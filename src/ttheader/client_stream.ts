import { SHUTTING_DOWN } from "../core/refusal_text.ts";
import type { Codec } from "../core/codec.ts";
import type { ClientSide } from "../core/client_side.ts";
import type { StreamError } from "../core/errors.ts";
import type { ClientTransportInit } from "../core/protocol.ts";
import type { ClientSink } from "../core/transport.ts";
import { sendCancel, sendTrailer } from "./cancel_frames.ts";
import type { FrameConnection, FrameReceiver } from "./connection.ts";
import { ErrorCode, errorOfStream, isTTStreamError, streamError, TTStreamError } from "./errors.ts";
import { type Frame, FrameType } from "./frame.ts";
import { type DataPrefix, dataPrefix } from "./frame_encoder.ts";
import { errorFromReason } from "./reason.ts";
import { errorOfRst, errorOfTrailer } from "./status.ts";

/** What the streams of a client's connection have in common. */
export interface ClientFramesOwner {
  readonly connection: FrameConnection<ClientFrames>;
  readonly cancelFrame: ClientTransportInit["cancelFrame"];
  /** The server has refused a stream because it shuts down. */
  drained(): void;
}

/** A stream at the client, between its frames and what they mean. */
export class ClientFrames implements FrameReceiver, ClientSink {
  /** The stream that these frames are of. */
  readonly stream: ClientSide;
  readonly #owner: ClientFramesOwner;
  readonly #streamId: number;
  readonly #prefix: DataPrefix;
  /** Where its Header ends among the connection's bytes. */
  readonly #headerEnd: number;
  #sendClosed = false;
  #headerCame = false;

  /** Its Header has been sent. */
  constructor(owner: ClientFramesOwner, streamId: number, stream: ClientSide) {
    this.#owner = owner;
    this.#streamId = streamId;
    this.stream = stream;
    this.#prefix = dataPrefix(stream.method);
    this.#headerEnd = owner.connection.position;
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

  sent(): Promise<void> {
    return this.#owner.connection.bytes.sent();
  }

  closeSend(): void {
    this.#sendClosed = true;
    sendTrailer(this.#target);
  }

  cancel(error: StreamError): void {
    const { serviceName } = this.stream.init;
    const { cancelFrame } = this.#owner;
    const canceled = error instanceof TTStreamError ? error : errorFromReason(error, this.stream.where);
    sendCancel(this.#target, canceled, !this.#sendClosed, { serviceName, cancelFrame });
  }

  release(): void {
    this.#owner.connection.release(this.#streamId);
  }

  linger(): void {
    this.#owner.connection.linger(this.#streamId, this);
  }

  unlinger(): void {
    this.#owner.connection.unlinger(this.#streamId);
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case FrameType.Data:
        this.stream.recvMessage(frame.payload);
        return;
      case FrameType.Header:
        this.#receiveHeader(frame);
        return;
      case FrameType.Trailer:
        this.#receiveTrailer(frame);
        return;
      case FrameType.Rst:
        this.stream.recvReset(errorOfRst(frame, this.stream.where));
        return;
      case FrameType.Meta: // for proxies' hooks; nothing here takes one
        return;
      default:
        frame.type satisfies never;
    }
  }

  compact(): void {
    this.stream.compact();
  }

  lose(loss: TTStreamError, leftBytes: number): void {
    const { service, method } = this.stream;
    this.stream.lose(errorOfStream(loss, { service, method, retryable: this.#headerEnd > leftBytes }));
  }

  #receiveHeader({ streamId, metadata }: Frame): void {
    if (this.#headerCame) {
      const description = `stream[${streamId}] already set header`;
      this.stream.violated(
        streamError({ ...this.stream.where, code: ErrorCode.UnexpectedHeader, description }),
      );
      return;
    }
    this.#headerCame = true;
    this.stream.recvHeader(metadata);
  }

  /** The server's Trailer ends both directions, and Kitex's servers wait for ours. */
  #receiveTrailer(frame: Frame): void {
    if (!this.#sendClosed) sendTrailer(this.#target);
    const error = errorOfTrailer(frame, this.stream.where);
    const shutsDown = isTTStreamError(error) && error.retryable &&
      error.description === SHUTTING_DOWN;
    if (shutsDown) this.#owner.drained();
    this.stream.recvEnd(error, frame.metadata);
  }

  get #target(): { connection: FrameConnection<FrameReceiver>; streamId: number; method: string } {
    return { connection: this.#owner.connection, streamId: this.#streamId, method: this.stream.method };
  }
}

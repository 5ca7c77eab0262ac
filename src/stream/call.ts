import { joinCancelPath } from "../wire/cancel_path.ts";
import { type Codec, rawCodec } from "../codec.ts";
import { dataPrefix } from "../wire/encode.ts";
import { formatDuration } from "../duration.ts";
import { ErrorCode, streamError, type TTStreamError } from "../errors.ts";
import { type Exception, writeException } from "../wire/exception.ts";
import { type Frame, FrameType } from "../wire/frame.ts";
import { Inbox } from "./inbox.ts";
import type { FrameReceiver, StreamLink } from "./link.ts";
import { CANCEL_PATH_KEY, type Metadata, NO_METADATA } from "../metadata.ts";
import { Outcome } from "../outcome.ts";
import { errorOfRst, errorOfTrailer } from "../wire/peer_error.ts";
import { MessageReader, type ReadOwner } from "./reader.ts";
import { errorFromReason } from "../reason.ts";
import { StreamState } from "./state.ts";
import { setTimer, type Timer } from "../turn.ts";
import { MessageWriter, type WriteOwner } from "./writer.ts";

/** How a cancel is told to the server. */
export type CancelFrame = "rst" | "trailer";

/** What a call is opened with; everything has been checked. */
export interface CallInit {
  readonly link: StreamLink;
  readonly streamId: number;
  readonly method: string;
  /** The caller's own name, for the cancel path. */
  readonly serviceName: string | undefined;
  readonly signals: readonly AbortSignal[];
  /** Milliseconds, as the next one; 0 is for ever. */
  readonly timeoutMs: number;
  readonly recvTimeoutMs: number;
  readonly cancelRemoteOnRecvTimeout: boolean;
  readonly cancelFrame: CancelFrame;
}

/**
 * The client's half of a stream. Every end comes down to one of three: a cancel of ours ({@linkcode cancel}), a
 * Trailer or Rst of the server ({@linkcode receive}), or the loss of the connection ({@linkcode lose}); the first wins.
 */
export class Call implements FrameReceiver, ReadOwner, WriteOwner {
  readonly #init: CallInit;
  readonly #state = new StreamState("client");
  readonly #inbox: Inbox;
  #readerTaken = false;
  #writerTaken = false;
  // Each is let go at its end: who holds one web stream of an ended call must not hold the other one with it.
  #reader: { fail(error: unknown): void } | undefined;
  #writer: { fail(error: unknown): void; recheck(): void } | undefined;
  #readDone = false;
  #watching = false;
  #timer: Timer;
  #failure: { readonly error: unknown; readonly write: unknown } | undefined;
  #headerMetadata: Metadata | undefined;
  #trailerMetadata: Metadata | undefined;
  #header: Outcome<Metadata> | undefined;
  #trailer: Outcome<Metadata> | undefined;

  constructor(init: CallInit) {
    this.#init = init;
    this.#inbox = new Inbox(init.link);
  }

  /** Starts to watch what may cancel the call. */
  watch(): void {
    const { signals, timeoutMs } = this.#init;
    this.#watching = true;
    for (const signal of signals) signal.addEventListener("abort", this);
    if (timeoutMs > 0) this.#timer = setTimer(() => this.#timedOut(), timeoutMs);
  }

  /**
   * The reading side, decoded by `codec`.
   *
   * @throws {TypeError} If it has been taken.
   */
  reader<T>(codec: Codec<T>): MessageReader<T> {
    if (this.#readerTaken) throw new TypeError("the stream's messages are being read already");
    this.#readerTaken = true;
    const reader = new MessageReader(this.#inbox, codec, this, this.#init.recvTimeoutMs);
    this.#reader = reader;
    return reader;
  }

  /**
   * The writing side, encoded by `codec`.
   *
   * @throws {TypeError} If it has been taken.
   */
  writer<T>(codec: Codec<T>): MessageWriter<T> {
    if (this.#writerTaken) throw new TypeError("the stream is being written already");
    this.#writerTaken = true;
    const { streamId, method, link } = this.#init;
    const state = this.#state;
    const writer = new MessageWriter({ streamId, side: "client", method, state, link, codec, owner: this });
    this.#writer = writer;
    if (this.#failure !== undefined) writer.fail(this.#failure.write);
    return writer;
  }

  get header(): Promise<Metadata> {
    if (this.#header === undefined) {
      this.#header = new Outcome();
      this.#settle();
    }
    return this.#header.promise;
  }

  get trailer(): Promise<Metadata> {
    if (this.#trailer === undefined) {
      this.#trailer = new Outcome();
      this.#settle();
    }
    return this.#trailer.promise;
  }

  /** Sends the one request of a server streaming call, encoded already, and half closes. One too large ends the call. */
  request(payload: Uint8Array): void {
    if (!this.#state.live) return;
    const { link, streamId, method } = this.#init;
    try {
      link.sendMessage(streamId, dataPrefix(method), rawCodec, payload);
    } catch (error) {
      return this.encodeFailed(error);
    }
    this.closeSend();
  }

  /** Half close: everything has been sent. */
  closeSend(): void {
    if (this.#state.sendTrailer()) this.#sendTrailer();
  }

  /** Ends the call for `reason`: the server hears it at once, both directions error at once. */
  cancel(reason: unknown): void {
    this.#cancel(errorFromReason(reason, "client"));
  }

  /** The end of the call's scope: cancels what is left of it. */
  dispose(): void {
    if (this.#readDone && !this.#state.live) return;
    this.cancel(undefined);
  }

  /** Errors a call that was never opened. `write` is what its writes reject with. */
  refuse(error: unknown, write: unknown = error): void {
    this.#state.lose();
    this.#fail(error, error, write);
  }

  receive(frame: Frame): void {
    switch (frame.type) {
      case FrameType.Data:
        if (this.#state.canReceive) this.#inbox.push(frame.payload);
        return;
      case FrameType.Header:
        this.#receiveHeader(frame);
        return;
      case FrameType.Trailer:
        this.#receiveTrailer(frame);
        return;
      case FrameType.Rst:
        if (!this.#state.recvReset()) return;
        this.#init.link.release(this.#init.streamId);
        this.#fail(errorOfRst(frame, "client"));
        return;
      case FrameType.Meta: // for proxies' hooks; nothing here takes one
        return;
      default:
        frame.type satisfies never;
    }
  }

  /** The connection is gone. What has come may still be read. */
  lose(error: TTStreamError): void {
    this.#unwatch();
    if (!this.#state.lose()) return;
    this.#inbox.finish({ error });
    this.#failure ??= { error, write: error };
    this.#failWriter(error);
    this.#settle();
  }

  compact(): void {
    this.#inbox.compact();
  }

  readCanceled(reason: unknown): void {
    this.#endReading();
    this.cancel(reason);
    if (!this.#state.live) this.#unwatch();
  }

  decodeFailed(error: unknown): void {
    this.#endReading();
    const canceled = errorFromReason(error, "client");
    this.#cancel(canceled, error, canceled);
    this.#unwatch();
  }

  readFinished(): void {
    this.#endReading();
    if (!this.#state.live) this.#unwatch();
  }

  recvTimedOut(): void {
    const { recvTimeoutMs, cancelRemoteOnRecvTimeout } = this.#init;
    const config = `{Timeout:${
      formatDuration(recvTimeoutMs)
    } DisableCancelRemote:${!cancelRemoteOnRecvTimeout}}`;
    const description = `stream Recv timeout, timeout config=${config}`;
    const error = streamError({ code: ErrorCode.RecvTimeout, description, side: "client" });
    if (cancelRemoteOnRecvTimeout) this.#cancel(error);
    else this.#reader?.fail(error);
  }

  beforeSend(): void {
    // The client's Header opened the stream: nothing is due.
  }

  writeClosed(): void {
    this.closeSend();
  }

  writeAborted(reason: unknown): void {
    this.cancel(reason);
  }

  encodeFailed(error: unknown): void {
    const canceled = errorFromReason(error, "client");
    this.#cancel(canceled, canceled, error);
  }

  /** An abort signal that the call watches fired. */
  handleEvent(event: Event): void {
    if (event.target instanceof AbortSignal) this.cancel(event.target.reason);
  }

  #timedOut(): void {
    const description = `stream timeout, timeout in ctx: ${formatDuration(this.#init.timeoutMs)}`;
    this.#cancel(streamError({ code: ErrorCode.StreamTimeout, description, side: "client" }));
  }

  #receiveHeader({ streamId, metadata }: Frame): void {
    switch (this.#state.recvHeader()) {
      case "first":
        this.#headerMetadata = metadata;
        this.#settle();
        return;
      case "duplicate": {
        const description = `stream[${streamId}] already set header`;
        this.#cancel(streamError({ code: ErrorCode.UnexpectedHeader, description, side: "client" }));
        return;
      }
      case "ignored":
        return;
    }
  }

  #receiveTrailer(frame: Frame): void {
    const { link, streamId } = this.#init;
    const verdict = this.#state.recvTrailer();
    if (verdict === "ignored") return;
    if (verdict === "answer") this.#sendTrailer();
    this.#headerMetadata ??= NO_METADATA;
    this.#trailerMetadata = frame.metadata;
    const error = errorOfTrailer(frame, "client");
    if (error === undefined) {
      this.#inbox.finish({});
      this.#writer?.recheck();
      this.#writer = undefined;
    } else {
      this.#inbox.finish({ error });
      this.#failure = { error, write: error };
      this.#failWriter(error);
    }
    this.#settle();
    link.release(streamId);
    // Who only wanted the Trailer must not fill up the connection's account with what they never read.
    if (!this.#readerTaken) this.#inbox.writeOff();
    // A signal or a time-out still counts until the reader has seen the end; where nobody reads there is none.
    const awaited = this.#readerTaken || (this.#inbox.size > 0 && this.#watched);
    if (awaited && !this.#readDone) link.linger(streamId, this);
    else this.#unwatch();
  }

  #cancel(error: TTStreamError, read: unknown = error, write: unknown = error): void {
    const owed = this.#state.sendReset();
    if (owed !== "nothing") {
      this.#sendCancel(error, owed === "rst and trailer");
      this.#init.link.release(this.#init.streamId);
    }
    this.#fail(error, read, write);
  }

  get #watched(): boolean {
    return this.#timer !== undefined || this.#init.signals.length > 0;
  }

  /** Both directions error at once; unread messages are dropped. */
  #fail(error: unknown, read: unknown = error, write: unknown = error): void {
    this.#unwatch();
    this.#failure ??= { error, write };
    if (this.#reader === undefined) this.#inbox.break(read);
    else this.#reader.fail(read);
    this.#endReading();
    this.#failWriter(write);
    this.#settle();
  }

  #endReading(): void {
    this.#readDone = true;
    this.#reader = undefined;
  }

  #failWriter(error: unknown): void {
    this.#writer?.fail(error);
    this.#writer = undefined;
  }

  /** Settles what somebody has asked for, as far as it is known. */
  #settle(): void {
    if (this.#headerMetadata !== undefined) this.#header?.resolve(ownMap(this.#headerMetadata));
    if (this.#trailerMetadata !== undefined) this.#trailer?.resolve(ownMap(this.#trailerMetadata));
    if (this.#failure === undefined) return;
    this.#header?.reject(this.#failure.error);
    this.#trailer?.reject(this.#failure.error);
  }

  #unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    clearTimeout(this.#timer);
    for (const signal of this.#init.signals) signal.removeEventListener("abort", this);
    this.#init.link.unlinger(this.#init.streamId);
  }

  #sendTrailer(exception?: Exception): void {
    const { link, streamId, method } = this.#init;
    link.sendFrame({ type: FrameType.Trailer, streamId, method, metadata: NO_METADATA }, (buffer) => {
      if (exception !== undefined) writeException(buffer, method, streamId, exception);
    });
  }

  /** Says why, and who: the path as it came, and our own name behind it (Kitex `stream_client.go`: parseCtxErr). */
  #sendCancel({ code, description, cancelPath }: TTStreamError, sendOpen: boolean): void {
    const { serviceName, cancelFrame } = this.#init;
    const path = serviceName === undefined ? cancelPath : [...cancelPath, serviceName];
    switch (cancelFrame) {
      case "rst":
        this.#sendRst({ type: code, message: description }, path);
        if (sendOpen) this.#sendTrailer();
        return;
      case "trailer":
        // Its text is all that such a server shows: code and path go into it. After a half close nothing is left to say.
        if (sendOpen) {
          const { message } = streamError({ code, description, cancelPath: path });
          this.#sendTrailer({ type: code, message });
        }
        return;
      default:
        cancelFrame satisfies never;
    }
  }

  #sendRst(exception: Exception, path: readonly string[]): void {
    const { link, streamId, method } = this.#init;
    const metadata = path.length === 0 ? NO_METADATA : new Map([[CANCEL_PATH_KEY, joinCancelPath(path)]]);
    link.sendFrame(
      { type: FrameType.Rst, streamId, method, metadata },
      (buffer) => writeException(buffer, method, streamId, exception),
    );
  }
}

/** Frames without keys share one map; what a user gets is their own. */
function ownMap(metadata: Metadata): Metadata {
  return metadata === NO_METADATA ? new Map() : metadata;
}

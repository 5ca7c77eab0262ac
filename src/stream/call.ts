import { type CallInit, NO_LINK } from "./call_init.ts";
import { CallResults } from "./call_results.ts";
import { sendCancel, sendTrailer } from "./cancel_frames.ts";
import { type Codec, rawCodec } from "../codec.ts";
import { dataPrefix } from "../wire/encode.ts";
import { formatDuration } from "../duration.ts";
import {
  type BizStatusError,
  Description,
  ErrorCode,
  errorOfStream,
  streamError,
  TTStreamError,
} from "../errors.ts";
import { type Frame, FrameType } from "../wire/frame.ts";
import { Inbox } from "./inbox.ts";
import type { FrameReceiver, StreamLink } from "./link.ts";
import { type Metadata, NO_METADATA } from "../metadata.ts";
import { errorOfRst, errorOfTrailer } from "../wire/peer_error.ts";
import { MessageReader, type ReadOwner } from "./reader.ts";
import { errorFromReason, type Where } from "../reason.ts";
import { StreamState } from "./state.ts";
import { setTimer, type Timer, withinMs } from "../turn.ts";
import { type ReadView, withReadView, withWriteView, type WriteView } from "./views.ts";
import { MessageWriter, type WriteOwner } from "./writer.ts";

/** How long, in milliseconds, whoever cancels waits for the socket to take the cancel. */
const CANCEL_MS = 1_000;

/**
 * The client's half of a stream. Every end comes down to one of three: a cancel of ours ({@linkcode cancel}), a
 * Trailer or Rst of the server ({@linkcode receive}), or the loss of the connection ({@linkcode lose}); the first wins.
 */
export class Call implements FrameReceiver, ReadOwner, WriteOwner {
  readonly #init: CallInit;
  #link: StreamLink;
  #streamId = 0;
  /** Where its Header ends among the connection's bytes. */
  #headerEnd = 0;
  readonly #state = new StreamState("client");
  readonly #inbox = new Inbox();
  #readerTaken = false;
  // Each is let go at its end: who holds one web stream of an ended call must not hold the other one with it.
  #reader: ReadView | undefined;
  #writer: WriteView | undefined;
  #readDone = false;
  #watching = false;
  /** Whether its cancel has been sent: whoever awaits one means that it has left, also where a signal was faster. */
  #canceled = false;
  #timer: Timer;
  readonly #results = new CallResults();

  /** @param link What stands for the connection until {@linkcode attach}; nothing is sent before. */
  constructor(init: CallInit, link: StreamLink = NO_LINK) {
    this.#init = init;
    this.#link = link;
  }

  /** What its Header frame says. */
  get init(): CallInit {
    return this.#init;
  }

  /** Whether it has not ended. */
  get live(): boolean {
    return this.#state.live;
  }

  /** Its Header has been sent on `link`: what has been written meanwhile goes after it. */
  attach(link: StreamLink, streamId: number): void {
    this.#link = link;
    this.#streamId = streamId;
    this.#headerEnd = link.position;
    this.#inbox.attach(link);
    this.#writer?.attach(link, streamId);
    if (!this.#state.canSend && this.#state.live) sendTrailer(this.#target);
  }

  /** Starts to watch what may cancel the call. */
  watch(): void {
    const { signals, timeoutMs } = this.#init;
    if (this.#watching) return;
    this.#watching = true;
    for (const signal of signals) signal.addEventListener("abort", this);
    if (timeoutMs > 0) this.#timer = setTimer(() => this.#timedOut(), timeoutMs);
  }

  /** The reading side, decoded by `codec`. Of several the first that reads has the messages. */
  reader<T>(codec: Codec<T>): MessageReader<T> {
    this.#readerTaken = true;
    const reader = new MessageReader(this.#inbox, codec, this, this.#init.readTimeouts);
    if (!this.#readDone) this.#reader = withReadView(this.#reader, reader);
    return reader;
  }

  /** The writing side, encoded by `codec`. */
  writer<T>(codec: Codec<T>): MessageWriter<T> {
    const { method } = this.#init;
    const streamId = this.#streamId;
    const link = this.#link;
    const state = this.#state;
    const writer = new MessageWriter({ streamId, link, method, state, codec, owner: this });
    if (this.#results.failure !== undefined) writer.fail(this.#results.failure.write);
    else if (state.live) this.#writer = withWriteView(this.#writer, writer);
    return writer;
  }

  get header(): Promise<Metadata> {
    return this.#results.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#results.trailer;
  }

  get closed(): Promise<void> {
    return this.#results.closed;
  }

  /**
   * Sends the one request of a server streaming call and half closes. Where it has to wait it is encoded again when
   * its time has come: thousands of calls must not keep their payloads meanwhile. One too large ends the call.
   *
   * @param payload What `codec` has made of `message`.
   */
  request<T>(payload: Uint8Array, codec: Codec<T>, message: T): void {
    if (!this.#state.live) return;
    if (this.#link.congested) {
      this.#requestLater(this.writer(codec).sendFor(message));
      return;
    }
    try {
      this.#link.sendMessage(this.#streamId, dataPrefix(this.#init.method), rawCodec, payload);
    } catch (error) {
      return this.encodeFailed(error);
    }
    this.closeSend();
  }

  whenEnded(task: () => void): () => void {
    let wanted = true;
    const tell = () => {
      if (wanted) task();
    };
    this.closed.then(tell, tell);
    return () => {
      wanted = false;
    };
  }

  async #requestLater(sending: Promise<void>): Promise<void> {
    try {
      await sending;
      this.closeSend();
    } catch {
      // The call has ended, and says so to whoever reads.
    }
  }

  /** Half close: everything has been sent. */
  closeSend(): void {
    if (this.#state.sendTrailer()) sendTrailer(this.#target);
  }

  /** Ends the call for `reason`: the server hears it at once, both directions error at once. Resolves when the socket has the cancel. */
  cancel(reason: unknown): Promise<void> {
    const live = this.#state.live;
    this.#cancel(errorFromReason(reason, this.where));
    return live || this.#canceled ? withinMs(CANCEL_MS, this.#link.sent()) : Promise.resolve();
  }

  /** The end of the call's scope: cancels what is left of it. */
  async dispose(): Promise<void> {
    if (this.#readDone && !this.#state.live && !this.#canceled) return;
    await this.cancel(undefined);
  }

  /** Errors a call that was never opened. `write` is what its writes reject with. */
  refuse(error: unknown, write: unknown = error): void {
    this.#state.lose();
    this.#fail(error, error, write);
    this.#link.release(this.#streamId);
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
        this.#link.release(this.#streamId);
        this.#fail(errorOfRst(frame, this.where));
        return;
      case FrameType.Meta: // for proxies' hooks; nothing here takes one
        return;
      default:
        frame.type satisfies never;
    }
  }

  /** The connection is gone. What has come may still be read. */
  lose(loss: TTStreamError, leftBytes: number): void {
    this.#unwatch();
    if (!this.#state.lose()) return;
    const { service, method } = this.#init;
    const error = errorOfStream(loss, { service, method, retryable: this.#headerEnd > leftBytes });
    this.#inbox.finish({ error });
    this.#results.failure ??= { error, write: error };
    this.#failWriter(error);
    this.#results.settle();
  }

  /**
   * Ends the call as another one has ended that it stands for.
   *
   * @param error `undefined` where that ended well.
   * @param trailer The keys of the server's Trailer, where one came.
   */
  finish(error: unknown, trailer: Metadata | undefined): void {
    if (this.#state.lose()) this.#ended(error, trailer);
  }

  compact(): void {
    this.#inbox.compact();
  }

  readCanceled(reason: unknown): Promise<void> {
    this.#endReading();
    const canceled = this.cancel(reason);
    this.#unwatch();
    return canceled;
  }

  decodeFailed(error: unknown): void {
    this.#endReading();
    const canceled = errorFromReason(error, this.where);
    this.#cancel(canceled, error, canceled);
    this.#unwatch();
  }

  readDrained(): void {
    // Nothing is left that a signal could take back.
    if (!this.#state.live) this.#unwatch();
  }

  readFinished(): void {
    this.#endReading();
    if (!this.#state.live) this.#unwatch();
  }

  recvTimedOut(timeoutMs: number): void {
    const { cancelRemoteOnRecvTimeout } = this.#init;
    const config = `{Timeout:${formatDuration(timeoutMs)} DisableCancelRemote:${!cancelRemoteOnRecvTimeout}}`;
    const description = `stream Recv timeout, timeout config=${config}`;
    const error = streamError({ ...this.where, code: ErrorCode.RecvTimeout, description });
    if (cancelRemoteOnRecvTimeout) this.#cancel(error);
    else this.#reader?.fail(error);
  }

  beforeSend(): void {
    // The client's Header opened the stream: nothing is due.
  }

  writeClosed(): void {
    this.closeSend();
  }

  sourceThrew(error: unknown): void {
    this.cancel(error);
  }

  writeAborted(reason: unknown): Promise<void> {
    return this.cancel(reason);
  }

  encodeFailed(error: unknown): void {
    const canceled = errorFromReason(error, this.where);
    this.#cancel(canceled, canceled, error);
  }

  /** An abort signal that the call watches fired. */
  handleEvent(event: Event): void {
    if (event.target instanceof AbortSignal) this.#cancel(errorFromReason(event.target.reason, this.where));
  }

  #timedOut(): void {
    const description = `stream timeout, timeout in ctx: ${formatDuration(this.#init.timeoutMs)}`;
    this.#cancel(streamError({ ...this.where, code: ErrorCode.StreamTimeout, description }));
  }

  #receiveHeader({ streamId, metadata }: Frame): void {
    switch (this.#state.recvHeader()) {
      case "first":
        this.#results.headerMetadata = metadata;
        this.#results.settle();
        return;
      case "duplicate": {
        const description = `stream[${streamId}] already set header`;
        this.#cancel(streamError({ ...this.where, code: ErrorCode.UnexpectedHeader, description }));
        return;
      }
      case "ignored":
        return;
    }
  }

  #receiveTrailer(frame: Frame): void {
    const verdict = this.#state.recvTrailer();
    if (verdict === "ignored") return;
    if (verdict === "answer") sendTrailer(this.#target);
    const error = errorOfTrailer(frame, this.where);
    if (isShutdown(error)) this.#link.peerDrains();
    this.#ended(error, frame.metadata);
  }

  /** The server has ended it: what has come may still be read. */
  #ended(error: unknown, trailer: Metadata | undefined): void {
    if (trailer !== undefined) this.#results.headerMetadata ??= NO_METADATA;
    this.#results.trailerMetadata = trailer;
    if (error === undefined) {
      this.#results.endedWell = true;
      this.#inbox.finish({});
      this.#writer?.recheck();
      this.#writer = undefined;
    } else {
      this.#inbox.finish({ error });
      this.#results.failure = { error, write: error };
      this.#failWriter(error);
    }
    this.#results.settle();
    this.#link.release(this.#streamId);
    // Who only wanted the Trailer must not fill up the connection's account with what they never read.
    if (!this.#readerTaken) this.#inbox.writeOff();
    // A signal or a time-out still counts until the last message has been read; where nobody reads there is none.
    const unread = this.#inbox.size > 0 && !this.#readDone;
    if (unread && (this.#readerTaken || this.#watched)) this.#link.linger(this.#streamId, this);
    else this.#unwatch();
  }

  #cancel(error: TTStreamError, read: unknown = error, write: unknown = error): void {
    const owed = this.#state.sendReset();
    if (owed !== "nothing") {
      this.#canceled = true;
      sendCancel(this.#target, error, owed === "rst and trailer", this.#init);
      this.#link.release(this.#streamId);
    }
    this.#fail(error, read, write);
  }

  get #watched(): boolean {
    return this.#timer !== undefined || this.#init.signals.length > 0;
  }

  /** Both directions error at once; unread messages are dropped. */
  #fail(error: unknown, read: unknown = error, write: unknown = error): void {
    this.#unwatch();
    // A stream that has ended well stays so, also for whoever asks only now: what comes after takes the unread back.
    if (this.#results.trailerMetadata === undefined) this.#results.failure ??= { error, write };
    if (this.#reader === undefined) this.#inbox.break(read);
    else this.#reader.fail(read);
    this.#endReading();
    this.#failWriter(write);
    this.#results.settle();
  }

  #endReading(): void {
    this.#readDone = true;
    this.#reader = undefined;
  }

  #failWriter(error: unknown): void {
    this.#writer?.fail(error);
    this.#writer = undefined;
  }

  get #target(): { link: StreamLink; streamId: number; method: string } {
    return { link: this.#link, streamId: this.#streamId, method: this.#init.method };
  }

  /** Which stream its errors speak of. */
  get where(): Where {
    const { service, method } = this.#init;
    return { side: "client", service, method };
  }

  #unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    clearTimeout(this.#timer);
    for (const signal of this.#init.signals) signal.removeEventListener("abort", this);
    this.#link.unlinger(this.#streamId);
  }
}

function isShutdown(error: TTStreamError | BizStatusError | undefined): boolean {
  return error instanceof TTStreamError && error.retryable && error.description === Description.shuttingDown;
}

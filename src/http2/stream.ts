import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import { ErrorCode } from "./error_code.ts";
import type { Http2StreamError } from "./errors.ts";
import { checkSendable } from "./field_check.ts";
import { FrameType, MAX_UINT31 } from "./frame.ts";
import type { FrameWriter, MessageSource } from "./frame_writer.ts";
import type { HeaderField } from "./hpack/field.ts";
import { TURN_BYTES } from "./limits.ts";
import { PendingData } from "./pending_data.ts";
import { ReceiveWindow, type WindowBounds } from "./receive_window.ts";
import { RemoteSide, streamError } from "./remote_side.ts";
import type { Sender, SendFlow } from "./send_flow.ts";
import type { Http2StreamEvents } from "./stream_events.ts";

/** How a stream leaves its connection. */
export type StreamExit = "ended" | "reset by the peer" | "reset here";

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly writer: FrameWriter;
  readonly flow: SendFlow;
  /** Of the window that is announced for each stream. */
  readonly windowBounds: WindowBounds;
  /** The peer's SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly peerMaxHeaderListBytes: number;
  /** Whether the connection's queue is congested. */
  readonly congested: boolean;
  /** Where the next frame begins, and how much has left: see {@linkcode Http2Stream.lose}. */
  readonly position: number;
  readonly leftBytes: number;
  wait(wake: () => void): void;
  unwait(wake: () => void): void;
  /** Bytes have been read, or dropped: the connection's window may come back. */
  consumed(bytes: number): void;
  /** Whether the stream may have so many bytes beyond its window; where not, it is told when its turn has come. */
  mayGrant(stream: Http2Stream, bytes: number, heldBytes: number): boolean;
  /** The stream waits for no grant any more. */
  grantless(stream: Http2Stream): void;
  /** So many more bytes may be held beyond the connection's bound, since a message needs them; negative takes it back. */
  granted(bytes: number): void;
  /** DATA has been sent, which the peer may have a reason to react to. */
  dataSent(bytes: number, cut: boolean): void;
  /** The stream has left. */
  release(stream: Http2Stream, how: StreamExit): void;
  /** A stream that has not been opened is not wanted any more. */
  forget(stream: Http2Stream): void;
}

/**
 * One stream (RFC 9113 5.1). It leaves its connection when both sides have ended, or when it is reset:
 *
 * ```
 * waiting ─HEADERS─> open ─END_STREAM of ours──> half-closed (local) ──END_STREAM of theirs─┐
 * (client)            │ └──END_STREAM of theirs─> half-closed (remote) ─END_STREAM of ours──┤
 *                     └────────────RST_STREAM, from any of these────────────────────────────┴─> gone
 * ```
 *
 * What is sent beyond the windows waits here, and what ends the stream waits behind it.
 */
export class Http2Stream implements MessageSource, Sender {
  readonly #host: StreamHost;
  readonly #receive: ReceiveWindow;
  #remote = RemoteSide.SILENT;
  #events: Http2StreamEvents | undefined;
  #id = 0;
  /** Where its HEADERS begin, among all bytes of the connection; -1 where they are the peer's. */
  #headersAt = 0;
  #sendWindow = 0;
  #pending: PendingData | undefined;
  /** What ends our side, behind what waits: trailers, or END_STREAM alone. */
  #last: readonly HeaderField[] | "end" | undefined;
  #localEnded = false;
  #resetAtEnd: number | undefined;
  #gone = false;
  /** How much of the connection's bound the stream has been given beyond its window. */
  #grantedBytes = 0;
  /** What is still to come of a message that was announced. */
  #awaitedBytes = 0;
  /** Those who wait, where there are any. */
  #wakes: (() => void)[] | undefined;
  #queueWake: (() => void) | undefined;

  /** For the connection alone. */
  constructor(host: StreamHost, receiveWindowBytes: number) {
    this.#host = host;
    this.#receive = new ReceiveWindow(receiveWindowBytes, host.windowBounds);
  }

  /** Its id; 0 until its HEADERS have been appended to the queue. */
  get id(): number {
    return this.#id;
  }

  /** Who is told of what comes; at a server nobody before the request has been taken. */
  get events(): Http2StreamEvents | undefined {
    return this.#events;
  }

  /** Whether it has left its connection. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Bytes that have come and have not been `consumed`. */
  get unreadBytes(): number {
    return this.#receive.unread;
  }

  /** What a header section may have, counted as in RFC 9113 6.5.2, as far as the peer has said. */
  get maxHeaderListBytes(): number {
    return this.#host.peerMaxHeaderListBytes;
  }

  /** Whether something waits for the windows. */
  get holdsBack(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether it holds a part of a message that is not whole. */
  get holdsPart(): boolean {
    return this.#awaitedBytes > 0 && !this.#gone;
  }

  /** For the frame writer. */
  get sending(): boolean {
    return !this.#gone;
  }

  /** Whether a message must wait: the queue is congested, a window is used up, or the stream is not open. */
  get congested(): boolean {
    return this.#gone || this.#id === 0 || this.#pending !== undefined || this.#sendWindow <= 0 ||
      this.#host.flow.window <= 0 || this.#host.congested;
  }

  /**
   * Sends a response's header section, or, with `end`, trailers, which go behind all messages.
   *
   * @throws {TypeError} If a field has a character that it cannot have.
   */
  sendHeaders(fields: readonly HeaderField[], end: boolean): void {
    checkSendable(fields);
    const { writer } = this.#host;
    if (writer.encoding) return writer.later(() => this.sendHeaders(fields, end));
    if (this.#closedForSending) return;
    if (end) this.#endWith(fields);
    else writer.headers(this.#id, fields, false);
  }

  /**
   * Sends a message in DATA frames.
   *
   * @param write Appends it. It may itself send, on this stream or on others, or end them: that goes behind it. What it
   * throws goes on, and nothing has been sent then.
   */
  sendData(write: (buffer: ByteBuffer) => void): void {
    if (this.#closedForSending) return;
    const { writer, flow } = this.#host;
    if (writer.encoding) return this.#sendNested(write);
    try {
      if (this.#id === 0 || this.#pending !== undefined || flow.busy) return this.#sendLater(write);
      const sent = writer.message(this, write, Math.min(this.#sendWindow, flow.window));
      this.#sendWindow -= sent;
      flow.spend(sent);
      if (sent > 0) this.#host.dataSent(sent, this.#pending !== undefined);
      if (this.#pending !== undefined && this.sendable) flow.add(this);
    } finally {
      writer.catchUp();
    }
  }

  /** Ends our side, behind all messages. */
  end(): void {
    const { writer } = this.#host;
    if (writer.encoding) return writer.later(() => this.end());
    if (!this.#closedForSending) this.#endWith("end");
  }

  /** Resets the stream as soon as our side has ended, where the peer's has not by then (RFC 9113 8.1). */
  resetAtEnd(code: number): void {
    if (this.#localEnded) this.reset(code);
    else this.#resetAtEnd = code;
  }

  /** Ends both sides at once: RST_STREAM. What waits is dropped, and no event follows. */
  reset(code: number): void {
    if (this.#gone) return;
    if (this.#id === 0) {
      this.#leave();
      this.#host.forget(this);
      return;
    }
    this.#host.writer.number(FrameType.RST_STREAM, this.#id, code, true);
    this.#exit("reset here");
  }

  /** So many bytes of what came have been read, or dropped: the peer may send as many more. Nothing once the stream has left. */
  consumed(bytes: number): void {
    if (this.#gone) return;
    const read = Math.min(bytes, this.#receive.unread);
    this.#receive.consume(read);
    this.#host.consumed(read);
    if (this.#grantedBytes > 0) this.#countGrant();
    this.#giveBack();
  }

  /**
   * Lets the peer send at least so many bytes now: a message has been announced that is larger than the window, and
   * cannot be consumed before it is whole. What the window has already costs nothing. The connection's bound on
   * unread bytes grows by it, so a message may have to wait until others have been read.
   */
  grant(bytes: number): void {
    this.#awaitedBytes = bytes;
    if (this.#gone || this.#remote.ended) return;
    const increment = this.#receive.missing(bytes);
    if (increment <= 0) return this.#host.grantless(this);
    if (!this.#host.mayGrant(this, this.#beyond(bytes) - this.#grantedBytes, this.#grantedBytes)) return;
    this.#receive.grant(increment);
    this.#host.writer.number(FrameType.WINDOW_UPDATE, this.#id, increment, true);
    this.#countGrant();
  }

  /** The turn of a message that has waited for its grant has come. */
  grantAwaited(): void {
    this.grant(this.#awaitedBytes);
  }

  /** Calls `wake` once, when not congested any more, or when the stream leaves. */
  wait(wake: () => void): void {
    (this.#wakes ??= []).push(wake);
    if (this.congested && !this.#gone) this.#watch();
    else queueMicrotask(() => this.tryWake());
  }

  /** Takes a `wait` back. */
  unwait(wake: () => void): void {
    const left = this.#wakes?.filter((other) => other !== wake) ?? [];
    this.#wakes = left.length === 0 ? undefined : left;
    if (this.#wakes === undefined && this.#queueWake !== undefined) this.#host.unwait(this.#queueWake);
  }

  // What follows is for the connection.

  /** At a client: sends the request's HEADERS. */
  open(
    id: number,
    fields: readonly HeaderField[],
    end: boolean,
    sendWindow: number,
    events: Http2StreamEvents,
  ): void {
    this.#id = id;
    this.#events = events;
    this.#sendWindow = sendWindow;
    this.#headersAt = this.#host.position;
    this.#remote = this.#remote.ask(fields);
    this.#host.writer.headers(id, fields, end);
    if (end) this.#localEnded = true;
    else if (this.#pending === undefined && this.#last !== undefined) this.#sayLast();
    if (this.sendable) this.#host.flow.add(this);
    this.tryWake();
  }

  /** At a server: a request has come. */
  accept(id: number, fields: readonly HeaderField[], end: boolean, sendWindow: number): void {
    this.#id = id;
    this.#headersAt = -1;
    this.#sendWindow = sendWindow;
    this.#remote = this.#remote.request(id, fields, end);
  }

  /** At a server: who is told of what follows. */
  tell(events: Http2StreamEvents): void {
    this.#events = events;
  }

  /** A header section has come. @returns Whether it was an interim response. */
  receiveHeaders(fields: HeaderField[], end: boolean): boolean {
    const { begun } = this.#remote;
    this.#remote = this.#remote.headers(this.#id, fields, end);
    if (!this.#remote.begun) return true;
    if (begun) this.#events?.trailers(fields);
    else this.#events?.headers(fields, end);
    this.#exitIfEnded();
    return false;
  }

  /** Judges a DATA frame before anything of it is taken. */
  checkData(frameBytes: number, content: number): void {
    this.#remote = this.#remote.data(this.#id, content);
    if (frameBytes <= this.#receive.left) return;
    const description = `DATA of ${frameBytes} bytes exceeds the window of ${this.#receive.left} bytes`;
    throw streamError(this.#id, ErrorCode.FLOW_CONTROL_ERROR, description);
  }

  /** A DATA frame has come; `bytes` is what it holds without its padding. */
  receiveData(bytes: Bytes, frameBytes: number, end: boolean): void {
    this.#receive.take(frameBytes, bytes.length);
    this.#awaitedBytes = Math.max(0, this.#awaitedBytes - bytes.length);
    if (end) this.#remote = this.#remote.end(this.#id);
    if (bytes.length > 0 || end) this.#events?.data(bytes, end);
    if (end) this.#exitIfEnded();
    else this.#giveBack();
  }

  /** The peer has sent RST_STREAM. */
  receiveReset(code: number): void {
    this.#exit("reset by the peer");
    this.#events?.reset(code, undefined);
  }

  /** The peer has sent something that is wrong. */
  fail(error: Http2StreamError): void {
    if (this.#gone) return;
    this.#host.writer.number(FrameType.RST_STREAM, this.#id, error.code, true);
    this.#exit("reset here");
    this.#events?.reset(error.code, error);
  }

  /** The peer has raised the stream's window. */
  raise(bytes: number): void {
    if (this.#sendWindow + bytes > MAX_UINT31) {
      const description = `WINDOW_UPDATE of ${bytes} raises the window to ${this.#sendWindow + bytes}`;
      throw streamError(this.#id, ErrorCode.FLOW_CONTROL_ERROR, `${description}, over ${MAX_UINT31}`);
    }
    this.#sendWindow += bytes;
    if (this.sendable) this.#host.flow.add(this);
    this.tryWake();
  }

  /** The peer has changed the initial window of all streams. @returns False where the window is too large then. */
  shiftSendWindow(bytes: number): boolean {
    if (this.#sendWindow + bytes > MAX_UINT31) return false;
    this.#sendWindow += bytes;
    if (bytes > 0) {
      if (this.sendable) this.#host.flow.add(this);
      this.tryWake();
    }
    return true;
  }

  /** The peer has acknowledged the window that was announced to it: until then it had another one. */
  shiftReceiveWindow(bytes: number): void {
    this.#receive.shift(bytes);
    // What was told by the old window counts less now, and maybe nothing is left of it.
    if (this.#awaitedBytes > 0) this.grant(this.#awaitedBytes);
    this.#giveBack();
  }

  /** What the peer may still send. */
  get receiveLeft(): number {
    return this.#receive.left;
  }

  /** The connection is gone. `refused`: the peer has said that it did not act on the stream. */
  lose(refused: boolean, error: unknown, events: Http2StreamEvents | undefined = this.#events): void {
    if (this.#gone) return;
    const begun = !refused && this.#id !== 0 && this.#headersAt < this.#host.leftBytes;
    this.#leave();
    events?.lost(begun, error);
  }

  keep(bytes: Bytes): void {
    this.#pending = new PendingData(bytes);
  }

  get sendable(): boolean {
    return this.#pending !== undefined && this.#id !== 0 && this.#sendWindow > 0;
  }

  sendSome(allowed: number): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const bytes = pending.take(Math.min(pending.size, allowed, this.#sendWindow, TURN_BYTES));
    const done = pending.size === 0;
    const end = done && this.#last === "end";
    if (done) this.#pending = undefined;
    this.#sendWindow -= bytes.length;
    this.#host.flow.spend(bytes.length);
    this.#host.dataSent(bytes.length, !done);
    this.#host.writer.data(this.#id, bytes, end);
    if (end) this.#endLocal();
    else if (done && this.#last !== undefined) this.#sayLast();
    if (done) this.tryWake();
  }

  tryWake(): void {
    const wakes = this.#wakes;
    if (wakes === undefined) return;
    if (this.congested && !this.#gone) return this.#watch();
    this.#wakes = undefined;
    for (const wake of wakes) wake();
  }

  get #closedForSending(): boolean {
    return this.#gone || this.#localEnded || this.#last !== undefined;
  }

  /** The message waits behind others. */
  #sendLater(write: (buffer: ByteBuffer) => void): void {
    const pending = this.#pending ?? new PendingData();
    this.#host.writer.encodeInto(pending.end, write);
    if (this.#gone || pending.size === 0) return;
    this.#pending = pending;
    if (this.sendable) this.#host.flow.add(this);
  }

  /** A codec sends a message while another one is being written. */
  #sendNested(write: (buffer: ByteBuffer) => void): void {
    const { writer } = this.#host;
    const message = new ByteBuffer();
    writer.encodeInto(message, write);
    writer.later(() =>
      this.sendData((buffer) => buffer.writeBytes(message.bytes.subarray(0, message.length)))
    );
  }

  #endWith(last: readonly HeaderField[] | "end"): void {
    this.#last = last;
    if (this.#id !== 0 && this.#pending === undefined) this.#sayLast();
  }

  #sayLast(): void {
    const last = this.#last;
    const { writer } = this.#host;
    if (last === "end") writer.end(this.#id);
    else if (last !== undefined) writer.headers(this.#id, last, true);
    this.#endLocal();
  }

  #endLocal(): void {
    this.#localEnded = true;
    this.#exitIfEnded();
    if (this.#resetAtEnd !== undefined) this.reset(this.#resetAtEnd);
  }

  #giveBack(): void {
    if (this.#gone || this.#remote.ended) return;
    const increment = this.#receive.give();
    if (increment > 0) this.#host.writer.number(FrameType.WINDOW_UPDATE, this.#id, increment, false);
  }

  /** The connection's bound grows by what the stream may hold beyond its window, and shrinks again as that is read. */
  #countGrant(): void {
    const beyond = this.#beyond(this.#receive.left);
    const change = beyond - this.#grantedBytes;
    this.#grantedBytes = beyond;
    this.#host.granted(change);
  }

  /** What the stream may hold beyond its window where the peer may send so many bytes. */
  #beyond(left: number): number {
    const { unread } = this.#receive;
    const { limit, allowance } = this.#host.windowBounds;
    return Math.max(0, left + unread - limit - allowance);
  }

  /** Sees to it that somebody calls `tryWake` when what holds the stream back may have gone. */
  #watch(): void {
    // The stream's own window, and its own bytes, call it anyway.
    if (this.#id === 0 || this.#pending !== undefined || this.#sendWindow <= 0) return;
    if (this.#host.flow.window <= 0) return this.#host.flow.starve(this);
    this.#queueWake ??= () => this.tryWake();
    this.#host.wait(this.#queueWake);
  }

  #exitIfEnded(): void {
    if (this.#localEnded && this.#remote.ended && !this.#gone) this.#exit("ended");
  }

  #exit(how: StreamExit): void {
    this.#leave();
    this.#host.release(this, how);
  }

  /** Nothing is sent or taken any more: what it has of the connection goes back. */
  #leave(): void {
    this.#gone = true;
    this.#pending = undefined;
    this.#host.flow.remove(this);
    const { unread } = this.#receive;
    this.#receive.consume(unread);
    this.#host.grantless(this);
    const granted = this.#grantedBytes;
    this.#grantedBytes = 0;
    if (granted > 0) this.#host.granted(-granted);
    if (unread > 0) this.#host.consumed(unread);
    this.tryWake();
  }
}

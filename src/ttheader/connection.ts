import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import { type Codec, payloadOf } from "../core/codec.ts";
import { FrameDecoder } from "./frame_decoder.ts";
import { beginDataFrame, beginFrame, type DataPrefix, endFrame } from "./frame_encoder.ts";
import { CLOSED_BY_PEER, TRANSPORT_CLOSING, transportError } from "./connection_errors.ts";
import type { ConnectionLimits, ConnectionOwner } from "./connection_owner.ts";
import { Description, ErrorCode, streamError, type TTStreamError } from "../core/errors.ts";
import { type Frame, FrameType, LENGTH_SIZE } from "./frame.ts";
import { FrameTimer } from "../net/frame_timer.ts";
import type { FrameReceiver, StreamLink } from "../core/transport.ts";
import { IdTable } from "./id_table.ts";
import { Outbox } from "../net/send_queue.ts";
import { DRAINING_KEY } from "../core/metadata.ts";
import type { ByteSocket } from "../net/socket.ts";
import { withinMs } from "../net/event_loop.ts";

/** After so many bytes, unread messages older than them are copied out of their read buffers. */
const COMPACT_BYTES = 4 * 1024 * 1024;

/**
 * Unsent answers over which a server reads no further. Messages wait while the socket is behind; answers (refusals,
 * Headers, Trailers) follow from what has been read, so that is what has to wait. More than ten thousand of them fit in.
 */
const MAX_CONTROL_BYTES = 1024 * 1024;

/** How long a socket may take, in milliseconds, to send what is left, behind the end of a connection. */
export const LAST_WORDS_MS = 1_000;

/** How long after a failed write the read may still bring what the peer sent before it hung up. */
const LAST_READ_MS = 100;

/**
 * One connection: moves bytes between the socket and its streams, and knows nothing of what they mean to a user.
 *
 * ```
 * socket ─bytes─> FrameDecoder ─Frame─> hand ─Frame─> FrameReceiver (a stream)
 * socket <─one write a turn─ Outbox <─sendFrame, sendMessage─ a stream
 * ```
 */
export class FrameConnection<R extends FrameReceiver> implements StreamLink {
  readonly #socket: ByteSocket;
  readonly #owner: ConnectionOwner;
  readonly #limits: ConnectionLimits;
  readonly #decoder: FrameDecoder;
  readonly #outbox: Outbox;
  readonly #frameTimer: FrameTimer;
  readonly #streams: IdTable<R> = new IdTable();
  readonly #lingering: IdTable<FrameReceiver> = new IdTable();
  #unreadBytes = 0;
  #sinceCompact = 0;
  /** Set while reading is paused. */
  #resume: (() => void) | undefined;
  /** Set while a codec writes into a frame. */
  #encoding = false;
  /** Frames that were sent meanwhile. */
  #behind: ByteBuffer[] = [];
  /** Set while frames are being handed out. */
  #deferred: (() => void)[] | undefined;
  #lastRead: ReturnType<typeof setTimeout> | undefined;
  /** Set while somebody watches whether the peer takes what is owed to it. */
  #owing: Promise<void> | undefined;
  /** The connection has ended, for its streams. */
  #closed = false;
  /** The socket has been closed, a little later where there were last words to send. */
  #hungUp = false;
  readonly #readToEnd: PromiseWithResolvers<void> = Promise.withResolvers();
  #error: TTStreamError | undefined;

  constructor(socket: ByteSocket, limits: ConnectionLimits, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#limits = limits;
    this.#owner = owner;
    this.#decoder = new FrameDecoder(limits.maxFrameBytes);
    this.#outbox = new Outbox({
      write: (bytes) => socket.write(bytes),
      behind: () => this.#resume === undefined && socket.behind,
    }, (error) => this.#writeFailed(error));
    this.#frameTimer = new FrameTimer(limits.frameTimeoutMs, () => this.#frameTimedOut());
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** How many streams have ended, and are not read up, or still watched. */
  get lingering(): number {
    return this.#lingering.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Starts to read. Resolves when the connection has ended, however it did. */
  async run(): Promise<void> {
    try {
      while (!this.#hungUp) {
        if (!this.#closed) {
          if (this.#unreadBytes > this.#limits.maxBufferedBytes) await this.#paused();
          if (this.#owing !== undefined && this.#owner.side === "server") await this.#owed(this.#owing);
        }
        const chunk = await this.#socket.read();
        if (chunk === undefined) return this.#peerEnded();
        if (!this.#closed) this.#take(chunk);
      }
    } catch (error) {
      this.#readToEnd.resolve();
      this.end(transportError(error));
    }
  }

  /** A client may say that it will send no more and still read what its handlers have written. */
  #peerEnded(): void {
    this.#readToEnd.resolve();
    this.end(streamError(CLOSED_BY_PEER), this.#owner.side === "server" && !this.#closed ? LAST_WORDS_MS : 0);
  }

  #take(chunk: Bytes): void {
    try {
      this.#compactEvery(chunk.length);
      this.#decoder.push(chunk);
      const frames = this.#handOut();
      // A frame may have ended the connection: nothing may be left that holds it.
      if (!this.#closed) this.#frameTimer.see(this.#decoder.pendingBytes, frames > 0);
    } catch (error) {
      this.end(transportError(error), this.#lastWordsMs);
    }
  }

  /** Registers a stream; frames for its id come to it from now on. */
  register(streamId: number, receiver: R): void {
    this.#streams.set(streamId, receiver);
  }

  /** The open streams, as they are now. */
  streams(): R[] {
    return this.#streams.values();
  }

  has(streamId: number): boolean {
    return this.#streams.has(streamId) || this.#lingering.has(streamId);
  }

  /** Resolves when everything sent so far is with the socket, or the connection has ended. */
  sent(): Promise<void> {
    return this.#outbox.sent();
  }

  /** Where the next frame begins, in bytes: see {@linkcode FrameReceiver.lose}. */
  get position(): number {
    return this.#outbox.position;
  }

  /**
   * Ends the connection: every stream hears of it now. Once.
   *
   * @param lastMs How long, in milliseconds, the socket may take to send what it has got, and to hear the peer's end:
   * one that is closed with bytes unread is reset by the system, and what it still had to send is lost. None: the
   * socket closes now, also where it had been given time before.
   */
  end(error: TTStreamError | undefined, lastMs = 0): void {
    if (this.#closed) {
      if (lastMs === 0) this.#hangUp();
      return;
    }
    this.#closed = true;
    this.#error = error;
    this.#frameTimer.stop();
    this.#resume?.();
    try {
      const loss = this.#lossOf(error);
      const { leftBytes } = this.#outbox;
      for (const stream of [...this.#streams.values(), ...this.#lingering.values()]) {
        stream.lose(loss, leftBytes);
      }
      this.#streams.clear();
      this.#lingering.clear();
    } finally {
      if (lastMs === 0) this.#hangUp();
      else this.#sayLastWords(lastMs);
    }
  }

  async #sayLastWords(ms: number): Promise<void> {
    await withinMs(ms, this.#sendTheRest());
    this.#hangUp();
  }

  async #sendTheRest(): Promise<void> {
    await this.#outbox.sent();
    if (this.#hungUp || this.#socket.closeWrite === undefined) return;
    try {
      await this.#socket.closeWrite();
    } catch {
      // The peer has hung up already: there is nobody left to send to.
      return;
    }
    await this.#readToEnd.promise;
  }

  #hangUp(): void {
    if (this.#hungUp) return;
    this.#hungUp = true;
    clearTimeout(this.#lastRead);
    this.#outbox.close();
    this.#readToEnd.resolve();
    try {
      this.#socket.close();
    } catch (cause) {
      // Deno throws BadResource where the peer's reset has closed it before us; anything else is a fault.
      if (!(cause instanceof Deno.errors.BadResource)) throw cause;
    } finally {
      this.#owner.ended(this.#error);
    }
  }

  /** The connection keeps the process alive, as it does to begin with. */
  ref(): void {
    if (!this.#hungUp) this.#socket.ref?.();
  }

  /** Whether its socket says if the process is kept alive: then timers need not. */
  get counts(): boolean {
    return this.#socket.ref !== undefined;
  }

  /** The connection does not keep the process alive. */
  unref(): void {
    if (!this.#hungUp) this.#socket.unref?.();
  }

  get congested(): boolean {
    return this.#closed || this.#outbox.congested;
  }

  wait(wake: () => void): void {
    this.#outbox.wait(wake);
  }

  unwait(wake: () => void): void {
    this.#outbox.unwait(wake);
  }

  sendFrame(frame: Omit<Frame, "payload">, writePayload?: (buffer: ByteBuffer) => void): void {
    if (this.#closed) return;
    const buffer = this.#frameBuffer();
    const start = beginFrame(buffer, frame);
    writePayload?.(buffer);
    endFrame(buffer, start);
    this.#outbox.countControl(buffer.length - start);
    if (this.#outbox.controlBytes > MAX_CONTROL_BYTES) this.#owing ??= this.#watchTaking();
    this.#outbox.flushNow();
  }

  sendMessage<T>(streamId: number, prefix: DataPrefix, codec: Codec<T>, message: T): void {
    const buffer = this.#frameBuffer();
    const start = beginDataFrame(buffer, prefix, streamId);
    try {
      this.#encode(codec, message, buffer);
      const size = buffer.length - start - LENGTH_SIZE;
      if (size > this.#limits.maxFrameBytes) {
        throw new RangeError(
          `frame of ${size} bytes exceeds the limit of ${this.#limits.maxFrameBytes} bytes`,
        );
      }
      endFrame(buffer, start);
    } catch (error) {
      buffer.length = start;
      throw error;
    } finally {
      if (this.#behind.length > 0) this.#appendBehind();
      this.#outbox.flush();
    }
  }

  release(streamId: number): void {
    if (!this.#streams.delete(streamId)) return;
    this.#owner.released?.();
    if (this.#streams.size === 0) this.#owner.quiet();
  }

  peerReset(): void {
    this.#owner.reset?.();
  }

  peerDrains(): void {
    this.#owner.drained?.();
  }

  linger(streamId: number, receiver: FrameReceiver): void {
    if (!this.#closed) this.#lingering.set(streamId, receiver);
  }

  unlinger(streamId: number): void {
    this.#lingering.delete(streamId);
  }

  charge(bytes: number): void {
    this.#unreadBytes += bytes;
    if (this.#resume !== undefined && this.#unreadBytes <= this.#limits.maxBufferedBytes / 2) this.#resume();
  }

  defer(task: () => void): void {
    if (this.#deferred === undefined) task();
    else this.#deferred.push(task);
  }

  /** Where to append a frame: the outbox, or, in the middle of a frame, a buffer that goes behind it. */
  #frameBuffer(): ByteBuffer {
    if (!this.#encoding) return this.#outbox.buffer;
    const buffer = new ByteBuffer();
    this.#behind.push(buffer);
    return buffer;
  }

  /** The codec is the user's code: it may itself send, or end a stream. */
  #encode<T>(codec: Codec<T>, message: T, buffer: ByteBuffer): void {
    const nested = this.#encoding;
    this.#encoding = true;
    try {
      if (codec.encodeInto === undefined) buffer.writeBytes(payloadOf(codec, message));
      else codec.encodeInto(message, buffer);
    } finally {
      this.#encoding = nested;
    }
  }

  #appendBehind(): void {
    if (this.#encoding) return;
    for (const { bytes, length } of this.#behind) this.#outbox.buffer.writeBytes(bytes.subarray(0, length));
    this.#behind = [];
  }

  /** Hands the whole frames at hand to their streams, then does what they have deferred. @returns How many there were. */
  #handOut(): number {
    const deferred: (() => void)[] = [];
    this.#deferred = deferred;
    let frames = 0;
    try {
      for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
        this.#hand(frame);
        frames++;
      }
      return frames;
    } finally {
      this.#deferred = undefined;
      for (const task of deferred) task();
    }
  }

  /** What a fast reader leaves waiting is from the last chunk alone, so that little is copied. */
  #compactEvery(bytes: number): void {
    this.#sinceCompact += bytes;
    if (this.#sinceCompact < COMPACT_BYTES) return;
    this.#sinceCompact = 0;
    for (const stream of this.#streams.values()) stream.compact();
    for (const stream of this.#lingering.values()) stream.compact();
  }

  #hand(frame: Frame): void {
    const stream = this.#streams.get(frame.streamId);
    // Frames of unknown streams are late ones, of streams that have ended here; Kitex drops them too.
    if (stream !== undefined) stream.receive(frame);
    else if (frame.type === FrameType.Header) this.#owner.opened(frame);
    else if (frame.type === FrameType.Meta && frame.streamId === 0 && frame.metadata.has(DRAINING_KEY)) {
      this.#owner.drained?.();
    }
  }

  /** Waits until half of the unread bytes have been read, so that reading does not start and stop for each message. */
  async #paused(): Promise<void> {
    this.#frameTimer.stop();
    await new Promise<void>((resolve) => this.#resume = resolve);
    this.#resume = undefined;
    if (this.#closed) return;
    this.#frameTimer.see(this.#decoder.pendingBytes, true);
  }

  /** Waits for that. A frame that is unfinished meanwhile is not the peer's fault. */
  async #owed(owing: Promise<void>): Promise<void> {
    this.#frameTimer.stop();
    await owing;
    if (!this.#closed) this.#frameTimer.see(this.#decoder.pendingBytes, true);
  }

  /** Waits until the peer has taken what is owed to it by now. A peer that takes nothing is cut. */
  async #watchTaking(): Promise<void> {
    const { frameTimeoutMs } = this.#limits;
    while (!this.#closed && this.#outbox.controlBytes > MAX_CONTROL_BYTES / 2) {
      const { takenBytes } = this.#socket;
      await withinMs(frameTimeoutMs || Infinity, this.#outbox.sent());
      if (this.#closed || this.#socket.takenBytes !== takenBytes) continue;
      const description =
        `the peer has taken nothing for ${frameTimeoutMs} ms, and ${this.#outbox.controlBytes} bytes of answers wait`;
      this.end(streamError({ code: ErrorCode.TransportClosing, description }));
    }
    this.#owing = undefined;
  }

  /** What a broken frame's neighbours have written is not its fault. Where nothing has been written nobody waits. */
  get #lastWordsMs(): number {
    return this.position === 0 ? 0 : LAST_WORDS_MS;
  }

  #frameTimedOut(): void {
    const { frameTimeoutMs } = this.#limits;
    const description =
      `frame not complete after ${frameTimeoutMs} ms: ${this.#decoder.pendingBytes} bytes of it came`;
    this.end(streamError({ code: ErrorCode.IllegalFrame, description }), this.#lastWordsMs);
  }

  /** A peer that has hung up makes writes fail first, while its last words may still be waiting to be read. */
  #writeFailed(error: unknown): void {
    this.#lastRead = setTimeout(() => this.end(transportError(error)), LAST_READ_MS);
  }

  /** What the loss of the connection is to its streams (Kitex: 12013 at the server, with the broken frame's text). */
  #lossOf(error: TTStreamError | undefined): TTStreamError {
    if (this.#owner.side === "client") return error ?? streamError(TRANSPORT_CLOSING);
    const description = error?.code === ErrorCode.IllegalFrame ? error.message : Description.connectionClosed;
    return streamError({ code: ErrorCode.ConnectionClosed, description, cause: error });
  }
}

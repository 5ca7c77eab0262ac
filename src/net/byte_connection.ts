import type { Bytes } from "../base/buffer.ts";
import { withinMs } from "./event_loop.ts";
import { FrameTimer } from "./frame_timer.ts";
import { MAX_CONTROL_BYTES, SendQueue } from "./send_queue.ts";
import { hasBeenClosed } from "./platform.ts";
import type { ByteSocket } from "./socket.ts";

/** The limits of a connection; see the public options for what they mean. */
export interface ConnectionLimits {
  readonly maxFrameBytes: number;
  readonly maxBufferedBytes: number;
  /** Milliseconds; 0 is for ever. */
  readonly frameTimeoutMs: number;
}

/** What ends a connection that neither its owner nor its protocol has ended. */
export type Fault =
  | { readonly type: "closed by peer" }
  /** The socket's own error, or what the protocol has thrown. */
  | { readonly type: "failed"; readonly error: unknown }
  /** A frame did not end in time. */
  | { readonly type: "unfinished frame"; readonly text: string }
  /** The peer does not take its answers. */
  | { readonly type: "stalled"; readonly text: string };

/** The protocol that a connection speaks. */
export interface ByteProtocol<E> {
  readonly side: "client" | "server";
  /** Whether what comes makes answers without bound: the connection is not read then while they are not taken. */
  readonly answers: boolean;
  /**
   * Bytes have come.
   *
   * @returns Whether a frame has ended among them.
   * @throws What breaks the connection.
   */
  receive(chunk: Bytes): boolean;
  /** Bytes of a frame that has begun and not ended. */
  pendingBytes(): number;
  /** Where the rest of a large frame is to be read to, so that it need not be copied together. */
  room?(): Bytes | undefined;
  /** Much has been read since the unread messages came: those are to be copied out of their read buffers. */
  compact(): void;
  /** How the protocol calls a fault. */
  errorOf(fault: Fault): E;
  /** The connection has ended, for its streams. What was sent from `leftBytes` on never left. */
  lost(error: E | undefined, leftBytes: number): void;
  /** The socket is closed: a little later, where there were last words to send. */
  ended(error: E | undefined): void;
}

/** After so many bytes, unread messages older than them are copied out of their read buffers. */
const COMPACT_BYTES = 4 * 1024 * 1024;

/** How long a socket may take, in milliseconds, to send what is left, behind the end of a connection. */
export const LAST_WORDS_MS = 1_000;

/** How long after a failed write the read may still bring what the peer sent before it hung up. */
const LAST_READ_MS = 100;

/** What a message costs beside its bytes, so that a flood of empty ones is bounded too. */
const MESSAGE_OVERHEAD_BYTES = 64;

/**
 * One connection, whatever protocol it speaks: moves bytes between its socket and the protocol, holds both back when the
 * other side does not keep up, and sees to it that what was sent gets there before the socket is closed.
 *
 * ```
 * socket ─bytes─> ByteProtocol.receive
 * socket <─one write a turn─ SendQueue <─frames─ the protocol
 * ```
 */
export class ByteConnection<E> {
  readonly queue: SendQueue;
  readonly #socket: ByteSocket;
  #protocol: ByteProtocol<E>;
  readonly #limits: ConnectionLimits;
  readonly #frameTimer: FrameTimer;
  #unreadBytes = 0;
  #sinceCompact = 0;
  /** Set while reading is paused. */
  #resume: (() => void) | undefined;
  /** Set while what has come is handed out. */
  #deferred: (() => void)[] | undefined;
  #lastRead: ReturnType<typeof setTimeout> | undefined;
  /** Set while somebody watches whether the peer takes what is owed to it. */
  #owing: Promise<void> | undefined;
  /** The connection has ended, for its streams. */
  #closed = false;
  /** The socket has been closed, a little later where there were last words to send. */
  #hungUp = false;
  readonly #readToEnd: PromiseWithResolvers<void> = Promise.withResolvers();
  #error: E | undefined;
  /** Whether what was read last went into the buffer of a large frame, and stopped at its end. */
  #exact = false;
  readonly #room = (): Bytes | undefined => {
    const room = this.#protocol.room?.();
    this.#exact = room !== undefined;
    return room;
  };

  constructor(socket: ByteSocket, limits: ConnectionLimits, protocol: ByteProtocol<E>) {
    this.#socket = socket;
    this.#limits = limits;
    this.#protocol = protocol;
    this.queue = new SendQueue({
      write: (bytes) => socket.write(bytes),
      behind: () => this.#resume === undefined && socket.behind,
      owing: () => this.#owing ??= this.#watchTaking(),
    }, (error) => this.#writeFailed(error));
    this.#frameTimer = new FrameTimer(limits.frameTimeoutMs, () => this.#frameTimedOut());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What it speaks has turned out to be something else: that gets what comes from now on. */
  become(protocol: ByteProtocol<E>): void {
    this.#protocol = protocol;
  }

  /** Whether messages must wait. */
  get congested(): boolean {
    return this.#closed || this.queue.congested;
  }

  /** Whether nothing is read, since somebody does not keep up: what the peer says is not heard then. */
  get paused(): boolean {
    return this.#resume !== undefined || this.#owing !== undefined && this.#protocol.answers;
  }

  /** Starts to read. Resolves when the connection has ended, however it did. */
  async run(): Promise<void> {
    try {
      while (!this.#hungUp) {
        if (!this.#closed) {
          // A cancel that came right behind a large frame is seen, as behind any other frame.
          if (this.#unreadBytes > this.#limits.maxBufferedBytes && !this.#exact) await this.#paused();
          this.#exact = false;
          if (this.#owing !== undefined && this.#protocol.answers) await this.#owed(this.#owing);
        }
        const chunk = await this.#socket.read(this.#room);
        if (chunk === undefined) return this.#peerEnded();
        if (!this.#closed) this.#take(chunk);
      }
    } catch (error) {
      this.#readToEnd.resolve();
      this.end(this.#protocol.errorOf({ type: "failed", error }));
    }
  }

  /** A client may say that it will send no more and still read what its handlers have written. */
  #peerEnded(): void {
    this.#readToEnd.resolve();
    const lastMs = this.#protocol.side === "server" && !this.#closed ? LAST_WORDS_MS : 0;
    this.end(this.#protocol.errorOf({ type: "closed by peer" }), lastMs);
  }

  #take(chunk: Bytes): void {
    try {
      this.#compactEvery(chunk.length);
      const frameEnded = this.#handOut(chunk);
      // A frame may have ended the connection: nothing may be left that holds it.
      if (!this.#closed) this.#frameTimer.see(this.#protocol.pendingBytes(), frameEnded);
    } catch (error) {
      this.end(this.#protocol.errorOf({ type: "failed", error }), this.lastWordsMs);
    }
  }

  /** Hands what has come to its streams, then does what they have deferred. */
  #handOut(chunk: Bytes): boolean {
    const deferred: (() => void)[] = [];
    this.#deferred = deferred;
    try {
      return this.#protocol.receive(chunk);
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
    this.#protocol.compact();
  }

  /** See `StreamSink.defer`. */
  defer(task: () => void): void {
    if (this.#deferred === undefined) task();
    else this.#deferred.push(task);
  }

  /** Resolves when everything sent so far is with the socket, or the connection has ended. */
  sent(): Promise<void> {
    return this.queue.sent();
  }

  /** Says that the last `bytes` appended to the queue are no message, and lets them go. */
  answered(bytes: number): void {
    this.queue.countControl(bytes);
    this.queue.flushNow();
  }

  /** Counts what nobody has read yet: over the limit the connection is not read any more. */
  charge(bytes: number, messages: number): void {
    this.#unreadBytes += bytes + messages * MESSAGE_OVERHEAD_BYTES;
    if (this.#resume !== undefined && this.#unreadBytes <= this.#limits.maxBufferedBytes / 2) this.#resume();
  }

  /**
   * Ends the connection: every stream hears of it now. Once.
   *
   * @param lastMs How long, in milliseconds, the socket may take to send what it has got, and to hear the peer's end:
   * one that is closed with bytes unread is reset by the system, and what it still had to send is lost. None: the
   * socket closes now, also where it had been given time before.
   */
  end(error: E | undefined, lastMs = 0): void {
    if (this.#closed) {
      if (lastMs === 0) this.#hangUp();
      return;
    }
    this.#closed = true;
    this.#error = error;
    this.#frameTimer.stop();
    this.#resume?.();
    try {
      this.#protocol.lost(error, this.queue.leftBytes);
    } finally {
      if (lastMs === 0) this.#hangUp();
      else this.#sayLastWords(lastMs);
    }
  }

  /** What a broken frame's neighbours have written is not its fault. Where nothing has been written nobody waits. */
  get lastWordsMs(): number {
    return this.queue.position === 0 ? 0 : LAST_WORDS_MS;
  }

  async #sayLastWords(ms: number): Promise<void> {
    await withinMs(ms, this.#sendTheRest());
    this.#hangUp();
  }

  async #sendTheRest(): Promise<void> {
    await this.queue.sent();
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
    this.queue.close();
    this.#readToEnd.resolve();
    try {
      this.#socket.close();
    } catch (cause) {
      // The peer's reset may have closed it before us; anything else is a fault.
      if (!hasBeenClosed(cause)) throw cause;
    } finally {
      this.#protocol.ended(this.#error);
    }
  }

  /** The connection keeps the process alive, as it does to begin with. */
  ref(): void {
    if (!this.#hungUp) this.#socket.ref?.();
  }

  /** The connection does not keep the process alive. */
  unref(): void {
    if (!this.#hungUp) this.#socket.unref?.();
  }

  /** Whether its socket says if the process is kept alive: then timers need not. */
  get counts(): boolean {
    return this.#socket.ref !== undefined;
  }

  /** Waits until half of the unread bytes have been read, so that reading does not start and stop for each message. */
  async #paused(): Promise<void> {
    this.#frameTimer.stop();
    await new Promise<void>((resolve) => this.#resume = resolve);
    this.#resume = undefined;
    if (this.#closed) return;
    this.#frameTimer.see(this.#protocol.pendingBytes(), true);
  }

  /** Waits for that. A frame that is unfinished meanwhile is not the peer's fault. */
  async #owed(owing: Promise<void>): Promise<void> {
    this.#frameTimer.stop();
    await owing;
    if (!this.#closed) this.#frameTimer.see(this.#protocol.pendingBytes(), true);
  }

  /** Waits until the peer has taken what is owed to it by now. A peer that takes nothing is cut. */
  async #watchTaking(): Promise<void> {
    const { frameTimeoutMs } = this.#limits;
    while (!this.#closed && this.queue.controlBytes > MAX_CONTROL_BYTES / 2) {
      const { takenBytes } = this.#socket;
      await withinMs(frameTimeoutMs || Infinity, this.queue.sent());
      if (this.#closed || this.#socket.takenBytes !== takenBytes) continue;
      const text =
        `the peer has taken nothing for ${frameTimeoutMs} ms, and ${this.queue.controlBytes} bytes of answers wait`;
      this.end(this.#protocol.errorOf({ type: "stalled", text }));
    }
    this.#owing = undefined;
  }

  #frameTimedOut(): void {
    const pendingBytes = this.#protocol.pendingBytes();
    const text =
      `frame not complete after ${this.#limits.frameTimeoutMs} ms: ${pendingBytes} bytes of it came`;
    this.end(this.#protocol.errorOf({ type: "unfinished frame", text }), this.lastWordsMs);
  }

  /** A peer that has hung up makes writes fail first, while its last words may still be waiting to be read. */
  #writeFailed(error: unknown): void {
    const lost = () => this.end(this.#protocol.errorOf({ type: "failed", error }));
    this.#lastRead = setTimeout(lost, LAST_READ_MS);
  }
}

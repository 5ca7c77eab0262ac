import { ByteBuffer, type Bytes } from "../base/buffer.ts";
import { type Codec, payloadOf } from "../core/codec.ts";
import { ByteConnection, type ByteProtocol, type ConnectionLimits } from "../net/byte_connection.ts";
import type { ByteSocket } from "../net/socket.ts";
import { errorOfFault, lossAtClient, lossAtServer } from "./connection_errors.ts";
import type { TTStreamError } from "./errors.ts";
import { type Frame, FrameType, LENGTH_SIZE } from "./frame.ts";
import { FrameDecoder } from "./frame_decoder.ts";
import { beginDataFrame, beginFrame, type DataPrefix, endFrame } from "./frame_encoder.ts";
import { IdTable } from "../base/id_table.ts";

/** A stream, as its connection knows it. */
export interface FrameReceiver {
  /** A frame for the stream has come. */
  receive(frame: Frame): void;
  /** Much has been read since these messages came: see `ReceiveQueue.compact`. */
  compact(): void;
  /** The connection is gone; `error` says how. What was sent from `leftBytes` on (see `position`) never left. */
  lose(error: TTStreamError, leftBytes: number): void;
}

/** What differs between the two ends of a connection. */
export interface FrameConnectionOwner {
  readonly side: "client" | "server";
  /**
   * The connection's first bytes have come, as many as it takes to tell.
   *
   * @returns What speaks it instead of frames, where they are none.
   */
  begun?(first: Bytes): ByteProtocol<TTStreamError> | undefined;
  /** A Header frame for a stream that is not there. */
  opened(frame: Frame): void;
  /** A Meta frame for the connection. */
  meta(frame: Frame): void;
  /** An open stream has ended. */
  released(): void;
  /** The connection is gone: after a local close without an error, otherwise with what happened. */
  ended(error: TTStreamError | undefined): void;
}

/**
 * One connection of TTHeader Streaming: frames out of bytes and into them, and which stream each is for.
 *
 * ```
 * ByteConnection ─bytes─> FrameDecoder ─Frame─> FrameReceiver (a stream)
 * ByteConnection <─bytes─ SendQueue    <─sendFrame, sendMessage─ a stream
 * ```
 */
export class FrameConnection<R extends FrameReceiver> {
  /** The bytes below it. */
  readonly bytes: ByteConnection<TTStreamError>;
  readonly #owner: FrameConnectionOwner;
  readonly #maxFrameBytes: number;
  readonly #decoder: FrameDecoder;
  readonly #streams: IdTable<R> = new IdTable();
  readonly #lingering: IdTable<FrameReceiver> = new IdTable();
  /** Set while a codec writes into a frame. */
  #encoding = false;
  #begun = false;
  #lostStreams = 0;
  /** Frames that were sent meanwhile. */
  #behind: ByteBuffer[] = [];

  constructor(socket: ByteSocket, limits: ConnectionLimits, owner: FrameConnectionOwner) {
    this.#owner = owner;
    this.#maxFrameBytes = limits.maxFrameBytes;
    this.#decoder = new FrameDecoder(limits.maxFrameBytes);
    this.bytes = new ByteConnection(socket, limits, {
      side: owner.side,
      // A client is only told what it has asked for.
      answers: owner.side === "server",
      receive: (chunk) => this.#receive(chunk),
      pendingBytes: () => this.#decoder.pendingBytes,
      room: () => this.#decoder.room(),
      compact: () => this.#compact(),
      errorOf: errorOfFault,
      lost: (error, leftBytes) => this.#lost(error, leftBytes),
      ended: (error) => owner.ended(error),
    });
  }

  /** Starts to read. */
  run(): void {
    this.bytes.run();
  }

  get closed(): boolean {
    return this.bytes.closed;
  }

  get congested(): boolean {
    return this.bytes.congested;
  }

  /** See {@linkcode SendQueue.wait}. */
  wait(wake: () => void): void {
    this.bytes.queue.wait(wake);
  }

  /** Takes a `wait` back. */
  unwait(wake: () => void): void {
    this.bytes.queue.unwait(wake);
  }

  /** See {@linkcode ByteConnection.charge}. */
  charge(bytes: number, messages: number): void {
    this.bytes.charge(bytes, messages);
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** How many streams were open when the connection ended. */
  get lostStreams(): number {
    return this.#lostStreams;
  }

  /** How many streams have ended, and are not read up, or still watched. */
  get lingering(): number {
    return this.#lingering.size;
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

  /** Forgets a stream: frames for its id are dropped from now on. */
  release(streamId: number): void {
    if (this.#streams.delete(streamId)) this.#owner.released();
  }

  /** Keeps `receiver` in mind after its release. */
  linger(streamId: number, receiver: FrameReceiver): void {
    if (!this.closed) this.#lingering.set(streamId, receiver);
  }

  /** Takes a `linger` back. */
  unlinger(streamId: number): void {
    this.#lingering.delete(streamId);
  }

  /** Where the next frame begins, in bytes from the connection's first: see {@linkcode FrameReceiver.lose}. */
  get position(): number {
    return this.bytes.queue.position;
  }

  /**
   * Appends a frame that is no message, its payload written by `writePayload`.
   *
   * @throws {RangeError} If a string is too long, or all of them; nothing is sent then.
   */
  sendFrame(frame: Omit<Frame, "payload">, writePayload?: (buffer: ByteBuffer) => void): void {
    if (this.closed) return;
    const buffer = this.#frameBuffer();
    const start = beginFrame(buffer, frame);
    writePayload?.(buffer);
    endFrame(buffer, start);
    this.bytes.answered(buffer.length - start);
  }

  /** Appends a Data frame. Where the codec throws, nothing is appended and the error goes on. */
  sendMessage<T>(streamId: number, prefix: DataPrefix, codec: Codec<T>, message: T): void {
    const buffer = this.#frameBuffer();
    const start = beginDataFrame(buffer, prefix, streamId);
    try {
      this.#encode(codec, message, buffer);
      const size = buffer.length - start - LENGTH_SIZE;
      if (size > this.#maxFrameBytes) {
        throw new RangeError(`frame of ${size} bytes exceeds the limit of ${this.#maxFrameBytes} bytes`);
      }
      endFrame(buffer, start);
    } catch (error) {
      buffer.length = start;
      throw error;
    } finally {
      if (this.#behind.length > 0) this.#appendBehind();
      this.bytes.queue.flush();
    }
  }

  /** Where to append a frame: the queue, or, in the middle of a frame, a buffer that goes behind it. */
  #frameBuffer(): ByteBuffer {
    if (!this.#encoding) return this.bytes.queue.buffer;
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
    const { buffer } = this.bytes.queue;
    for (const { bytes, length } of this.#behind) buffer.writeBytes(bytes.subarray(0, length));
    this.#behind = [];
  }

  /** Hands the whole frames at hand to their streams. @returns Whether there were any. */
  #receive(chunk: Bytes): boolean {
    this.#decoder.push(chunk);
    if (!this.#begun) {
      const first = this.#decoder.first();
      if (first === undefined) return false;
      this.#begun = true;
      const other = this.#owner.begun?.(first);
      if (other !== undefined) {
        this.bytes.become(other);
        return other.receive(this.#decoder.takeAll());
      }
    }
    let frames = 0;
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      this.#hand(frame);
      frames++;
    }
    return frames > 0;
  }

  #hand(frame: Frame): void {
    const stream = this.#streams.get(frame.streamId);
    // Frames of unknown streams are late ones, of streams that have ended here; Kitex drops them too.
    if (stream !== undefined) stream.receive(frame);
    else if (frame.type === FrameType.Header) this.#owner.opened(frame);
    else if (frame.type === FrameType.Meta && frame.streamId === 0) this.#owner.meta(frame);
  }

  #compact(): void {
    this.#streams.each((stream) => stream.compact());
    this.#lingering.each((stream) => stream.compact());
  }

  #lost(error: TTStreamError | undefined, leftBytes: number): void {
    const loss = this.#owner.side === "client" ? lossAtClient(error) : lossAtServer(error);
    this.#lostStreams = this.#streams.size;
    for (const stream of [...this.#streams.values(), ...this.#lingering.values()]) {
      stream.lose(loss, leftBytes);
    }
    this.#streams.clear();
    this.#lingering.clear();
  }
}

import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { SendQueue } from "../net/send_queue.ts";
import {
  Flag,
  FLAGS_OFFSET,
  FRAME_HEADER_SIZE,
  FrameType,
  setFrameHeader,
  writeFrameHeader,
} from "./frame.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import type { HeaderField } from "./hpack/field.ts";
import { MERGED_FRAME_BYTES, MIN_MAX_FRAME_BYTES } from "./limits.ts";

/** Whose message is being written. */
export interface MessageSource {
  readonly id: number;
  /** Whether it can still send: the codec may have ended it. */
  readonly sending: boolean;
  /** Takes a copy of what the windows do not allow yet. */
  keep(bytes: Bytes): void;
}

/**
 * Writes frames into the send queue, in the order of the calls.
 *
 * While a codec, which is the user's code, writes a message into the buffer, nothing else can be appended to it: what
 * is sent meanwhile is done `later`, in its order, when the message is complete.
 */
export class FrameWriter {
  readonly #queue: SendQueue;
  readonly #encoder = new HpackEncoder();
  #encoding = false;
  #behind: (() => void)[] = [];
  /** The DATA frame appended last, by its place among all bytes of the connection: another message may join it. */
  #lastId = 0;
  #lastAt = 0;
  #lastEnd = 0;
  /** The peer's SETTINGS_MAX_FRAME_SIZE, in bytes. */
  maxFrameBytes = MIN_MAX_FRAME_BYTES;

  constructor(queue: SendQueue) {
    this.#queue = queue;
  }

  /** Whether a codec is writing: whatever is to be appended must go `later`. */
  get encoding(): boolean {
    return this.#encoding;
  }

  /** Does that in `catchUp`, which whoever has called the codec calls. */
  later(task: () => void): void {
    this.#behind.push(task);
  }

  /** Does what was to be done later, when a message has been dealt with; not from within a codec. */
  catchUp(): void {
    if (this.#behind.length === 0 || this.#encoding) return;
    const behind = this.#behind;
    this.#behind = [];
    for (const task of behind) task();
  }

  /** Takes the peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(maxTableBytes: number): void {
    this.#encoder.limit(maxTableBytes);
  }

  /** Appends frames that are no message, written by `write`. `urgent`: they begin or end a stream, or answer. */
  control(write: (buffer: ByteBuffer) => void, urgent = true): void {
    if (this.#encoding) return this.later(() => this.control(write, urgent));
    const { buffer } = this.#queue;
    const start = buffer.length;
    write(buffer);
    this.#sendControl(buffer.length - start, urgent);
  }

  /** Appends a frame with a payload of 32 bits: RST_STREAM, WINDOW_UPDATE. */
  number(type: number, streamId: number, value: number, urgent: boolean): void {
    if (this.#encoding) return this.later(() => this.number(type, streamId, value, urgent));
    const { buffer } = this.#queue;
    writeFrameHeader(buffer, 4, type, Flag.NONE, streamId);
    buffer.writeInt32(value);
    this.#sendControl(FRAME_HEADER_SIZE + 4, urgent);
  }

  /** Appends HEADERS, and CONTINUATIONs where they are too large. Not while a codec is writing. */
  headers(streamId: number, fields: readonly HeaderField[], end: boolean): void {
    const { buffer } = this.#queue;
    const start = buffer.reserve(FRAME_HEADER_SIZE);
    buffer.length = start + FRAME_HEADER_SIZE;
    try {
      this.#encoder.encode(buffer, fields);
    } catch (error) {
      buffer.length = start;
      throw error;
    }
    const size = buffer.length - start - FRAME_HEADER_SIZE;
    const endStream = end ? Flag.END_STREAM : Flag.NONE;
    // A block is held to what every peer takes: ours does not take more either.
    if (size <= MIN_MAX_FRAME_BYTES) {
      const flags = Flag.END_HEADERS | endStream;
      setFrameHeader(buffer.bytes, start, size, FrameType.HEADERS, flags, streamId);
    } else {
      const pieces = split(buffer, start, size, MIN_MAX_FRAME_BYTES, FrameType.CONTINUATION, streamId);
      setFrameHeader(buffer.bytes, start, MIN_MAX_FRAME_BYTES, FrameType.HEADERS, endStream, streamId);
      const last = start + (pieces - 1) * (FRAME_HEADER_SIZE + MIN_MAX_FRAME_BYTES);
      buffer.bytes[last + FLAGS_OFFSET] = Flag.END_HEADERS;
    }
    this.#sendControl(buffer.length - start, true);
  }

  /** Ends a stream: on its last DATA frame, where that has not left yet, else by an empty one. Not while a codec is writing. */
  end(streamId: number): void {
    const { buffer } = this.#queue;
    if (this.#canExtend(streamId)) {
      buffer.bytes[this.#lastAt - this.#queue.leftBytes + FLAGS_OFFSET] = Flag.END_STREAM;
      this.#lastId = 0;
      this.#queue.flushNow();
      return;
    }
    writeFrameHeader(buffer, 0, FrameType.DATA, Flag.END_STREAM, streamId);
    this.#sendControl(FRAME_HEADER_SIZE, true);
  }

  /**
   * Appends a message, in as many DATA frames as it takes, or in the one before it. What goes beyond `allowed` bytes is
   * given to `source.keep`. Where `write` throws nothing has been appended. Not while a codec is writing.
   *
   * @returns How many bytes of the message have been appended.
   */
  message(source: MessageSource, write: (buffer: ByteBuffer) => void, allowed: number): number {
    const { buffer } = this.#queue;
    const start = buffer.length;
    const joins = this.#canExtend(source.id) &&
      this.#lastEnd - this.#lastAt < MERGED_FRAME_BYTES - FRAME_HEADER_SIZE;
    if (!joins) {
      buffer.reserve(FRAME_HEADER_SIZE);
      buffer.length += FRAME_HEADER_SIZE;
    }
    const payload = buffer.length;
    let sent = 0;
    try {
      this.#encode(write, buffer);
      sent = this.#cut(source, payload, allowed);
      if (sent === 0) buffer.length = Math.min(start, buffer.length);
      else this.#frame(source.id, joins, start, sent);
    } catch (error) {
      buffer.length = Math.min(start, buffer.length);
      throw error;
    } finally {
      this.#queue.flush();
    }
    return sent;
  }

  /** As {@linkcode message}, into a buffer of the stream's own, which the queue's windows have no part in. */
  encodeInto(buffer: ByteBuffer, write: (buffer: ByteBuffer) => void): void {
    const start = buffer.length;
    try {
      this.#encode(write, buffer);
    } catch (error) {
      buffer.length = start;
      throw error;
    }
  }

  /** Appends bytes that have waited, in DATA frames. Not while a codec is writing. */
  data(streamId: number, bytes: Bytes, end: boolean): void {
    const { buffer } = this.#queue;
    const max = this.maxFrameBytes;
    for (let at = 0; at < bytes.length; at += max) {
      const to = Math.min(at + max, bytes.length);
      const flags = end && to === bytes.length ? Flag.END_STREAM : Flag.NONE;
      writeFrameHeader(buffer, to - at, FrameType.DATA, flags, streamId);
      buffer.writeBytes(bytes.subarray(at, to));
    }
    if (end) this.#queue.flushNow();
    else this.#queue.flush();
  }

  /** Whether the last frame in the buffer is DATA of this stream, and still unsent. */
  #canExtend(streamId: number): boolean {
    return this.#lastId === streamId && this.#lastEnd === this.#queue.position &&
      this.#lastAt >= this.#queue.leftBytes;
  }

  #encode(write: (buffer: ByteBuffer) => void, buffer: ByteBuffer): void {
    const nested = this.#encoding;
    this.#encoding = true;
    try {
      write(buffer);
    } finally {
      this.#encoding = nested;
    }
  }

  /** Takes what is not allowed out of the buffer again. @returns How many bytes of the message are left in it. */
  #cut(source: MessageSource, payload: number, allowed: number): number {
    const { buffer } = this.#queue;
    if (!source.sending || buffer.length <= payload) return 0;
    const size = buffer.length - payload;
    if (size <= allowed) return size;
    const sent = Math.max(0, allowed);
    source.keep(buffer.bytes.subarray(payload + sent, buffer.length));
    buffer.length = payload + sent;
    return sent;
  }

  /** Writes the headers of the last `size` bytes in the buffer, or lengthens the frame before them. */
  #frame(streamId: number, joins: boolean, start: number, size: number): void {
    const { buffer } = this.#queue;
    const max = this.maxFrameBytes;
    const base = this.#queue.leftBytes;
    let at = start;
    let length = size;
    if (joins) {
      const lastAt = this.#lastAt - base;
      const joined = buffer.length - lastAt - FRAME_HEADER_SIZE;
      if (joined <= MERGED_FRAME_BYTES) {
        at = lastAt;
        length = joined;
      } else {
        buffer.reserve(FRAME_HEADER_SIZE);
        buffer.bytes.copyWithin(start + FRAME_HEADER_SIZE, start, buffer.length);
        buffer.length += FRAME_HEADER_SIZE;
      }
    }
    if (length > max) {
      const pieces = split(buffer, at, length, max, FrameType.DATA, streamId);
      setFrameHeader(buffer.bytes, at, max, FrameType.DATA, Flag.NONE, streamId);
      at += (pieces - 1) * (FRAME_HEADER_SIZE + max);
    } else {
      setFrameHeader(buffer.bytes, at, length, FrameType.DATA, Flag.NONE, streamId);
    }
    this.#lastId = streamId;
    this.#lastAt = base + at;
    this.#lastEnd = base + buffer.length;
  }

  #sendControl(bytes: number, urgent: boolean): void {
    this.#queue.countControl(bytes);
    if (urgent) this.#queue.flushNow();
    else this.#queue.flush();
  }
}

/**
 * Makes room for the headers of the second frame and those after it, in a payload that is too large for one, and writes
 * them. @returns How many frames there are then.
 */
function split(
  buffer: ByteBuffer,
  at: number,
  size: number,
  max: number,
  type: number,
  streamId: number,
): number {
  const pieces = Math.ceil(size / max);
  buffer.reserve((pieces - 1) * FRAME_HEADER_SIZE);
  const { bytes } = buffer;
  const payload = at + FRAME_HEADER_SIZE;
  let end = payload + size;
  for (let i = pieces - 1; i > 0; i--) {
    const from = payload + i * max;
    const to = from + i * FRAME_HEADER_SIZE;
    bytes.copyWithin(to, from, end);
    setFrameHeader(bytes, to - FRAME_HEADER_SIZE, end - from, type, Flag.NONE, streamId);
    end = from;
  }
  buffer.length += (pieces - 1) * FRAME_HEADER_SIZE;
  return pieces;
}

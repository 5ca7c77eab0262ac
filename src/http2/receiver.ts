import type { ByteBuffer, Bytes } from "../base/buffer.ts";
import type { ConnectionState } from "./connection_state.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError, Http2StreamError } from "./errors.ts";
import { Flag, FrameType, frameTypeName, PREFACE, uint31, uint32, writeFrameHeader } from "./frame.ts";
import { checkNoStream, checkSize, checkStream, paddingBytes, PRIORITY_SIZE } from "./frame_check.ts";
import { FrameReader } from "./frame_reader.ts";
import { HeaderReceiver } from "./header_receiver.ts";
import { MAX_DEBUG_BYTES } from "./limits.ts";
import type { Pings } from "./pings.ts";
import { SettingsReceiver } from "./settings_receiver.ts";
import type { StreamHost } from "./stream.ts";
import { StrayFrames } from "./stray_frames.ts";

/** What the receiver has done by the connection. */
export interface ReceiverHost {
  readonly stream: StreamHost;
  readonly pings: Pings;
  /** The server may take more streams than it has said before. */
  moreStreams(): void;
  /** The peer has said GOAWAY. */
  goneAway(lastId: number, code: number, debug: string): void;
}

/** Takes the peer's frames, and judges them (RFC 9113 5 and 6). */
export class Receiver {
  readonly #state: ConnectionState;
  readonly #host: ReceiverHost;
  readonly #reader = new FrameReader();
  readonly #strays: StrayFrames;
  readonly #headers: HeaderReceiver;
  readonly #settings: SettingsReceiver;
  /** How much of the client's preface has come; a client awaits none. */
  #prefaceBytes: number;

  constructor(state: ConnectionState, host: ReceiverHost) {
    this.#state = state;
    this.#host = host;
    this.#prefaceBytes = state.side === "client" ? PREFACE.length : 0;
    this.#strays = new StrayFrames(state);
    this.#headers = new HeaderReceiver(state, this.#strays, host.stream);
    this.#settings = new SettingsReceiver(state, this.#strays, () => host.moreStreams());
  }

  /** How many bytes of an unfinished frame, header block or preface are waiting. */
  get pendingBytes(): number {
    const preface = this.#prefaceBytes < PREFACE.length ? this.#prefaceBytes : 0;
    return preface + this.#reader.pendingBytes + this.#headers.pendingBytes;
  }

  /**
   * Takes a chunk. A stream error is dealt with, and the frames behind go on.
   *
   * @throws {Http2ConnectionError} Where the whole connection is broken. The receiver is of no use then.
   */
  take(chunk: Bytes): void {
    const rest = this.#prefaceBytes < PREFACE.length ? this.#takePreface(chunk) : chunk;
    if (rest.length === 0) return;
    this.#reader.push(rest);
    for (;;) {
      try {
        while (!this.#state.closed && this.#reader.next()) this.#takeFrame();
        return;
      } catch (error) {
        if (!(error instanceof Http2StreamError)) throw error;
        this.#streamFailed(this.#reader.streamId, error);
      }
    }
  }

  /** @returns What follows it. */
  #takePreface(chunk: Bytes): Bytes {
    const size = Math.min(chunk.length, PREFACE.length - this.#prefaceBytes);
    for (let i = 0; i < size; i++) {
      if (chunk[i] === PREFACE[this.#prefaceBytes + i]) continue;
      const came = `byte ${this.#prefaceBytes + i} is 0x${(chunk[i] ?? 0).toString(16).padStart(2, "0")}`;
      throw broken(ErrorCode.PROTOCOL_ERROR, `not the HTTP/2 connection preface: ${came}`);
    }
    this.#prefaceBytes += size;
    return chunk.subarray(size);
  }

  #takeFrame(): void {
    const { type, streamId, flags } = this.#reader;
    this.#headers.checkOrder(type, streamId);
    if (type === FrameType.DATA) return this.#data();
    if (!this.#settings.came && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
      throw broken(ErrorCode.PROTOCOL_ERROR, `the first frame is ${frameTypeName(type)}, not SETTINGS`);
    }
    switch (type) {
      case FrameType.HEADERS:
        return this.#headers.headers(this.#reader);
      case FrameType.CONTINUATION:
        return this.#headers.continuation(this.#reader);
      case FrameType.RST_STREAM:
        return this.#rstStream();
      case FrameType.WINDOW_UPDATE:
        return this.#windowUpdate();
      case FrameType.PRIORITY:
        return this.#priority();
      case FrameType.SETTINGS:
        return this.#settings.take(this.#reader);
      case FrameType.PING:
        return this.#ping();
      case FrameType.GOAWAY:
        return this.#goAway();
      case FrameType.PUSH_PROMISE:
        throw broken(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE, which nobody may send here");
    }
    // Extensions are ignored (RFC 9113 5.5).
    this.#strays.spend(this.#reader.type);
  }

  #data(): void {
    const { bytes, streamId, flags } = this.#reader;
    const state = this.#state;
    if (!this.#settings.came) throw broken(ErrorCode.PROTOCOL_ERROR, "the first frame is DATA, not SETTINGS");
    checkStream(this.#reader);
    let { start, end } = this.#reader;
    const frameBytes = end - start;
    if ((flags & Flag.PADDED) !== 0) {
      end -= paddingBytes(this.#reader);
      start++;
    }
    if (frameBytes > state.window.left) {
      const description =
        `DATA of ${frameBytes} bytes exceeds the connection's window of ${state.window.left} bytes`;
      throw broken(ErrorCode.FLOW_CONTROL_ERROR, description);
    }
    const content = end - start;
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if (content === 0 && !endStream) this.#strays.spend(this.#reader.type);
    state.window.take(frameBytes, 0);
    const stream = state.streams.get(streamId);
    if (stream === undefined) {
      this.#strayData(streamId, frameBytes);
    } else {
      stream.checkData(frameBytes, content);
      state.window.take(0, content);
      stream.receiveData(bytes.subarray(start, end), frameBytes, endStream);
    }
    state.giveBack();
  }

  /** DATA of a stream that is not open. Nothing is held of it. */
  #strayData(id: number, frameBytes: number): void {
    if (this.#strays.ignored(id, FrameType.DATA)) return;
    this.#strays.refuseIdle(id, FrameType.DATA);
    const { closedStreams } = this.#state;
    const how = closedStreams.how(id);
    if (how === "reset here") {
      // What was on its way when the stream was reset costs the peer nothing, within the window that it had.
      if (!closedStreams.late(id, frameBytes)) {
        this.#strays.spend(FrameType.DATA, 1 + frameBytes / LATE_BYTES);
      }
      return;
    }
    if (how === "never opened") throw broken(ErrorCode.PROTOCOL_ERROR, `stream ${id}: DATA before HEADERS`);
    throw new Http2StreamError(ErrorCode.STREAM_CLOSED, `stream ${id}: DATA, and it was ${how}`);
  }

  #rstStream(): void {
    const { bytes, start, streamId, type } = this.#reader;
    checkStream(this.#reader);
    checkSize(this.#reader, 4);
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined) {
      if (!this.#strays.ignored(streamId, type)) this.#strays.refuseIdle(streamId, FrameType.RST_STREAM);
      return this.#strays.spend(this.#reader.type);
    }
    stream.receiveReset(uint32(bytes, start));
    this.#state.events.peerReset();
  }

  #windowUpdate(): void {
    const { bytes, start, streamId, type } = this.#reader;
    checkSize(this.#reader, 4);
    this.#strays.spend(this.#reader.type);
    const increment = uint31(bytes, start);
    if (streamId === 0) {
      if (increment === 0) throw broken(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 bytes");
      if (this.#state.flow.raise(increment)) return;
      const description = `WINDOW_UPDATE of ${increment} bytes raises the window beyond 2^31-1`;
      throw broken(ErrorCode.FLOW_CONTROL_ERROR, description);
    }
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined) {
      if (!this.#strays.ignored(streamId, type)) this.#strays.refuseIdle(streamId, FrameType.WINDOW_UPDATE);
      return;
    }
    if (increment === 0) {
      throw new Http2StreamError(ErrorCode.PROTOCOL_ERROR, `stream ${streamId}: WINDOW_UPDATE of 0 bytes`);
    }
    stream.raise(increment);
  }

  /** Tolerated, and without effect (RFC 9113 5.3.2). */
  #priority(): void {
    const { bytes, start, end, streamId } = this.#reader;
    checkStream(this.#reader);
    this.#strays.spend(this.#reader.type);
    const size = end - start;
    const fault = size !== PRIORITY_SIZE
      ? { code: ErrorCode.FRAME_SIZE_ERROR, description: `PRIORITY of ${size} bytes, not ${PRIORITY_SIZE}` }
      : uint31(bytes, start) === streamId
      ? { code: ErrorCode.PROTOCOL_ERROR, description: `stream ${streamId} depends on itself` }
      : undefined;
    if (fault === undefined) return;
    // A stream that is not open cannot be reset.
    if (this.#state.streams.has(streamId)) throw new Http2StreamError(fault.code, fault.description);
    throw broken(fault.code, fault.description);
  }

  #ping(): void {
    const { bytes, start, flags } = this.#reader;
    checkNoStream(this.#reader);
    checkSize(this.#reader, 8);
    this.#strays.spend(this.#reader.type);
    if ((flags & Flag.ACK) !== 0) return this.#host.pings.answered(bytes, start);
    const [high, low] = [uint32(bytes, start), uint32(bytes, start + 4)];
    this.#state.writer.control((buffer) => writePing(buffer, Flag.ACK, high, low));
  }

  #goAway(): void {
    const { bytes, start, end } = this.#reader;
    checkNoStream(this.#reader);
    if (end - start < 8) {
      throw broken(ErrorCode.FRAME_SIZE_ERROR, `GOAWAY of ${end - start} bytes, not 8 or more`);
    }
    this.#strays.spend(this.#reader.type);
    const lastId = uint31(bytes, start);
    const { peerLastId } = this.#state;
    if (peerLastId !== undefined && lastId > peerLastId) {
      throw broken(ErrorCode.PROTOCOL_ERROR, `GOAWAY with last id ${lastId}, after one with ${peerLastId}`);
    }
    const debug = new TextDecoder().decode(
      bytes.subarray(start + 8, Math.min(end, start + 8 + MAX_DEBUG_BYTES)),
    );
    this.#host.goneAway(lastId, uint32(bytes, start + 4), debug);
  }

  /** Resets the stream; one that nobody here knows as well. */
  #streamFailed(id: number, error: Http2StreamError): void {
    const { streams, closedStreams, writer, events, options } = this.#state;
    const stream = streams.get(id);
    if (stream !== undefined) {
      stream.fail(error);
      events.peerReset();
    } else {
      this.#strays.spend(this.#reader.type);
      writer.number(FrameType.RST_STREAM, id, error.code, true);
      if (closedStreams.how(id) === "never opened") closedStreams.resetHere(id, options.initialWindowBytes);
    }
    this.#state.giveBack();
  }
}

/** So many bytes that a stream sends after its reset, and beyond its window, cost as much as one frame more. */
const LATE_BYTES = 1024;

/** Appends a PING frame. */
export function writePing(buffer: ByteBuffer, flags: number, high: number, low: number): void {
  writeFrameHeader(buffer, 8, FrameType.PING, flags, 0);
  buffer.writeInt32(high);
  buffer.writeInt32(low);
}

function broken(code: number, description: string): Http2ConnectionError {
  return new Http2ConnectionError(code, description);
}

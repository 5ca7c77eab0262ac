import type { ByteBuffer, Bytes } from "../buffer.ts";
import type { ConnectionState } from "./connection_state.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError, Http2StreamError } from "./errors.ts";
import { requestFault } from "./field_check.ts";
import { Flag, FrameType, frameTypeName, PREFACE, uint31, uint32, writeFrameHeader } from "./frame.ts";
import { FrameReader } from "./frame_reader.ts";
import { HeaderBlock } from "./header_block.ts";
import { type DecodedBlock, HpackDecoder } from "./hpack/decoder.ts";
import { HpackError } from "./hpack/hpack_error.ts";
import {
  DEFAULT_WINDOW_BYTES,
  FRAMES_PER_STREAM,
  HEADER_TABLE_BYTES,
  IDLE_FRAMES,
  IDLE_FRAMES_PER_SECOND,
  MAX_DEBUG_BYTES,
} from "./limits.ts";
import type { Pings } from "./pings.ts";
import { readSettings, Setting } from "./settings.ts";
import { Http2Stream, type StreamHost } from "./stream.ts";

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
  readonly #decoder: HpackDecoder;
  readonly #block: HeaderBlock;
  /** How much of the client's preface has come; a client awaits none. */
  #prefaceBytes: number;
  #settingsCame = false;

  constructor(state: ConnectionState, host: ReceiverHost) {
    this.#state = state;
    this.#host = host;
    this.#prefaceBytes = state.side === "client" ? PREFACE.length : 0;
    const { maxHeaderListBytes } = state.options;
    this.#decoder = new HpackDecoder({ maxTableBytes: HEADER_TABLE_BYTES, maxHeaderListBytes });
    this.#block = new HeaderBlock(maxHeaderListBytes);
  }

  /** How many bytes of an unfinished frame, header block or preface are waiting. */
  get pendingBytes(): number {
    const preface = this.#prefaceBytes < PREFACE.length ? this.#prefaceBytes : 0;
    return preface + this.#reader.pendingBytes + this.#block.pendingBytes;
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
    if (
      this.#block.streamId !== 0 && (type !== FrameType.CONTINUATION || streamId !== this.#block.streamId)
    ) {
      const expected = `CONTINUATION of stream ${this.#block.streamId}`;
      throw broken(ErrorCode.PROTOCOL_ERROR, `${frameTypeName(type)} of stream ${streamId}, not ${expected}`);
    }
    if (type === FrameType.DATA) return this.#data();
    if (!this.#settingsCame && (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0)) {
      throw broken(ErrorCode.PROTOCOL_ERROR, `the first frame is ${frameTypeName(type)}, not SETTINGS`);
    }
    switch (type) {
      case FrameType.HEADERS:
        return this.#headers();
      case FrameType.CONTINUATION:
        return this.#continuation();
      case FrameType.RST_STREAM:
        return this.#rstStream();
      case FrameType.WINDOW_UPDATE:
        return this.#windowUpdate();
      case FrameType.PRIORITY:
        return this.#priority();
      case FrameType.SETTINGS:
        return this.#settings();
      case FrameType.PING:
        return this.#ping();
      case FrameType.GOAWAY:
        return this.#goAway();
      case FrameType.PUSH_PROMISE:
        throw broken(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE, which nobody may send here");
    }
    // Extensions are ignored (RFC 9113 5.5).
    this.#spend();
  }

  #data(): void {
    const { bytes, streamId, flags } = this.#reader;
    const state = this.#state;
    if (!this.#settingsCame) throw broken(ErrorCode.PROTOCOL_ERROR, "the first frame is DATA, not SETTINGS");
    if (streamId === 0) throw noStream("DATA");
    let { start, end } = this.#reader;
    const frameBytes = end - start;
    if ((flags & Flag.PADDED) !== 0) {
      end -= this.#padding();
      start++;
    }
    if (frameBytes > state.window.left) {
      const description =
        `DATA of ${frameBytes} bytes exceeds the connection's window of ${state.window.left} bytes`;
      throw broken(ErrorCode.FLOW_CONTROL_ERROR, description);
    }
    const content = end - start;
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if (content === 0 && !endStream) this.#spend();
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

  /** The length of the padding at the end of the frame (RFC 9113 6.1). */
  #padding(): number {
    const { bytes, start, end, type } = this.#reader;
    const size = end - start;
    const padding = bytes[start] ?? 0;
    if (size === 0) throw broken(ErrorCode.FRAME_SIZE_ERROR, `${frameTypeName(type)} of 0 bytes is padded`);
    if (padding >= size) {
      const description = `${frameTypeName(type)} of ${size} bytes with a padding of ${padding}`;
      throw broken(ErrorCode.PROTOCOL_ERROR, description);
    }
    return padding;
  }

  /** DATA of a stream that is not open. Nothing is held of it. */
  #strayData(id: number, frameBytes: number): void {
    if (this.#ignored(id)) return;
    this.#refuseIdle(id, "DATA");
    const { closedStreams } = this.#state;
    const how = closedStreams.how(id);
    if (how === "reset here") {
      // What was on its way when the stream was reset costs the peer nothing, within the window that it had.
      if (!closedStreams.late(id, frameBytes)) this.#spend(1 + frameBytes / LATE_BYTES);
      return;
    }
    if (how === "never opened") throw broken(ErrorCode.PROTOCOL_ERROR, `stream ${id}: DATA before HEADERS`);
    throw new Http2StreamError(ErrorCode.STREAM_CLOSED, `stream ${id}: DATA, and it was ${how}`);
  }

  #headers(): void {
    const { bytes, streamId, flags } = this.#reader;
    if (streamId === 0) throw noStream("HEADERS");
    let { start, end } = this.#reader;
    if ((flags & Flag.PADDED) !== 0) {
      end -= this.#padding();
      start++;
    }
    let ownParent = false;
    if ((flags & Flag.PRIORITY) !== 0) {
      if (end - start < PRIORITY_SIZE) {
        throw broken(
          ErrorCode.FRAME_SIZE_ERROR,
          `HEADERS of ${end - start} bytes has no room for a priority`,
        );
      }
      ownParent = uint31(bytes, start) === streamId;
      start += PRIORITY_SIZE;
    }
    const fragment = bytes.subarray(start, end);
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) return this.#section(streamId, fragment, endStream, ownParent);
    this.#block.begin(streamId, endStream, ownParent, fragment);
  }

  #continuation(): void {
    const { bytes, streamId, flags, start, end } = this.#reader;
    const block = this.#block;
    if (block.streamId === 0) throw broken(ErrorCode.PROTOCOL_ERROR, "CONTINUATION without HEADERS");
    block.add(bytes.subarray(start, end));
    if ((flags & Flag.END_HEADERS) === 0) return;
    const { endStream, ownParent } = block;
    this.#section(streamId, block.take(), endStream, ownParent);
  }

  /** A header block is whole. It is decoded whatever becomes of its stream: the blocks behind it refer to it. */
  #section(id: number, block: Bytes, end: boolean, ownParent: boolean): void {
    const decoded = this.#decode(block);
    const { streams, side, lastId } = this.#state;
    const stream = streams.get(id);
    if (stream === undefined) {
      if (this.#ignored(id)) return;
      if (side === "server" && id > lastId && id % 2 === 1) return this.#request(id, decoded, end, ownParent);
      return this.#strayHeaders(id);
    }
    this.#checkSection(id, decoded, ownParent);
    if (stream.receiveHeaders(decoded.fields, end)) this.#spend();
  }

  #decode(block: Bytes): DecodedBlock {
    try {
      return this.#decoder.decode(block);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new Http2ConnectionError(ErrorCode.COMPRESSION_ERROR, error.message, { cause: error });
    }
  }

  #checkSection(id: number, { tooLarge }: DecodedBlock, ownParent: boolean): void {
    // Priorities are gone (RFC 9113 5.3.2), and a stream that depends on itself is still wrong (RFC 7540 5.3.1).
    if (ownParent) throw new Http2StreamError(ErrorCode.PROTOCOL_ERROR, `stream ${id} depends on itself`);
    if (!tooLarge) return;
    const description = `a header list of more than ${this.#state.options.maxHeaderListBytes} bytes`;
    throw new Http2StreamError(ErrorCode.ENHANCE_YOUR_CALM, `stream ${id}: ${description}`);
  }

  #request(id: number, decoded: DecodedBlock, end: boolean, ownParent: boolean): void {
    const state = this.#state;
    state.lastId = id;
    this.#checkSection(id, decoded, ownParent);
    const { fields } = decoded;
    const fault = requestFault(fields);
    if (fault !== undefined) throw new Http2StreamError(ErrorCode.PROTOCOL_ERROR, `stream ${id}: ${fault}`);
    const { maxStreams } = state.options;
    if (state.streams.size >= maxStreams) {
      const description = `stream ${id} is beyond the ${maxStreams} that may be open`;
      throw new Http2StreamError(ErrorCode.REFUSED_STREAM, description);
    }
    const stream = new Http2Stream(this.#host.stream, state.streamWindowBytes);
    stream.accept(id, fields, end, state.peerWindowBytes);
    state.streams.set(id, stream);
    state.budget.refund(FRAMES_PER_STREAM);
    const events = state.events.opened(stream, fields, end);
    if (events !== undefined) stream.tell(events);
    else stream.reset(ErrorCode.REFUSED_STREAM);
  }

  /** HEADERS of a stream that is not open, and does not open one. */
  #strayHeaders(id: number): void {
    this.#refuseIdle(id, "HEADERS");
    const how = this.#state.closedStreams.how(id);
    switch (how) {
      case "reset here":
        return this.#spend();
      case "ended":
        throw broken(ErrorCode.STREAM_CLOSED, `HEADERS of stream ${id}, which has ended`);
      case "never opened":
        throw broken(ErrorCode.PROTOCOL_ERROR, `HEADERS of stream ${id} after stream ${this.#state.lastId}`);
      default:
        throw new Http2StreamError(ErrorCode.STREAM_CLOSED, `stream ${id}: HEADERS, and it was ${how}`);
    }
  }

  #rstStream(): void {
    const { bytes, start, streamId } = this.#reader;
    if (streamId === 0) throw noStream("RST_STREAM");
    this.#checkSize(4);
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined) {
      if (!this.#ignored(streamId)) this.#refuseIdle(streamId, "RST_STREAM");
      return this.#spend();
    }
    stream.receiveReset(uint32(bytes, start));
    this.#state.events.peerReset();
  }

  #windowUpdate(): void {
    const { bytes, start, streamId } = this.#reader;
    this.#checkSize(4);
    this.#spend();
    const increment = uint31(bytes, start);
    if (streamId === 0) {
      if (increment === 0) throw broken(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of 0 bytes");
      if (this.#state.flow.raise(increment)) return;
      const description = `WINDOW_UPDATE of ${increment} bytes raises the window beyond 2^31-1`;
      throw broken(ErrorCode.FLOW_CONTROL_ERROR, description);
    }
    const stream = this.#state.streams.get(streamId);
    if (stream === undefined) {
      if (!this.#ignored(streamId)) this.#refuseIdle(streamId, "WINDOW_UPDATE");
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
    if (streamId === 0) throw noStream("PRIORITY");
    this.#spend();
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

  #settings(): void {
    const { bytes, start, end, flags, streamId } = this.#reader;
    const state = this.#state;
    if (streamId !== 0) throw notForStream("SETTINGS", streamId);
    // A new initial window has to be looked at by every stream.
    this.#spend(1 + state.streams.size / STREAMS_PER_SETTINGS);
    if ((flags & Flag.ACK) !== 0) {
      this.#checkSize(0);
      return this.#acknowledged();
    }
    if (!this.#settingsCame) state.peerMaxStreams = Infinity;
    this.#settingsCame = true;
    let windowBytes = state.peerWindowBytes;
    readSettings(bytes, start, end, state.side === "client", (id, value) => {
      if (id === Setting.INITIAL_WINDOW_SIZE) windowBytes = value;
      else this.#set(id, value);
    });
    // What the new window lets go must not come before the word that it is known.
    state.writer.control((buffer) => writeFrameHeader(buffer, 0, FrameType.SETTINGS, Flag.ACK, 0));
    this.#shiftWindows(windowBytes);
    this.#host.moreStreams();
  }

  #set(id: number, value: number): void {
    const state = this.#state;
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        state.writer.limitTable(value);
        return;
      case Setting.MAX_FRAME_SIZE:
        state.writer.maxFrameBytes = value;
        return;
      case Setting.MAX_HEADER_LIST_SIZE:
        state.peerMaxHeaderListBytes = value;
        return;
      case Setting.MAX_CONCURRENT_STREAMS:
        state.peerMaxStreams = value;
        return;
    }
  }

  /** The initial window holds for the streams that are open too; theirs may become negative (RFC 9113 6.9.2). */
  #shiftWindows(windowBytes: number): void {
    const state = this.#state;
    const shift = windowBytes - state.peerWindowBytes;
    state.peerWindowBytes = windowBytes;
    if (shift === 0) return;
    for (const stream of state.streams.values()) {
      if (stream.shiftSendWindow(shift)) continue;
      const description =
        `SETTINGS_INITIAL_WINDOW_SIZE ${windowBytes} raises the window of stream ${stream.id}`;
      throw broken(ErrorCode.FLOW_CONTROL_ERROR, `${description} beyond 2^31-1`);
    }
  }

  /** The peer knows how large its streams' windows are. */
  #acknowledged(): void {
    const state = this.#state;
    if (state.acknowledged) return;
    state.acknowledged = true;
    const shift = state.options.initialWindowBytes - DEFAULT_WINDOW_BYTES;
    if (shift >= 0) return;
    for (const stream of state.streams.values()) stream.shiftReceiveWindow(shift);
  }

  #ping(): void {
    const { bytes, start, flags, streamId } = this.#reader;
    if (streamId !== 0) throw notForStream("PING", streamId);
    this.#checkSize(8);
    this.#spend();
    if ((flags & Flag.ACK) !== 0) return this.#host.pings.answered(bytes, start);
    const [high, low] = [uint32(bytes, start), uint32(bytes, start + 4)];
    this.#state.writer.control((buffer) => writePing(buffer, Flag.ACK, high, low));
  }

  #goAway(): void {
    const { bytes, start, end, streamId } = this.#reader;
    if (streamId !== 0) throw notForStream("GOAWAY", streamId);
    if (end - start < 8) {
      throw broken(ErrorCode.FRAME_SIZE_ERROR, `GOAWAY of ${end - start} bytes, not 8 or more`);
    }
    this.#spend();
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

  /** Whether the stream came after our GOAWAY (RFC 9113 6.8). */
  #ignored(id: number): boolean {
    if (id <= this.#state.ignoreAbove || this.#state.side === "client") return false;
    this.#spend();
    return true;
  }

  /** No frame but HEADERS and PRIORITY may come for a stream that is idle; even ones always are. */
  #refuseIdle(id: number, name: string): void {
    if (id <= this.#state.lastId && id % 2 === 1) return;
    throw broken(ErrorCode.PROTOCOL_ERROR, `${name} of stream ${id}, which is idle`);
  }

  #checkSize(size: number): void {
    const { start, end, type } = this.#reader;
    if (end - start === size) return;
    const description = `${frameTypeName(type)} of ${end - start} bytes, not ${size}`;
    throw broken(ErrorCode.FRAME_SIZE_ERROR, description);
  }

  /** A frame that makes work and carries nothing. */
  #spend(cost = 1): void {
    if (this.#state.budget.spend(cost)) return;
    const limit = `${IDLE_FRAMES} at once and ${IDLE_FRAMES_PER_SECOND} a second`;
    const name = frameTypeName(this.#reader.type);
    throw broken(
      ErrorCode.ENHANCE_YOUR_CALM,
      `too many frames that carry nothing, the last ${name}: over ${limit}`,
    );
  }

  /** Resets the stream; one that nobody here knows as well. */
  #streamFailed(id: number, error: Http2StreamError): void {
    const { streams, closedStreams, writer, events, options } = this.#state;
    const stream = streams.get(id);
    if (stream !== undefined) {
      stream.fail(error);
      events.peerReset();
    } else {
      this.#spend();
      writer.number(FrameType.RST_STREAM, id, error.code, true);
      if (closedStreams.how(id) === "never opened") closedStreams.resetHere(id, options.initialWindowBytes);
    }
    this.#state.giveBack();
  }
}

/** The fields of a priority: u1 exclusive, u31 parent, u8 weight. */
const PRIORITY_SIZE = 5;
/** SETTINGS that so many streams have to look at cost as much as one frame more. */
const STREAMS_PER_SETTINGS = 16;

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

function noStream(name: string): Http2ConnectionError {
  return broken(ErrorCode.PROTOCOL_ERROR, `${name} without a stream`);
}

function notForStream(name: string, id: number): Http2ConnectionError {
  return broken(ErrorCode.PROTOCOL_ERROR, `${name} of stream ${id}: it is the connection's alone`);
}

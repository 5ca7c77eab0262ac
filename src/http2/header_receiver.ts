import type { Bytes } from "../base/buffer.ts";
import type { ConnectionState } from "./connection_state.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError, Http2StreamError } from "./errors.ts";
import { requestFault } from "./field_check.ts";
import { Flag, FrameType, frameTypeName, uint31 } from "./frame.ts";
import { checkStream, paddingBytes, PRIORITY_SIZE } from "./frame_check.ts";
import type { FrameReader } from "./frame_reader.ts";
import { HeaderBlock } from "./header_block.ts";
import { type DecodedBlock, HpackDecoder } from "./hpack/decoder.ts";
import type { HeaderField } from "./hpack/field.ts";
import { HpackError } from "./hpack/hpack_error.ts";
import { FRAMES_PER_STREAM, HEADER_TABLE_BYTES } from "./limits.ts";
import { Http2Stream, type StreamHost } from "./stream.ts";
import type { StrayFrames } from "./stray_frames.ts";

/** Puts header blocks together, decodes them, and hands the sections to their streams, or opens one (RFC 9113 4.3, 8.1). */
export class HeaderReceiver {
  readonly #state: ConnectionState;
  readonly #strays: StrayFrames;
  readonly #host: StreamHost;
  readonly #decoder: HpackDecoder;
  readonly #block: HeaderBlock;
  #lastRequest: readonly HeaderField[] = [];

  constructor(state: ConnectionState, strays: StrayFrames, host: StreamHost) {
    this.#state = state;
    this.#strays = strays;
    this.#host = host;
    const { maxHeaderListBytes } = state.options;
    this.#decoder = new HpackDecoder({ maxTableBytes: HEADER_TABLE_BYTES, maxHeaderListBytes });
    this.#block = new HeaderBlock(maxHeaderListBytes);
  }

  /** How many bytes of an unfinished block wait. */
  get pendingBytes(): number {
    return this.#block.pendingBytes;
  }

  /** @throws {Http2ConnectionError} Where a block is unfinished, and the frame is not the next part of it. */
  checkOrder(type: number, streamId: number): void {
    if (
      this.#block.streamId === 0 || (type === FrameType.CONTINUATION && streamId === this.#block.streamId)
    ) return;
    const expected = `CONTINUATION of stream ${this.#block.streamId}`;
    throw broken(ErrorCode.PROTOCOL_ERROR, `${frameTypeName(type)} of stream ${streamId}, not ${expected}`);
  }

  /** Takes the HEADERS frame that the reader is at. */
  headers(reader: FrameReader): void {
    const { bytes, streamId, flags } = reader;
    checkStream(reader);
    let { start, end } = reader;
    if ((flags & Flag.PADDED) !== 0) {
      end -= paddingBytes(reader);
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

  /** Takes the CONTINUATION frame that the reader is at. */
  continuation(reader: FrameReader): void {
    const { bytes, streamId, flags, start, end } = reader;
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
      if (this.#strays.ignored(id, FrameType.HEADERS)) return;
      if (side === "server" && id > lastId && id % 2 === 1) return this.#request(id, decoded, end, ownParent);
      return this.#strayHeaders(id);
    }
    this.#checkSection(id, decoded, ownParent);
    if (stream.receiveHeaders(decoded.fields, end)) this.#strays.spend(FrameType.HEADERS);
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
    if (!this.#sameAsLast(decoded.fields)) {
      const fault = requestFault(decoded.fields);
      if (fault !== undefined) throw new Http2StreamError(ErrorCode.PROTOCOL_ERROR, `stream ${id}: ${fault}`);
      this.#lastRequest = decoded.fields;
    }
    // Thousands of streams may be open at a time, with the same fields: they have one array of them.
    const fields = this.#lastRequest;
    const { maxStreams } = state.options;
    if (state.streams.size >= maxStreams) {
      const description = `stream ${id} is beyond the ${maxStreams} that may be open`;
      throw new Http2StreamError(ErrorCode.REFUSED_STREAM, description);
    }
    const stream = new Http2Stream(this.#host, state.streamWindowBytes);
    stream.accept(id, fields, end, state.peerWindowBytes);
    state.streams.set(id, stream);
    state.budget.refund(FRAMES_PER_STREAM);
    const events = state.events.opened(stream, fields, end);
    if (events !== undefined) stream.tell(events);
    else stream.reset(ErrorCode.REFUSED_STREAM);
  }

  /** Whether all fields are those of the last sound request: what comes out of HPACK's tables is the very same. */
  #sameAsLast(fields: readonly HeaderField[]): boolean {
    const last = this.#lastRequest;
    if (fields.length !== last.length) return false;
    for (let i = 0; i < fields.length; i++) if (fields[i] !== last[i]) return false;
    return fields.length > 0;
  }

  /** HEADERS of a stream that is not open, and does not open one. */
  #strayHeaders(id: number): void {
    this.#strays.refuseIdle(id, FrameType.HEADERS);
    const how = this.#state.closedStreams.how(id);
    switch (how) {
      case "reset here":
        return this.#strays.spend(FrameType.HEADERS);
      case "ended":
        throw broken(ErrorCode.STREAM_CLOSED, `HEADERS of stream ${id}, which has ended`);
      case "never opened":
        throw broken(ErrorCode.PROTOCOL_ERROR, `HEADERS of stream ${id} after stream ${this.#state.lastId}`);
      default:
        throw new Http2StreamError(ErrorCode.STREAM_CLOSED, `stream ${id}: HEADERS, and it was ${how}`);
    }
  }
}

function broken(code: number, description: string): Http2ConnectionError {
  return new Http2ConnectionError(code, description);
}

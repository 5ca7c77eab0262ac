import type { ConnectionState } from "./connection_state.ts";
import { ErrorCode } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { Flag, FrameType, writeFrameHeader } from "./frame.ts";
import { checkNoStream, checkSize } from "./frame_check.ts";
import type { FrameReader } from "./frame_reader.ts";
import { DEFAULT_WINDOW_BYTES } from "./limits.ts";
import { readSettings, Setting } from "./settings.ts";
import type { StrayFrames } from "./stray_frames.ts";

/** SETTINGS that so many streams have to look at cost as much as one frame more. */
const STREAMS_PER_SETTINGS = 16;
/** So many bytes of SETTINGS, more settings than there are, cost as much as one frame more. */
const BYTES_PER_SETTINGS = 64;

/** Takes the peer's SETTINGS, and what it says of ours (RFC 9113 6.5). */
export class SettingsReceiver {
  readonly #state: ConnectionState;
  readonly #strays: StrayFrames;
  readonly #moreStreams: () => void;
  #came = false;

  /** @param moreStreams Is called when the server may take more streams than before. */
  constructor(state: ConnectionState, strays: StrayFrames, moreStreams: () => void) {
    this.#state = state;
    this.#strays = strays;
    this.#moreStreams = moreStreams;
  }

  /** Whether the first of them have come. */
  get came(): boolean {
    return this.#came;
  }

  /** Takes the SETTINGS frame that the reader is at. */
  take(reader: FrameReader): void {
    const { bytes, start, end, flags, type } = reader;
    const state = this.#state;
    checkNoStream(reader);
    // A new initial window has to be looked at by every stream.
    const streams = state.streams.size / STREAMS_PER_SETTINGS;
    this.#strays.spend(type, 1 + streams + Math.floor((end - start) / BYTES_PER_SETTINGS));
    if ((flags & Flag.ACK) !== 0) {
      checkSize(reader, 0);
      return this.#acknowledged();
    }
    if (!this.#came) state.peerMaxStreams = Infinity;
    this.#came = true;
    let windowBytes = state.peerWindowBytes;
    readSettings(bytes, start, end, state.side === "client", (id, value) => {
      if (id === Setting.INITIAL_WINDOW_SIZE) windowBytes = value;
      else this.#set(id, value);
    });
    // What the new window lets go must not come before the word that it is known.
    state.writer.control((buffer) => writeFrameHeader(buffer, 0, FrameType.SETTINGS, Flag.ACK, 0));
    this.#shiftWindows(windowBytes);
    this.#moreStreams();
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
      throw new Http2ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `${description} beyond 2^31-1`);
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
}

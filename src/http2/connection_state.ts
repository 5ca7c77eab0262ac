import { IdTable } from "../base/id_table.ts";
import { Budget } from "./budget.ts";
import { ClosedStreams } from "./closed_streams.ts";
import type { Http2Below, Http2ConnectionEvents, Http2Options } from "./connection_events.ts";
import { FrameType, MAX_UINT31 } from "./frame.ts";
import { FrameWriter } from "./frame_writer.ts";
import { Grants } from "./grants.ts";
import {
  DEFAULT_WINDOW_BYTES,
  IDLE_FRAMES,
  IDLE_FRAMES_PER_SECOND,
  STREAMS_BEFORE_SETTINGS,
  UNREAD_WINDOWS,
} from "./limits.ts";
import { ReceiveWindow, WindowBounds } from "./receive_window.ts";
import { SendFlow } from "./send_flow.ts";
import type { Http2Stream } from "./stream.ts";

/** What both halves of a connection, the one that takes frames and the one that opens streams, look at and change. */
export class ConnectionState {
  readonly writer: FrameWriter;
  /** What the peer lets us send. */
  readonly flow: SendFlow;
  /** What we let the peer send. */
  readonly window: ReceiveWindow;
  /** What we let it send beyond that. */
  readonly grants: Grants;
  readonly budget = new Budget(IDLE_FRAMES, IDLE_FRAMES_PER_SECOND);
  readonly streams: IdTable<Http2Stream> = new IdTable();
  readonly closedStreams = new ClosedStreams();
  /** The highest id that has been used. Only clients use any: nothing is pushed. */
  lastId = 0;
  /** Streams above it are ignored: the last id of a GOAWAY of ours. */
  ignoreAbove = MAX_UINT31;
  closed = false;

  /** What the peer's SETTINGS say. */
  peerWindowBytes = DEFAULT_WINDOW_BYTES;
  peerMaxStreams = STREAMS_BEFORE_SETTINGS;
  peerMaxHeaderListBytes = Infinity;
  /** Whether the peer has acknowledged our SETTINGS. */
  acknowledged = false;
  /** The last id of the peer's GOAWAY. */
  peerLastId: number | undefined;

  constructor(
    readonly side: "client" | "server",
    below: Http2Below,
    readonly options: Http2Options,
    readonly events: Http2ConnectionEvents,
  ) {
    this.writer = new FrameWriter(below.queue);
    this.flow = new SendFlow(below.queue);
    const { connectionWindowBytes } = options;
    this.window = new ReceiveWindow(
      DEFAULT_WINDOW_BYTES,
      new WindowBounds(connectionWindowBytes, connectionWindowBytes * UNREAD_WINDOWS),
    );
    this.grants = new Grants(connectionWindowBytes * UNREAD_WINDOWS);
  }

  /** The window of a new stream. Before its acknowledgement the peer may not know how large that is. */
  get streamWindowBytes(): number {
    const { initialWindowBytes } = this.options;
    return this.acknowledged ? initialWindowBytes : Math.max(initialWindowBytes, DEFAULT_WINDOW_BYTES);
  }

  /** Tells the peer how much more it may send on the connection, where that is worth a frame. */
  giveBack(): void {
    if (this.closed) return;
    const increment = this.window.give();
    if (increment > 0) return this.writer.number(FrameType.WINDOW_UPDATE, 0, increment, false);
    if (this.window.left <= 0) this.#relieve();
  }

  /** Nothing may come any more: what is held of messages in part must not be what everybody waits for. */
  #relieve(): void {
    const parts = this.streams.values().filter(({ holdsPart }) => holdsPart);
    const more = this.grants.extend(parts.reduce((sum, { unreadBytes }) => sum + unreadBytes, 0));
    if (more > 0) {
      this.window.allow(more);
      return this.giveBack();
    }
    this.grants.relieve(parts.sort((a, b) => a.id - b.id), () => this.window.left > 0);
  }

  /** So many bytes have been read, or dropped. */
  consumed(bytes: number): void {
    this.window.consume(bytes);
    if (this.window.unread === 0) this.window.allow(-this.grants.retract());
    this.giveBack();
  }
}

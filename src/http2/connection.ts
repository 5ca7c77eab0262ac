import type { Bytes } from "../base/buffer.ts";
import { withinMs } from "../net/event_loop.ts";
import type { Http2Below, Http2ConnectionEvents, Http2Options } from "./connection_events.ts";
import { ConnectionState } from "./connection_state.ts";
import { ErrorCode, errorCodeName } from "./error_code.ts";
import { Http2ConnectionError } from "./errors.ts";
import { checkSendable } from "./field_check.ts";
import { Flag, FrameType, MAX_UINT31, PREFACE, writeFrameHeader } from "./frame.ts";
import { fieldsBytes, type HeaderField } from "./hpack/field.ts";
import {
  BYTES_PER_IDLE_FRAME,
  BYTES_PER_WINDOW_UPDATE,
  FRAMES_PER_DATA_FRAME,
  FRAMES_PER_STREAM,
  GOAWAY_PING_MS,
  HEADER_TABLE_BYTES,
  LAST_WORDS_MS,
  MAX_DATA_FRAME_BYTES,
  MAX_DEBUG_BYTES,
  STREAM_ALLOWANCE,
} from "./limits.ts";
import { Pings } from "./pings.ts";
import { Receiver, writePing } from "./receiver.ts";
import { Setting, writeSettings } from "./settings.ts";
import { WindowBounds } from "./receive_window.ts";
import { Http2Stream, type StreamExit, type StreamHost } from "./stream.ts";
import type { Http2StreamEvents } from "./stream_events.ts";

/** A request that waits until the server takes another stream. */
interface WaitingRequest {
  readonly fields: readonly HeaderField[];
  readonly end: boolean;
  readonly events: Http2StreamEvents;
}

/**
 * One HTTP/2 connection (RFC 9113), of either side, without a socket: bytes come by `receive`, frames go into the send
 * queue of the connection below.
 *
 * ```
 * receive ─bytes─> Receiver (FrameReader, HpackDecoder) ─> Http2Stream ─> Http2StreamEvents
 * queue <──────── FrameWriter <─ windows (SendFlow) <─ Http2Stream <─ sendHeaders, sendData, end
 * ```
 */
export class Http2Connection {
  readonly #below: Http2Below;
  readonly #state: ConnectionState;
  readonly #receiver: Receiver;
  readonly #pings: Pings;
  readonly #host: StreamHost;
  readonly #waiting: Map<Http2Stream, WaitingRequest> = new Map();
  #nextId = 1;
  /** The fields checked last, and their size. */
  #lastFields: readonly HeaderField[] = [];
  #lastFieldsBytes = 0;
  /** Set while a chunk is being handed out. */
  #deferred: (() => void)[] | undefined;

  /**
   * @param role Whether it opens streams or takes them.
   * @param below The connection below it.
   * @param options Its numbers, checked.
   * @param events Who is told of what happens.
   */
  constructor(
    role: "client" | "server",
    below: Http2Below,
    options: Http2Options,
    events: Http2ConnectionEvents,
  ) {
    this.#below = below;
    const state = new ConnectionState(role, below, options, events);
    this.#state = state;
    const { keepaliveMs, keepaliveTimeoutMs } = options;
    this.#pings = new Pings({
      keepaliveMs,
      keepaliveTimeoutMs,
      paused: () => below.paused(),
      send: (payload) => state.writer.control((buffer) => writePing(buffer, Flag.NONE, 0, payload)),
      silent: (description) => this.#end(new Http2ConnectionError(ErrorCode.NO_ERROR, description), 0),
      timerSet: (timer) => below.timerSet?.(timer),
    });
    this.#host = this.#makeHost();
    this.#receiver = new Receiver(state, {
      stream: this.#host,
      pings: this.#pings,
      moreStreams: () => this.#openWaiting(),
      goneAway: (lastId, code, debug) => this.#goneAway(lastId, code, debug),
    });
  }

  /** How many streams are open, or wait to be. */
  get size(): number {
    return this.#state.streams.size + this.#waiting.size;
  }

  /** The streams that are open, by their ids, then those that wait. */
  streams(): Iterable<Http2Stream> {
    return [...this.#state.streams.values(), ...this.#waiting.keys()];
  }

  /** How many bytes have come for the open streams and have not been consumed. */
  get unreadBytes(): number {
    return this.#state.window.unread;
  }

  /** How many bytes of an unfinished frame, header block or preface are waiting. */
  get pendingBytes(): number {
    return this.#receiver.pendingBytes;
  }

  /** Whether `open` works: the connection lives, the peer has said no GOAWAY, and there are ids left. */
  get takesStreams(): boolean {
    return this.#refusal === undefined;
  }

  /** Sends the client's preface, SETTINGS and the connection's window, in one write. */
  start(): void {
    const { initialWindowBytes, maxHeaderListBytes, maxStreams } = this.#state.options;
    const client = this.#state.side === "client";
    const increment = this.#state.window.give();
    this.#state.writer.control((buffer) => {
      if (client) buffer.writeBytes(PREFACE);
      writeSettings(buffer, [
        client ? [Setting.ENABLE_PUSH, 0] : [Setting.MAX_CONCURRENT_STREAMS, maxStreams],
        [Setting.INITIAL_WINDOW_SIZE, initialWindowBytes],
        [Setting.MAX_FRAME_SIZE, MAX_DATA_FRAME_BYTES],
        [Setting.MAX_HEADER_LIST_SIZE, maxHeaderListBytes],
        [Setting.HEADER_TABLE_SIZE, HEADER_TABLE_BYTES],
      ]);
    });
    if (increment > 0) this.#state.writer.number(FrameType.WINDOW_UPDATE, 0, increment, true);
    this.#pings.start();
  }

  /**
   * Takes the next bytes, cut anyhow; they must not be changed afterwards. What is wrong with them ends a stream, or
   * the connection: then the peer gets a GOAWAY, the streams are lost, and the connection below is ended.
   */
  receive(chunk: Bytes): void {
    if (this.#state.closed || chunk.length === 0) return;
    this.#pings.heard();
    const deferred: (() => void)[] = [];
    this.#deferred = deferred;
    try {
      this.#receiver.take(chunk);
    } catch (error) {
      if (!(error instanceof Http2ConnectionError)) throw error;
      this.#fail(error);
    } finally {
      this.#deferred = undefined;
      for (const task of deferred) task();
    }
  }

  /** Runs `task` now; while a chunk is being handed out, after its frames. */
  defer(task: () => void): void {
    if (this.#deferred === undefined) task();
    else this.#deferred.push(task);
  }

  /** The socket is gone: every stream hears of it, instead of `released`. */
  lost(error: unknown): void {
    if (this.#state.closed) return;
    this.#state.closed = true;
    this.#pings.stop(error);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of this.#state.streams.values()) stream.lose(false, error);
    this.#state.streams.clear();
    for (const [stream, { events }] of waiting) stream.lose(true, error, events);
  }

  /**
   * At a client: opens a stream. Where the server takes no more at a time it waits for its turn, in order; its HEADERS
   * leave then, and what it sends waits meanwhile.
   *
   * @throws {Http2ConnectionError} If the connection takes no more streams: see `takesStreams`.
   * @throws {TypeError} If a field has a character that it cannot have.
   * @throws {RangeError} If the fields are more than the server's SETTINGS_MAX_HEADER_LIST_SIZE.
   */
  open(fields: readonly HeaderField[], end: boolean, events: Http2StreamEvents): Http2Stream {
    const refusal = this.#refusal;
    if (refusal !== undefined) throw new Http2ConnectionError(ErrorCode.REFUSED_STREAM, refusal);
    const bytes = this.#checked(fields);
    if (bytes > this.#state.peerMaxHeaderListBytes) {
      const limit = this.#state.peerMaxHeaderListBytes;
      throw new RangeError(`a header list of ${bytes} bytes exceeds the server's limit of ${limit} bytes`);
    }
    const stream = new Http2Stream(this.#host, this.#state.streamWindowBytes);
    if (this.#waiting.size === 0 && this.#hasRoom && !this.#state.writer.encoding) {
      this.#openNow(stream, { fields, end, events });
    } else {
      this.#waiting.set(stream, { fields, end, events });
      this.#openWaiting();
    }
    return stream;
  }

  /**
   * Says that no more streams are taken; those that are open go on, and the owner ends the connection behind them.
   *
   * @param graceful Streams that are on their way are taken too: their client learns of it first (RFC 9113 6.8).
   */
  goAway(code: number, debug: string, graceful: boolean): void {
    if (this.#state.closed) return;
    if (!graceful || this.#state.side === "client") return this.#sayGoAway(code, debug);
    this.#writeGoAway(MAX_UINT31, code, debug);
    this.#sayLastId(code, debug);
  }

  async #sayLastId(code: number, debug: string): Promise<void> {
    // Where the ping fails the connection has ended, and nobody is there to hear of it.
    await withinMs(GOAWAY_PING_MS, this.#pings.ping().catch(() => {}));
    if (!this.#state.closed) this.#sayGoAway(code, debug);
  }

  /** Asks the peer for a sign of life. Rejects when the connection ends before it comes. */
  ping(): Promise<void> {
    return this.#pings.ping();
  }

  /** Checks a request's fields. Those of one after the other are mostly the same array. @returns Their size. */
  #checked(fields: readonly HeaderField[]): number {
    if (this.#lastFields !== fields) {
      checkSendable(fields);
      this.#lastFields = fields;
      this.#lastFieldsBytes = fieldsBytes(fields);
    }
    return this.#lastFieldsBytes;
  }

  get #refusal(): string | undefined {
    if (this.#state.side === "server") return "a server opens no streams";
    if (this.#state.closed) return "the connection has ended";
    if (this.#state.peerLastId !== undefined) return "the server takes no more streams";
    if (this.#nextId > MAX_UINT31) return "the connection has used up its stream ids";
    return undefined;
  }

  #makeHost(): StreamHost {
    const { queue } = this.#below;
    const state = this.#state;
    const { initialWindowBytes } = state.options;
    return {
      get peerMaxHeaderListBytes() {
        return state.peerMaxHeaderListBytes;
      },
      writer: this.#state.writer,
      flow: this.#state.flow,
      windowBounds: new WindowBounds(initialWindowBytes, initialWindowBytes * STREAM_ALLOWANCE),
      get congested() {
        return queue.congested;
      },
      get position() {
        return queue.position;
      },
      get leftBytes() {
        return queue.leftBytes;
      },
      wait: (wake) => queue.wait(wake),
      unwait: (wake) => queue.unwait(wake),
      consumed: (bytes) => {
        this.#state.consumed(bytes);
      },
      mayGrant: (stream, bytes, held) => this.#state.grants.take(stream, bytes, held),
      granted: (bytes) => {
        this.#state.window.allow(bytes);
        this.#state.grants.change(bytes);
        this.#state.giveBack();
      },
      grantless: (stream) => this.#state.grants.drop(stream),
      dataSent: (bytes, cut) => {
        const frames = FRAMES_PER_DATA_FRAME * Math.ceil(bytes / BYTES_PER_WINDOW_UPDATE);
        this.#state.budget.refund(cut ? Math.min(frames, bytes / BYTES_PER_IDLE_FRAME) : frames);
      },
      release: (stream, how) => this.#release(stream, how),
      forget: (stream) => {
        this.#waiting.delete(stream);
        this.#state.events.released();
      },
    };
  }

  /** Whether the server takes another stream now. */
  get #hasRoom(): boolean {
    return this.#state.streams.size < this.#state.peerMaxStreams;
  }

  #openWaiting(): void {
    const { writer } = this.#state;
    if (this.#waiting.size === 0) return;
    if (writer.encoding) return writer.later(() => this.#openWaiting());
    for (const [stream, request] of this.#waiting) {
      if (!this.#hasRoom || this.#refusal !== undefined) return;
      this.#waiting.delete(stream);
      this.#openNow(stream, request);
    }
  }

  #openNow(stream: Http2Stream, { fields, end, events }: WaitingRequest): void {
    const state = this.#state;
    const id = this.#nextId;
    this.#nextId += 2;
    state.lastId = id;
    state.streams.set(id, stream);
    state.budget.refund(FRAMES_PER_STREAM);
    stream.open(id, fields, end, state.peerWindowBytes, events);
  }

  #release(stream: Http2Stream, how: StreamExit): void {
    const { id } = stream;
    this.#state.streams.delete(id);
    if (how === "ended") this.#state.closedStreams.ended(id);
    else if (how === "reset here") this.#state.closedStreams.resetHere(id, Math.max(0, stream.receiveLeft));
    else this.#state.closedStreams.resetByPeer(id);
    this.#state.events.released();
    if (!this.#state.closed) this.#openWaiting();
  }

  #sayGoAway(code: number, debug: string): void {
    this.#state.ignoreAbove = this.#state.side === "server" ? this.#state.lastId : 0;
    this.#writeGoAway(this.#state.ignoreAbove, code, debug);
  }

  #writeGoAway(lastId: number, code: number, debug: string): void {
    const text = new TextEncoder().encode(debug).subarray(0, MAX_DEBUG_BYTES);
    this.#state.writer.control((buffer) => {
      writeFrameHeader(buffer, 8 + text.length, FrameType.GOAWAY, Flag.NONE, 0);
      buffer.writeInt32(lastId);
      buffer.writeInt32(code);
      buffer.writeBytes(text);
    });
  }

  /** The peer takes no more streams, and has not acted on those above its last id. */
  #goneAway(lastId: number, code: number, debug: string): void {
    const state = this.#state;
    state.peerLastId = lastId;
    if (state.side === "client") {
      const text = debug === "" ? "" : `, ${debug}`;
      const error = new Http2ConnectionError(
        code,
        `the server has said GOAWAY (${errorCodeName(code)}${text})`,
      );
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const stream of state.streams.values()) {
        if (stream.id <= lastId || stream.gone) continue;
        state.streams.delete(stream.id);
        state.closedStreams.resetHere(stream.id, Math.max(0, stream.receiveLeft));
        stream.lose(true, error);
        state.events.released();
      }
      for (const [stream, { events }] of waiting) {
        stream.lose(true, error, events);
        state.events.released();
      }
    }
    state.events.goneAway(code, debug);
  }

  #fail(error: Http2ConnectionError): void {
    if (this.#state.closed) return;
    this.#sayGoAway(error.code, error.description);
    this.#end(error, LAST_WORDS_MS);
  }

  #end(error: Http2ConnectionError, lastMs: number): void {
    this.lost(error);
    this.#below.end(error, lastMs);
  }
}

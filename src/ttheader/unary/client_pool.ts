import type { ClientSide } from "../../core/client_side.ts";
import type { UnarySettings } from "../../core/protocol.ts";
import { reasonText } from "../../base/reason.ts";
import { ByteConnection, type ConnectionLimits } from "../../net/byte_connection.ts";
import { setTimer, type Timer, unrefTimer } from "../../net/event_loop.ts";
import type { ByteSocket } from "../../net/socket.ts";
import { CLOSED_BY_PEER, lossAtClient } from "../connection_errors.ts";
import { streamError, type TTStreamError } from "../errors.ts";
import { type UnaryCallOwner, UnaryClientCall } from "./client_call.ts";
import { UnaryConnection, type UnaryConnectionOwner } from "./client_connection.ts";

/** What a client's unary calls share. */
export interface UnaryPoolInit {
  readonly limits: ConnectionLimits;
  readonly settings: UnarySettings;
  /** Absent where there is one connection and nobody knows how to make another. */
  readonly dial: ((signal: AbortSignal) => Promise<ByteSocket>) | undefined;
  /** A call has ended. */
  readonly released: () => void;
  /** The one connection is gone, where there is one alone. */
  readonly ended: (error: TTStreamError | undefined) => void;
}

/**
 * The connections of a client's unary calls: one for all where the server answers in any order, which ours say with
 * their first answer; else each has one call at a time, and calls beyond the last connection wait.
 */
export class UnaryPool implements UnaryCallOwner, UnaryConnectionOwner {
  readonly #init: UnaryPoolInit;
  readonly #connections: Set<UnaryConnection> = new Set();
  readonly #waiting: Set<UnaryClientCall> = new Set();
  readonly #lingering: Set<UnaryClientCall> = new Set();
  #calls = 0;
  #dialing = 0;
  #mux: boolean;
  #closed = false;
  #counts = true;
  readonly #dials = new AbortController();
  #idleTimer: Timer;

  constructor(init: UnaryPoolInit) {
    this.#init = init;
    this.#mux = init.settings.mux ?? false;
  }

  get maxFrameBytes(): number {
    return this.#init.limits.maxFrameBytes;
  }

  /** How many calls are under way, those that wait among them. */
  get size(): number {
    return this.#calls;
  }

  /** Whether there are connections, or calls that wait for one. */
  get inUse(): boolean {
    return this.#connections.size > 0 || this.#calls > 0;
  }

  get lingering(): number {
    return this.#lingering.size;
  }

  /** @throws {RangeError} If what stands before the request is too long. */
  open(stream: ClientSide): void {
    const call = new UnaryClientCall(this, stream);
    this.#calls++;
    stream.watch();
    stream.attach(call);
    this.#waiting.add(call);
    this.#serve();
  }

  streams(): ClientSide[] {
    const under = [...this.#connections].flatMap((connection) => connection.calls());
    return [...this.#waiting, ...under].map(({ stream }) => stream);
  }

  async sent(): Promise<void> {
    await Promise.all([...this.#connections].map(({ bytes }) => bytes.sent()));
  }

  /** Ends what there is. */
  end(byPeer: boolean, lastMs: number): void {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    this.#dials.abort(new DOMException("the connection has been closed", "AbortError"));
    const error = byPeer ? streamError(CLOSED_BY_PEER) : undefined;
    for (const { bytes } of [...this.#connections]) bytes.end(error, lastMs);
  }

  /** The connection that it belongs to has been lost. */
  lose(error: TTStreamError): void {
    for (const call of [...this.#waiting]) call.lose(error, 0);
    this.end(false, 0);
  }

  ref(): void {
    this.#counts = true;
    for (const { bytes } of this.#connections) bytes.ref();
  }

  unref(): void {
    this.#counts = false;
    for (const { bytes } of this.#connections) bytes.unref();
  }

  /** Makes a connection of the pool's of one that there is. */
  add(bytes: UnaryConnection["bytes"]): void {
    this.#adopt((protocol) => {
      bytes.become(protocol);
      return bytes;
    });
  }

  released(call: UnaryClientCall): void {
    this.#calls--;
    this.#waiting.delete(call);
    const { connection } = call;
    // The server hears in no other way that nobody waits any more.
    if (connection?.owes === true && this.#init.dial !== undefined) connection.bytes.end(undefined);
    this.#init.released();
  }

  lingers(call: UnaryClientCall): void {
    this.#lingering.add(call);
  }

  unlingers(call: UnaryClientCall): void {
    this.#lingering.delete(call);
  }

  ready(connection: UnaryConnection): void {
    if (connection.mux) this.#mux = true;
    this.#serve();
    this.#watchIdle();
  }

  spent(connection: UnaryConnection): void {
    if (connection.idle) connection.bytes.end(undefined, connection.bytes.lastWordsMs);
    this.#serve();
  }

  /** What is read later must not keep whole read buffers in memory. */
  compact(): void {
    for (const call of this.#lingering) call.compact();
  }

  ended(connection: UnaryConnection, error: TTStreamError | undefined): void {
    this.#connections.delete(connection);
    for (const call of [...this.#lingering]) {
      if (call.connection === connection) call.lose(lossAtClient(error), 0);
    }
    if (this.#init.dial === undefined) this.#init.ended(error);
    this.#serve();
  }

  /** Gives waiting calls what connections there are, and dials for the others. */
  #serve(): void {
    if (this.#closed) return;
    for (const call of this.#waiting) {
      const connection = this.#free();
      if (connection === undefined) break;
      this.#waiting.delete(call);
      connection.take(call);
    }
    const { dial } = this.#init;
    while (dial !== undefined && this.#wantsAnother()) this.#dial(dial);
  }

  /** Whether calls wait for which another connection may be made. */
  #wantsAnother(): boolean {
    if (this.#waiting.size <= this.#dialing) return false;
    if (this.#dialing + this.#open() >= this.#init.settings.maxConnections) return false;
    // One that is shared takes many of them.
    return !this.#mux || this.#dialing === 0;
  }

  /** The connection for the next call: where several have room, the one with the fewest calls. */
  #free(): UnaryConnection | undefined {
    let best: UnaryConnection | undefined;
    for (const connection of this.#connections) {
      if (connection.free && (best === undefined || connection.size < best.size)) best = connection;
    }
    return best;
  }

  /** Connections that take calls, now or later. */
  #open(): number {
    let open = 0;
    for (const connection of this.#connections) if (connection.usable) open++;
    return open;
  }

  async #dial(dial: (signal: AbortSignal) => Promise<ByteSocket>): Promise<void> {
    this.#dialing++;
    let socket: ByteSocket;
    try {
      socket = await dial(this.#dials.signal);
    } catch (error) {
      this.#dialing--;
      return this.#dialFailed(error);
    }
    this.#dialing--;
    if (this.#closed) return socket.close();
    const { limits } = this.#init;
    const connection = this.#adopt((protocol) => new ByteConnection(socket, limits, protocol));
    if (!this.#counts) connection.bytes.unref();
    connection.bytes.run();
    this.#serve();
    // The call that it was made for may have been given up meanwhile.
    this.#watchIdle();
  }

  #adopt(makeBytes: ConstructorParameters<typeof UnaryConnection>[0]): UnaryConnection {
    const { limits: { maxFrameBytes }, settings: { mux } } = this.#init;
    const learns = mux === undefined;
    const connection = new UnaryConnection(makeBytes, { maxFrameBytes, mux: this.#mux, learns }, this);
    this.#connections.add(connection);
    return connection;
  }

  /** Where another connection works the calls wait for that; else none of them would get further. */
  #dialFailed(cause: unknown): void {
    if (this.#closed || this.#open() > 0 || this.#dialing > 0) return;
    for (const call of [...this.#waiting]) {
      const { stream } = call;
      const why = { text: reasonText(cause), retryable: true, cause };
      stream.lose(stream.init.dialect.noConnection(stream.where, why));
      call.release();
    }
  }

  /** One timer for all: it looks at the clock when it fires. */
  #watchIdle(): void {
    if (this.#idleTimer !== undefined || this.#closed || this.#init.dial === undefined) return;
    this.#idleTimer = setTimer(() => {
      this.#idleTimer = undefined;
      const { idleTimeoutMs } = this.#init.settings;
      const now = performance.now();
      for (const { bytes, idle, idleSince } of [...this.#connections]) {
        // Timers may fire a fraction of a millisecond early.
        if (idle && now - idleSince > idleTimeoutMs - 1) bytes.end(undefined, bytes.lastWordsMs);
      }
      if (this.#connections.size > 0) this.#watchIdle();
    }, this.#init.settings.idleTimeoutMs);
    unrefTimer(this.#idleTimer);
  }
}

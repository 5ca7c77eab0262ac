import type { ClientSide } from "../../core/client_side.ts";
import { ClientConnection } from "../client/connection.ts";
import type { ClientConnectionInit } from "../client/connection_options.ts";
import type { Address } from "../../net/dial.ts";
import type { ByteSocket } from "../../net/socket.ts";
import type { Addr } from "../../net/address.ts";
import { setTimer, type Timer } from "../../net/event_loop.ts";

/** A connection of a pool's, as `pick` sees it. */
export interface PoolConnection {
  /** Where it goes, as it was given. */
  readonly address: Address;
  /** The server's address, where the transport has one. */
  readonly remoteAddr?: Addr | undefined;
  /** How many streams are open on it. */
  readonly streams: number;
}

/** The address that a connection goes to. */
export interface Place {
  readonly address: Address;
  /** Streams on it, and those that it is being dialled for. */
  readonly load: number;
}

/** How every connection of a pool is made. */
export interface PooledSettings {
  readonly connection: ClientConnectionInit;
  readonly idleTimeoutMs: number;
}

/** Who is told what becomes of a connection. */
export interface PooledWatcher {
  /** A stream has ended on it. */
  released(): void;
  /** It takes no more streams. */
  drained(): void;
  /** It is closed. */
  gone(connection: PooledConnection): void;
  /** It has been idle for long. @returns Whether it is to be closed. */
  expires(): boolean;
}

/** A connection of a pool's: knows when it has been idle for too long. */
export class PooledConnection implements PoolConnection {
  readonly place: Place;
  readonly #connection: ClientConnection;
  readonly #idleTimeoutMs: number;
  readonly #watcher: PooledWatcher;
  #idleSince = performance.now();
  /** Runs from the first idle moment on, and is not touched by each stream that comes and goes. */
  #idleTimer: Timer;

  constructor(socket: ByteSocket, place: Place, settings: PooledSettings, watcher: PooledWatcher) {
    this.place = place;
    this.#idleTimeoutMs = settings.idleTimeoutMs;
    this.#watcher = watcher;
    this.#connection = new ClientConnection(socket, settings.connection, {
      released: () => this.#released(),
      draining: () => watcher.drained(),
    });
    const gone = () => {
      clearTimeout(this.#idleTimer);
      watcher.gone(this);
    };
    this.#connection.closed.then(gone, gone);
    this.#watchIdle(this.#idleTimeoutMs);
  }

  get address(): Address {
    return this.place.address;
  }

  get remoteAddr(): Addr | undefined {
    return this.#connection.remoteAddr;
  }

  get streams(): number {
    return this.#connection.streams;
  }

  /** Whether streams may be opened on it. */
  get open(): boolean {
    return this.#connection.open;
  }

  /** Whether nothing is on it: no stream, and nothing unread of one that would hold up the next. */
  get idle(): boolean {
    return this.#connection.streams === 0 && this.#connection.unread === 0;
  }

  /** @throws {RangeError} If the Header is too long. */
  start(call: ClientSide): void {
    this.#connection.start(call);
  }

  /** Takes no new streams, and closes when the open ones have ended. */
  drain(): void {
    this.#connection.close();
  }

  /** Cancels what is open, and closes. */
  cut(): void {
    this.#connection[Symbol.asyncDispose]();
  }

  #released(): void {
    if (this.#connection.streams === 0) {
      this.#idleSince = performance.now();
      if (this.#idleTimer === undefined) this.#watchIdle(this.#idleTimeoutMs);
    }
    this.#watcher.released();
  }

  #watchIdle(ms: number): void {
    this.#idleTimer = setTimer(() => this.#lookIdle(), ms);
  }

  #lookIdle(): void {
    this.#idleTimer = undefined;
    if (!this.open || this.streams > 0) return;
    const leftMs = this.#idleSince + this.#idleTimeoutMs - performance.now();
    // Timers may fire a fraction of a millisecond early.
    if (leftMs > 1) this.#watchIdle(leftMs);
    else if (this.#watcher.expires()) this.drain();
    else this.#watchIdle(this.#idleTimeoutMs);
  }
}

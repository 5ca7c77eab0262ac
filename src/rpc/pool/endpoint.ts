import { type Address, dial, type DialSettings, serverOf } from "../../net/dial.ts";
import type { Backoff } from "./backoff.ts";
import type { ByteSocket } from "../../net/socket.ts";
import {
  type Place,
  PooledConnection,
  type PooledSettings,
  type PooledWatcher,
} from "./pooled_connection.ts";
import { setTimer, type Timer } from "../../net/event_loop.ts";

/** How every address of a pool is dialled. */
export interface EndpointSettings extends PooledSettings {
  readonly dial: Omit<DialSettings, "signal">;
  readonly backoff: Backoff;
  /** Whether the last connection stays, however idle. */
  readonly keepOne: boolean;
}

/** Who is told what becomes of an address. */
export interface EndpointWatcher extends Omit<PooledWatcher, "expires"> {
  connected(connection: PooledConnection): void;
  /** @param first Whether the dial before it had worked, or there was none. */
  dialFailed(endpoint: Endpoint, error: unknown, first: boolean): void;
  /** A dial has been given up. */
  dialAbandoned(): void;
  /** It may be dialled again. */
  rested(): void;
}

/** Dials at once of an address that works: where a burst of calls wants a connection each. */
const MAX_DIALS_PER_ADDRESS = 4;

/** A server that tells a connection to go before it is so old, in milliseconds, shuts down: it would tell the next one as well. */
const YOUNG_MS = 200;
/** So long, in milliseconds, that server may go on accepting those who have just connected. */
const TURNED_AWAY_MS = 100;

/** One address: its connections, its dials, and its rest after those that fail. */
export class Endpoint implements Place {
  readonly address: Address;
  readonly #settings: EndpointSettings;
  readonly #watcher: EndpointWatcher;
  readonly #connections: Set<PooledConnection> = new Set();
  #controller = new AbortController();
  #removed = false;
  #dialing = 0;
  #dials = 0;
  #failedDials = 0;
  /** Failed dials in a row; none where one has worked since. */
  #failures = 0;
  #proven = false;
  #lastError: unknown;
  #resting = false;
  #restTimer: Timer;
  #restsUntil = 0;

  constructor(address: Address, settings: EndpointSettings, watcher: EndpointWatcher) {
    this.address = address;
    this.#settings = settings;
    this.#watcher = watcher;
  }

  /** Its connections, those that drain among them. */
  get connections(): ReadonlySet<PooledConnection> {
    return this.#connections;
  }

  get dialing(): number {
    return this.#dialing;
  }

  get dials(): number {
    return this.#dials;
  }

  get failedDials(): number {
    return this.#failedDials;
  }

  /** Why the last dial has failed; `undefined` where it has not. */
  get lastError(): unknown {
    return this.#lastError;
  }

  /** Milliseconds until it may be dialled again. */
  get restMs(): number {
    return this.#resting ? Math.max(0, this.#restsUntil - performance.now()) : 0;
  }

  /** Connections that take streams, and those that are being made. */
  get size(): number {
    let size = this.#dialing;
    for (const { open } of this.#connections) if (open) size++;
    return size;
  }

  /** Streams on it, and those that it is being dialled for. */
  get load(): number {
    let load = this.#dialing;
    for (const { streams } of this.#connections) load += streams;
    return load;
  }

  /** Whether it may be dialled now. One that is not known to work is tried by one dial at a time. */
  get mayDial(): boolean {
    if (this.#removed || this.#resting) return false;
    return this.#dialing < (this.#proven ? MAX_DIALS_PER_ADDRESS : 1);
  }

  /** Makes a connection, and tells the watcher what has come of it. */
  async dial(): Promise<void> {
    this.#dialing++;
    this.#dials++;
    const { signal } = this.#controller;
    let socket: ByteSocket | undefined;
    let failure: unknown;
    try {
      socket = await dial(
        { ...this.#settings.dial, ...this.address, signal },
        this.#settings.connection.protocol.alpn,
      );
    } catch (error) {
      failure = error;
    }
    this.#dialing--;
    if (signal.aborted) {
      socket?.close();
      this.#watcher.dialAbandoned();
    } else if (socket === undefined) this.#failed(failure);
    else this.#connected(socket);
  }

  #connected(socket: ByteSocket): void {
    this.#failures = 0;
    this.#proven = true;
    this.#lastError = undefined;
    const since = performance.now();
    const settings = {
      ...this.#settings,
      connection: {
        ...this.#settings.connection,
        ...serverOf(this.address),
        pooled: true,
        dial: (signal: AbortSignal) =>
          dial({ ...this.#settings.dial, ...this.address, signal }, this.#settings.connection.protocol.alpn),
      },
    };
    const connection = new PooledConnection(socket, this, settings, {
      ...this.#watcher,
      drained: () => {
        const young = performance.now() - since < YOUNG_MS;
        if (young && !this.#removed && this.restMs < TURNED_AWAY_MS) this.#rest(TURNED_AWAY_MS);
        this.#watcher.drained();
      },
      expires: () => !this.#settings.keepOne || this.size > 1,
      gone: () => {
        this.#connections.delete(connection);
        this.#watcher.gone(connection);
      },
    });
    this.#connections.add(connection);
    this.#watcher.connected(connection);
  }

  #failed(error: unknown): void {
    this.#failedDials++;
    this.#failures++;
    this.#proven = false;
    this.#lastError = error;
    this.#rest(this.#settings.backoff(this.#failures));
    this.#watcher.dialFailed(this, error, this.#failures === 1);
  }

  /** Forgets that dials have failed. */
  forgive(): void {
    this.#rise();
    this.#failures = 0;
  }

  /** Gives up its dials. */
  abandonDials(): void {
    this.#rise();
    this.#controller.abort(new DOMException("nobody waits for it any more", "AbortError"));
    this.#controller = new AbortController();
  }

  /** The address is none any more: its streams end in their own time. */
  remove(): void {
    this.#removed = true;
    this.abandonDials();
    for (const connection of this.#connections) connection.drain();
  }

  #rest(ms: number): void {
    clearTimeout(this.#restTimer);
    this.#resting = true;
    this.#restsUntil = performance.now() + ms;
    this.#restTimer = setTimer(() => {
      this.#resting = false;
      this.#watcher.rested();
    }, ms);
  }

  #rise(): void {
    clearTimeout(this.#restTimer);
    this.#resting = false;
  }
}

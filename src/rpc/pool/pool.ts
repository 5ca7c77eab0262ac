import { addressesByKey } from "./addresses.ts";
import { AddressWatch } from "./address_watch.ts";
import type { Bytes } from "../../base/buffer.ts";
import { ClientSide } from "../../core/client_side.ts";
import type { ProtocolName } from "../../core/dialect.ts";
import type { CallInit } from "../../core/call_init.ts";
import type { StreamError } from "../../core/errors.ts";
import { NO_SINK } from "../../core/transport.ts";
import { type Caller, callInit, type CallOptions, type StreamTarget } from "../client/call_options.ts";
import { callSafely } from "../../base/call_safely.ts";
import { REFUSE, type RefusingOpener, type StreamOpener } from "../client/connection.ts";
import { BidirectionalStream, type ClientStream } from "../client/client_stream.ts";
import { rawCodec } from "../../core/codec.ts";
import type { Address } from "../../net/dial.ts";
import { Endpoint, type EndpointWatcher } from "./endpoint.ts";
import { checkGraceMs } from "../../base/options.ts";
import { loadsOfPlaces, type Pick, pickOf, streamsOf } from "./pick.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import { type PoolErrorInfo, type PoolInit, poolInit, type PoolOptions } from "./pool_options.ts";
import { addressStats, connectionStats, type PoolStats, streamsOn } from "./pool_stats.ts";
import { reasonText } from "../../base/reason.ts";
import { setTimer, type Timer } from "../../net/event_loop.ts";

/**
 * Connections to several servers, made as calls want them and kept. Give it to `createClient` in a connection's place.
 *
 * `await using` cancels the streams that are still open (12007, in gRPC 1), then closes.
 */
export interface Pool extends StreamOpener, AsyncDisposable {
  /** What it does at this moment. */
  readonly stats: PoolStats;
  /**
   * Takes no new streams (they end with 12006, in gRPC 14, and may be retried elsewhere), waits for the open ones, and
   * closes. One that waits for a connection has it where a dial is under way that works; otherwise it ends so as well.
   *
   * @param options `graceMs`: after so many milliseconds what is left is cancelled (12007, in gRPC 1). Default: no
   * limit.
   * @throws (rejects) RangeError if `graceMs` is negative or not finite.
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>;
  /** Forgets which dials have failed: calls that wait have their addresses dialled now. For when a network is known to be back. */
  reconnect(): void;
}

/** Dials at once in all: a pool of a thousand addresses must not open a thousand sockets for its first call. */
const MAX_DIALS = 16;

/**
 * Makes a pool of connections.
 *
 * Nothing is dialled before the first call; each call then has every address dialled that lacks a connection, 16 at a
 * time. Connections are kept until they have been idle for `idleTimeoutMs`. One that is lost ends its own streams
 * alone, and the next call dials again. A server that shuts down gets no new streams; an address that has gone neither,
 * and its connections close when their streams have ended.
 *
 * A stream that is opened while nothing is connected is as any other: what is written to it waits, and so do its
 * reads, while its signal and its time-outs run.
 *
 * @throws {TypeError} If an option is of another type, or an address is none.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { createPool, dnsAddresses, retry } from "@ttstream/ttstream";
 *
 * const pool = createPool({
 *   addresses: dnsAddresses("chat.svc.cluster.local", 8888, { everyMs: 5_000 }),
 *   serviceName: "ServiceA",
 * });
 * const opener = retry(pool, { attempts: 3 }); // for createClient(Chat, opener)
 * // …
 * await pool.close({ graceMs: 5_000 });
 * ```
 */
export function createPool(options: PoolOptions): Pool {
  return new ConnectionPool(options);
}

/** The {@linkcode Pool}. */
class ConnectionPool implements Pool, RefusingOpener {
  readonly #init: PoolInit;
  readonly #pick: Pick;
  #endpoints: Map<string, Endpoint> = new Map();
  /** All there are, those that drain among them. */
  readonly #connections: Set<PooledConnection> = new Set();
  /** Calls without a connection, the first come first. */
  readonly #waiting: Set<ClientSide> = new Set();
  readonly #caller: Caller;
  readonly #watch: AddressWatch | undefined;
  readonly #watcher: EndpointWatcher;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #stopping: Promise<void> | undefined;
  #graceTimer: Timer;
  #dialing = 0;
  #dials = 0;
  #failedDials = 0;
  /** Where the search for an address to dial begins, so that each has its turn. */
  #turn = 0;
  /** Whether every address has its connections, or is seen to: what a call need not look at again. */
  #complete = false;
  #done = false;
  #lastError: unknown;

  constructor(options: PoolOptions) {
    const { addresses } = options;
    this.#init = poolInit(options);
    const { protocol, serviceName, observers, report } = this.#init.settings.connection;
    this.#caller = { serviceName, dialect: protocol.dialect, observers, report };
    this.#pick = pickOf(options.pick, this.#init.exclusive ? loadsOfPlaces : streamsOf);
    this.#watcher = {
      connected: (connection) => this.#connected(connection),
      dialFailed: (endpoint, error, first) => this.#dialFailed(endpoint, error, first),
      dialAbandoned: () => this.#dialAbandoned(),
      rested: () => this.#changed(),
      released: () => this.#released(),
      drained: () => this.#changed(),
      gone: (connection) => {
        this.#connections.delete(connection);
        this.#changed();
      },
    };
    if (typeof addresses === "function") {
      const listener = {
        resolved: (list: readonly Address[]) => this.#resolved(list),
        resolverFailed: (error: unknown) => this.#report(error),
      };
      this.#watch = new AddressWatch(addresses, listener, this.#init.settings.backoff);
    } else {
      this.#resolved(addresses);
    }
  }

  get protocol(): ProtocolName {
    return this.#caller.dialect.name;
  }

  get stats(): PoolStats {
    return {
      connections: connectionStats(this.#connections, this.#dialing),
      streams: streamsOn(this.#connections),
      waiting: this.#waiting.size,
      dials: this.#dials,
      failedDials: this.#failedDials,
      addresses: [...this.#endpoints.values()].map(addressStats),
    };
  }

  openStream(target: StreamTarget, options: CallOptions = {}): ClientStream<Uint8Array, Bytes> {
    const call = this.#open(callInit(target, options, this.#caller));
    return new BidirectionalStream(call, rawCodec, rawCodec);
  }

  [REFUSE](target: StreamTarget, options: CallOptions, reason: unknown): ClientSide {
    return refused(callInit(target, options, this.#caller), (call) => call.errorOf(reason));
  }

  async close({ graceMs }: { graceMs?: number | undefined } = {}): Promise<void> {
    checkGraceMs(graceMs);
    this.#stop();
    if (graceMs !== undefined && !this.#done) {
      clearTimeout(this.#graceTimer);
      this.#graceTimer = setTimer(() => this.#cancelAll(), graceMs);
    }
    await this.#closed.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop(() => this.#cancelAll());
    await this.#closed.promise;
  }

  reconnect(): void {
    for (const endpoint of this.#endpoints.values()) endpoint.forgive();
    this.#changed();
  }

  #open(init: CallInit): ClientSide {
    const aborted = init.signals.find((signal) => signal.aborted);
    if (aborted !== undefined) return refused(init, (call) => call.errorOf(aborted.reason));
    if (this.#stopping !== undefined) return refused(init, (call) => this.#unavailable(call, POOL_CLOSED));
    // Who waits already goes first.
    if (this.#waiting.size > 0) return this.#wait(init);
    let connection: PooledConnection | undefined;
    try {
      connection = this.#choose();
    } catch (error) {
      return refused(init, (call) => pickFailed(call, error));
    }
    if (connection === undefined) return this.#wait(init);
    const call = new ClientSide(init);
    const chosen = connection;
    call.start(() => chosen.start(call));
    if (!this.#complete) this.#dial();
    return call;
  }

  /** The call has no connection yet: it waits, if it may. */
  #wait(init: CallInit): ClientSide {
    if (!this.#mayWait) {
      this.#dial();
      return refused(init, (call) => this.#unavailable(call, NOT_CONNECTED));
    }
    const call: ClientSide = new ClientSide(init, { ...NO_SINK, release: () => this.#left(call) });
    call.start(() => init.dialect.checkRequest(init.method, init.metadata));
    this.#waiting.add(call);
    call.watch();
    this.#dial();
    return call;
  }

  /** A call that was to wait for nothing may still wait for its turn. */
  get #mayWait(): boolean {
    return this.#init.waitForReady || this.#connections.values().some(({ open }) => open);
  }

  /** A waiting call has ended by itself. */
  #left(call: ClientSide): void {
    if (this.#waiting.delete(call) && this.#waiting.size === 0) this.#finishIfDone();
  }

  /**
   * The connection for the next stream; `undefined` where there is none.
   *
   * @throws What the user's `pick` has done wrong, in words.
   */
  #choose(): PooledConnection | undefined {
    const { exclusive } = this.#init;
    const candidates: PooledConnection[] = [];
    for (const connection of this.#connections) {
      if (connection.open && (!exclusive || connection.idle)) candidates.push(connection);
    }
    return candidates.length === 0 ? undefined : this.#pick(candidates);
  }

  /** Gives those that wait their connections. */
  #serve(): void {
    for (const call of this.#waiting) {
      try {
        const connection = this.#choose();
        if (connection === undefined) return;
        // A `pick` of the user's may have ended it.
        if (this.#waiting.delete(call)) connection.start(call);
      } catch (error) {
        this.#waiting.delete(call);
        call.refuse(pickFailed(call, error));
      }
    }
  }

  /** Dials whatever lacks a connection, or as many as there are calls that wait for one. */
  #dial(): void {
    if (this.#stopping !== undefined) return;
    const { exclusive, waitForReady, connectionsPerAddress } = this.#init;
    const size = exclusive ? (waitForReady ? 0 : 1) : connectionsPerAddress;
    for (const endpoint of this.#inTurn()) {
      while (this.#dialing < MAX_DIALS && endpoint.mayDial && endpoint.size < size) this.#dialAt(endpoint);
    }
    this.#complete = true;
    if (!exclusive) return;
    while (this.#dialing < Math.min(MAX_DIALS, this.#waiting.size)) {
      const endpoint = leastLoaded(this.#inTurn());
      if (endpoint === undefined) return;
      this.#dialAt(endpoint);
    }
  }

  #dialAt(endpoint: Endpoint): void {
    this.#dialing++;
    this.#dials++;
    endpoint.dial();
  }

  /** The addresses, each time from another one on. */
  #inTurn(): Endpoint[] {
    const endpoints = [...this.#endpoints.values()];
    const from = this.#turn++ % Math.max(1, endpoints.length);
    return [...endpoints.slice(from), ...endpoints.slice(0, from)];
  }

  #connected(connection: PooledConnection): void {
    this.#dialing--;
    this.#lastError = undefined;
    this.#connections.add(connection);
    this.#serve();
    if (this.#stopping !== undefined) connection.drain();
    this.#changed();
  }

  #dialFailed({ address }: Endpoint, error: unknown, first: boolean): void {
    this.#dialing--;
    this.#failedDials++;
    this.#lastError = error;
    if (first) this.#report(error, { address });
    this.#changed();
  }

  #dialAbandoned(): void {
    this.#dialing--;
    this.#changed();
  }

  /** Later, since a stream that ends may do so in the middle of what its connection does. */
  #released(): void {
    if (this.#waiting.size > 0) queueMicrotask(() => this.#serve());
  }

  /** Connections or addresses are not what they were. */
  #changed(): void {
    this.#complete = false;
    if (!this.#mayWait) this.#refuseWaiting(NOT_CONNECTED);
    if (this.#waiting.size > 0 || !this.#init.waitForReady) this.#dial();
    this.#finishIfDone();
  }

  #resolved(list: readonly Address[]): void {
    const known = this.#endpoints;
    const endpoints = new Map<string, Endpoint>();
    for (const [key, address] of addressesByKey(list)) {
      endpoints.set(key, known.get(key) ?? new Endpoint(address, this.#init.settings, this.#watcher));
    }
    this.#endpoints = endpoints;
    for (const [key, endpoint] of known) if (!endpoints.has(key)) endpoint.remove();
    this.#changed();
  }

  #report(error: unknown, info: PoolErrorInfo = {}): void {
    callSafely("onError", () => this.#init.onError(error, info));
  }

  #stop(cancel?: () => void): void {
    if (this.#stopping === undefined) {
      this.#stopping = this.#watch?.stop() ?? Promise.resolve();
      for (const connection of this.#connections) connection.drain();
    }
    cancel?.();
    this.#finishIfDone();
  }

  #cancelAll(): void {
    for (const call of this.#waiting) call.dispose();
    for (const connection of this.#connections) connection.cut();
  }

  #refuseWaiting(why: string): void {
    for (const call of this.#waiting) {
      this.#waiting.delete(call);
      call.refuse(this.#unavailable(call, why));
    }
  }

  #finishIfDone(): void {
    if (this.#stopping === undefined || this.#done) return;
    if (this.#dialing === 0) this.#refuseWaiting(POOL_CLOSED);
    if (this.#waiting.size === 0) this.#endpoints.forEach((endpoint) => endpoint.abandonDials());
    if (this.#connections.size + this.#dialing + this.#waiting.size > 0) return;
    this.#done = true;
    clearTimeout(this.#graceTimer);
    this.#stopping.then(this.#closed.resolve);
  }

  /** What a call ends with that gets no connection: nothing of it has been sent. */
  #unavailable({ init, where }: ClientSide, why: string): StreamError {
    const cause = this.#lastError;
    const text = cause === undefined ? why : `${why}: ${reasonText(cause)}`;
    return init.dialect.noConnection(where, { text, retryable: true, cause });
  }
}

const POOL_CLOSED = "the pool is closed";
const NOT_CONNECTED = "no server is connected";

/** A call that ends before it has begun. */
function refused(init: CallInit, why: (call: ClientSide) => StreamError): ClientSide {
  const call = new ClientSide(init);
  call.refuse(why(call));
  return call;
}

/** It would go wrong again: this is not to be retried. */
function pickFailed({ init, where }: ClientSide, cause: unknown): StreamError {
  return init.dialect.noConnection(where, { text: reasonText(cause), retryable: false, cause });
}

function leastLoaded(endpoints: readonly Endpoint[]): Endpoint | undefined {
  let best: Endpoint | undefined;
  for (const endpoint of endpoints) {
    if (endpoint.mayDial && (best === undefined || endpoint.load < best.load)) best = endpoint;
  }
  return best;
}

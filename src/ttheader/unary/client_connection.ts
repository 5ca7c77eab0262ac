import { IdTable } from "../../base/id_table.ts";
import type { Bytes } from "../../base/buffer.ts";
import type { ByteConnection, ByteProtocol, Fault } from "../../net/byte_connection.ts";
import { errorOfFault, lossAtClient } from "../connection_errors.ts";
import type { TTStreamError } from "../errors.ts";
import { nextStreamId } from "../stream_id.ts";
import type { CallConnection, UnaryClientCall } from "./client_call.ts";
import { UnaryDecoder } from "./decoder.ts";
import { CLOSING_KEY, MessageType, type UnaryMessage } from "./message.ts";

/**
 * Calls at a time on a connection that is shared: half of what a server of this library takes by default, so that those
 * beyond find another connection, and not a refusal.
 */
const MAX_CALLS = 512;

/** Who is told what becomes of a connection. */
export interface UnaryConnectionOwner {
  /** It takes another call. */
  ready(connection: UnaryConnection): void;
  /** It takes no more calls; when what is under way has ended it says so again. */
  spent(connection: UnaryConnection): void;
  /** Much has been read since the responses came that nobody has read yet. */
  compact(): void;
  /** It is gone. */
  ended(connection: UnaryConnection, error: TTStreamError | undefined): void;
}

/** A client's connection of unary calls: which answer is whose. */
export class UnaryConnection implements ByteProtocol<TTStreamError>, CallConnection {
  readonly side = "client";
  readonly answers = false;
  readonly bytes: ByteConnection<TTStreamError>;
  readonly #owner: UnaryConnectionOwner;
  readonly #decoder: UnaryDecoder;
  readonly #calls: IdTable<UnaryClientCall> = new IdTable();
  /** The id of a call that was given up, and whose answer others must wait for. */
  #owed: number | undefined;
  #lastId = 0;
  /** Whether the server answers in any order. */
  mux: boolean;
  readonly #learns: boolean;
  /** Whether the server has asked for no more calls. */
  #spent = false;
  /** When its last call ended, in `performance.now()`'s milliseconds. */
  idleSince: number = performance.now();

  constructor(
    makeBytes: (protocol: ByteProtocol<TTStreamError>) => ByteConnection<TTStreamError>,
    settings: {
      readonly maxFrameBytes: number;
      readonly mux: boolean;
      /** Whether the server's answers say if it is so. */
      readonly learns: boolean;
    },
    owner: UnaryConnectionOwner,
  ) {
    this.#owner = owner;
    this.mux = settings.mux;
    this.#learns = settings.learns;
    this.#decoder = new UnaryDecoder(settings.maxFrameBytes);
    this.bytes = makeBytes(this);
  }

  /** Whether it takes a call. */
  get free(): boolean {
    return this.usable && (this.mux ? this.#calls.size < MAX_CALLS : this.idle);
  }

  /** Whether it takes calls, now or when those that are under way have ended. */
  get usable(): boolean {
    return !this.#spent && !this.bytes.closed;
  }

  /** Whether nothing is under way on it. */
  get idle(): boolean {
    return this.#calls.size === 0 && this.#owed === undefined;
  }

  /** How many calls are under way on it. */
  get size(): number {
    return this.#calls.size;
  }

  take(call: UnaryClientCall): void {
    const id = nextStreamId(this.#lastId, (id) => this.#calls.has(id) || id === this.#owed);
    this.#lastId = id;
    this.#calls.set(id, call);
    call.assign(this, id);
  }

  calls(): UnaryClientCall[] {
    return this.#calls.values();
  }

  abandoned(call: UnaryClientCall): void {
    if (!this.mux && call.awaitsAnswer && this.#calls.has(call.id)) this.#owed = call.id;
  }

  answered(call: UnaryClientCall): void {
    this.#calls.delete(call.id);
  }

  released(call: UnaryClientCall): void {
    this.#calls.delete(call.id);
    this.idleSince = performance.now();
    if (this.#owed === call.id) return;
    this.#ready();
  }

  get owes(): boolean {
    return this.#owed !== undefined;
  }

  receive(chunk: Bytes): boolean {
    return this.#decoder.readAll(chunk, (message) => this.#hand(message));
  }

  pendingBytes(): number {
    return this.#decoder.pendingBytes;
  }

  compact(): void {
    for (const call of this.#calls.values()) call.compact();
    this.#owner.compact();
  }

  errorOf(fault: Fault): TTStreamError {
    return errorOfFault(fault);
  }

  lost(error: TTStreamError | undefined, leftBytes: number): void {
    const loss = lossAtClient(error);
    const calls = this.#calls.values();
    this.#calls.clear();
    for (const call of calls) call.lose(loss, leftBytes);
  }

  ended(error: TTStreamError | undefined): void {
    this.#owner.ended(this, error);
  }

  #hand(message: UnaryMessage): void {
    if (message.outOfOrder && this.#learns) this.mux = true;
    if (message.metadata.has(CLOSING_KEY)) this.#spend();
    const call = this.#callOf(message);
    if (call !== undefined) {
      this.#calls.delete(call.id);
      call.receive(message);
    } else if (message.id === this.#owed) {
      this.#owed = undefined;
      this.#ready();
    }
    // Any other is late: its call has been given up.
  }

  /** Some servers write the id into the Thrift message alone, and proxies none at all into their exceptions. */
  #callOf({ id, sequenceId, type }: UnaryMessage): UnaryClientCall | undefined {
    const call = this.#calls.get(id) ?? this.#calls.get(sequenceId);
    if (call !== undefined || this.mux || id !== 0 || type !== MessageType.Exception) return call;
    return this.#calls.values()[0];
  }

  #ready(): void {
    if (this.free) this.#owner.ready(this);
    else if (this.#spent) this.#owner.spent(this);
  }

  /** The server is about to close: nothing more is asked of it. */
  #spend(): void {
    if (this.#spent) return;
    this.#spent = true;
    this.#owner.spent(this);
  }
}

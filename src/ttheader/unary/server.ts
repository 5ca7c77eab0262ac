import type { Bytes } from "../../base/buffer.ts";
import type { ServerTransportOwner } from "../../core/protocol.ts";
import type { ServerEvents } from "../../core/transport.ts";
import type { ByteConnection, ByteProtocol, Fault } from "../../net/byte_connection.ts";
import { onNextTick } from "../../net/event_loop.ts";
import { errorOfFault, isPeersFault, lossAtServer } from "../connection_errors.ts";
import type { TTStreamError } from "../errors.ts";
import { UnaryDecoder } from "./decoder.ts";
import { writeMessage, writeThrift } from "./encoder.ts";
import { HeldResponses } from "./held_responses.ts";
import { CLOSING_KEY, MessageType, type UnaryMessage } from "./message.ts";
import { UnaryServerCall, type UnaryServerOwner } from "./server_call.ts";

/** Thrift's application exception types of a message that cannot be taken. */
const INVALID_MESSAGE_TYPE = 2;
const PROTOCOL_ERROR = 7;

/** What a control frame holds (Kitex `pkg/remote/trans/netpollmux`: GracefulShutdown). */
const CONTROL_FRAME = { type: MessageType.Reply, method: "none", sequenceId: 0 } as const;

/**
 * A server's connection of unary calls. Those of a client that takes answers in any order, which its messages say, run
 * at once; any other client's run one after the other, as at Kitex's servers, since nothing but their order tells
 * their answers apart.
 */
export class UnaryServer implements ByteProtocol<TTStreamError>, UnaryServerOwner {
  readonly side = "server";
  readonly answers = true;
  readonly bytes: ByteConnection<TTStreamError>;
  readonly maxFrameBytes: number;
  readonly held: HeldResponses;
  readonly #owner: ServerTransportOwner;
  readonly #decoder: UnaryDecoder;
  readonly #calls: Set<UnaryServerCall> = new Set();
  /** Calls that wait for the one before them. */
  #waiting: UnaryMessage[] = [];
  /** The one that they wait for. */
  #current: UnaryServerCall | undefined;
  /** Whether the client takes answers in any order. */
  #outOfOrder = false;
  #draining = false;

  constructor(bytes: ByteConnection<TTStreamError>, maxFrameBytes: number, owner: ServerTransportOwner) {
    this.bytes = bytes;
    this.maxFrameBytes = maxFrameBytes;
    this.held = new HeldResponses(bytes.queue);
    this.#owner = owner;
    this.#decoder = new UnaryDecoder(maxFrameBytes);
  }

  get draining(): boolean {
    return this.#draining;
  }

  streams(): ServerEvents[] {
    return [...this.#calls].flatMap(({ events }) => events ?? []);
  }

  receive(chunk: Bytes): boolean {
    return this.#decoder.readAll(chunk, (message) => this.#hand(message));
  }

  pendingBytes(): number {
    return this.#decoder.pendingBytes;
  }

  compact(): void {
    for (const call of this.#calls) call.compact();
    this.#waiting = this.#waiting.map((message) => {
      const { payload } = message;
      return payload.length * 2 < payload.buffer.byteLength
        ? { ...message, payload: payload.slice() }
        : message;
    });
  }

  errorOf(fault: Fault): TTStreamError {
    return errorOfFault(fault);
  }

  lost(error: TTStreamError | undefined): void {
    const loss = lossAtServer(error);
    this.#waiting = [];
    for (const call of this.#calls) call.lose(loss);
    this.#calls.clear();
  }

  ended(error: TTStreamError | undefined): void {
    this.#owner.ended(error, isPeersFault(error));
  }

  released(call: UnaryServerCall): void {
    this.#calls.delete(call);
    if (this.#current !== call) return;
    this.#current = undefined;
    // The handler's return counts before the next one begins.
    if (this.#waiting.length > 0) onNextTick(() => this.#beginNext());
  }

  /**
   * The answers that are still to come say it. Kitex's multiplexed clients read a word of it at any time; all others
   * would take that for an answer.
   */
  sayFarewell(): void {
    this.#draining = true;
    if (!this.#outOfOrder || this.bytes.closed) return;
    const { buffer } = this.bytes.queue;
    const from = buffer.length;
    const head = { flags: 0, id: 0, ints: [], metadata: new Map([[CLOSING_KEY, "1"]]) };
    writeMessage(buffer, { ttheader: true, framed: false }, head, Infinity, (buffer) => {
      writeThrift(buffer, CONTROL_FRAME, new Uint8Array(1));
    });
    this.bytes.answered(buffer.length - from);
  }

  #hand(message: UnaryMessage): void {
    if (message.outOfOrder) {
      this.#outOfOrder = true;
      this.#begin(message);
    } else if (this.#current === undefined && this.#waiting.length === 0) {
      this.#current = this.#begin(message);
    } else {
      this.#waiting.push(message);
      this.bytes.charge(message.size, 1);
    }
  }

  #beginNext(): void {
    while (this.#current === undefined && !this.bytes.closed) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.bytes.charge(-message.size, -1);
      this.#current = this.#begin(message);
    }
  }

  /** @returns The call, where somebody has taken it. */
  #begin(message: UnaryMessage): UnaryServerCall | undefined {
    const call = new UnaryServerCall(this, message);
    const { type, method, metadata, timeoutMs, payload } = message;
    if (message.fault !== undefined) {
      if (type !== MessageType.Oneway) call.fail({ type: PROTOCOL_ERROR, message: message.fault });
      return undefined;
    }
    if (type !== MessageType.Call && type !== MessageType.Oneway) {
      call.fail({ type: INVALID_MESSAGE_TYPE, message: `server side, invalid message type ${type}` });
      return undefined;
    }
    const request = { service: call.service, method, metadata, timeoutMs, unary: true };
    this.#calls.add(call);
    const events = this.#owner.opened(call, request);
    if (events === undefined) {
      this.#calls.delete(call);
      return undefined;
    }
    call.events = events;
    events.recvMessage(payload);
    events.recvEnd(undefined);
    return this.#calls.has(call) ? call : undefined;
  }
}

import type { ClientSide } from "../../core/client_side.ts";
import type { Codec } from "../../core/codec.ts";
import { NO_METADATA } from "../../core/metadata.ts";
import type { ClientSink } from "../../core/transport.ts";
import { ByteBuffer } from "../../base/buffer.ts";
import type { ByteConnection } from "../../net/byte_connection.ts";
import { ErrorCode, errorOfStream, streamError, type TTStreamError } from "../errors.ts";
import { bizStatusOf, errorOfException } from "../status.ts";
import { type Head, writeMessage, writeThrift } from "./encoder.ts";
import { MessageType, OUT_OF_ORDER_FLAG, UnaryKey, type UnaryMessage } from "./message.ts";
import { encoded } from "./encoded.ts";

/** A call's connection, as the call knows it. */
export interface CallConnection {
  readonly bytes: ByteConnection<TTStreamError>;
  /** Whether a call that was given up has still an answer to come that others must wait for. */
  readonly owes: boolean;
  /** The call has been given up: the answer, which may still come, is dropped. */
  abandoned(call: UnaryClientCall): void;
  /** No answer comes for it. */
  answered(call: UnaryClientCall): void;
  /** The call has ended. */
  released(call: UnaryClientCall): void;
}

/** Who finds a connection for a call. */
export interface UnaryCallOwner {
  readonly maxFrameBytes: number;
  /** The call has ended, with a connection or without. */
  released(call: UnaryClientCall): void;
  /** It holds what nobody has read, or is still watched. */
  lingers(call: UnaryClientCall): void;
  unlingers(call: UnaryClientCall): void;
}

const FRAMING = { ttheader: true, framed: false };

/** A unary call at the client, between its messages and what they mean. */
export class UnaryClientCall implements ClientSink {
  readonly stream: ClientSide;
  readonly #owner: UnaryCallOwner;
  #connection: CallConnection | undefined;
  /** Its word on the connection; 0 where it has none. */
  id = 0;
  /** Where its request ends among the connection's bytes; it has not been sent where this is not set. */
  #requestEnd: number | undefined;
  #request: Uint8Array | undefined;
  #halfClosed = false;
  #released = false;
  readonly #wakes: Set<() => void> = new Set();

  /** @throws {RangeError} If what stands before its request is too long. */
  constructor(owner: UnaryCallOwner, stream: ClientSide) {
    this.#owner = owner;
    this.stream = stream;
    checkHead(this.#head());
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#released;
  }

  get connection(): CallConnection | undefined {
    return this.#connection;
  }

  /** Whether its request has been sent, and the server answers it. */
  get awaitsAnswer(): boolean {
    return this.#requestEnd !== undefined && !this.stream.init.oneway;
  }

  /** There is a connection for it. */
  assign(connection: CallConnection, id: number): void {
    this.#connection = connection;
    this.id = id;
    const wakes = [...this.#wakes];
    this.#wakes.clear();
    for (const wake of wakes) this.wait(wake);
    if (this.#halfClosed) this.#send(connection);
  }

  get congested(): boolean {
    return this.#connection?.bytes.congested ?? true;
  }

  /** Keeps the request until the half close: only then it is known to be the one. */
  sendMessage<T>(codec: Codec<T>, message: T): void {
    const { service, method } = this.stream;
    if (this.#request !== undefined) {
      throw new TypeError(`${service}.${method}: a unary call has one request`);
    }
    const request = encoded(codec, message);
    const { maxFrameBytes } = this.#owner;
    if (request.length > maxFrameBytes) {
      throw new RangeError(`request of ${request.length} bytes exceeds the limit of ${maxFrameBytes} bytes`);
    }
    this.#request = request;
  }

  wait(wake: () => void): void {
    if (this.#connection === undefined) this.#wakes.add(wake);
    else if (this.#connection.bytes.congested) this.#connection.bytes.queue.wait(wake);
    else wake();
  }

  unwait(wake: () => void): void {
    this.#wakes.delete(wake);
    this.#connection?.bytes.queue.unwait(wake);
  }

  defer(task: () => void): void {
    if (this.#connection === undefined) task();
    else this.#connection.bytes.defer(task);
  }

  charge(bytes: number, messages: number): void {
    this.#connection?.bytes.charge(bytes, messages);
  }

  sent(): Promise<void> {
    return this.#connection?.bytes.sent() ?? Promise.resolve();
  }

  /** The request goes out. */
  closeSend(): void {
    this.#halfClosed = true;
    if (this.#connection !== undefined) this.#send(this.#connection);
  }

  #send(connection: CallConnection): void {
    if (connection.bytes.closed || this.#released) return;
    const { method, init } = this.stream;
    const request = this.#request ?? NO_ARGUMENTS;
    this.#request = undefined;
    const type = init.oneway ? MessageType.Oneway : MessageType.Call;
    const { queue } = connection.bytes;
    try {
      writeMessage(queue.buffer, FRAMING, this.#head(), this.#owner.maxFrameBytes, (buffer) => {
        writeThrift(buffer, { type, method, sequenceId: this.id }, request);
      });
    } catch (error) {
      return this.stream.encodeFailed(error);
    }
    init.metadata = NO_METADATA;
    this.#requestEnd = queue.position;
    queue.flushNow();
    if (init.oneway) this.#endOneway(connection);
  }

  async #endOneway(connection: CallConnection): Promise<void> {
    await connection.bytes.sent();
    if (connection.bytes.closed) return;
    connection.answered(this);
    this.stream.recvEnd(undefined, NO_METADATA);
  }

  /** The wire has no word for it: the answer is not waited for any more. */
  cancel(_error: unknown): void {
    this.#connection?.abandoned(this);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#request = undefined;
    this.#wakes.clear();
    this.#connection?.released(this);
    this.#owner.released(this);
  }

  linger(): void {
    this.#owner.lingers(this);
  }

  unlinger(): void {
    this.#owner.unlingers(this);
  }

  compact(): void {
    this.stream.compact();
  }

  /** Its answer has come. */
  receive({ type, metadata, payload, fault }: UnaryMessage): void {
    const { where } = this.stream;
    this.stream.recvHeader(metadata);
    if (fault !== undefined) {
      return this.stream.recvEnd(
        streamError({ ...where, code: ErrorCode.IllegalFrame, description: fault }),
        metadata,
      );
    }
    switch (type) {
      case MessageType.Exception:
        return this.stream.recvEnd(errorOfException(payload, where), metadata);
      case MessageType.Reply: {
        const error = bizStatusOf(metadata, where);
        // What a business error has beside its keys is an empty result.
        if (error === undefined) this.stream.recvMessage(payload);
        return this.stream.recvEnd(error, metadata);
      }
      default: {
        const description = `client side, invalid message type ${type}`;
        return this.stream.recvEnd(
          streamError({ ...where, code: ErrorCode.IllegalFrame, description }),
          metadata,
        );
      }
    }
  }

  lose(loss: TTStreamError, leftBytes: number): void {
    const { service, method } = this.stream;
    const retryable = this.#requestEnd === undefined || this.#requestEnd > leftBytes;
    this.stream.lose(errorOfStream(loss, { service, method, retryable }));
    this.release();
  }

  /** What Kitex's clients say (`pkg/transmeta/ttheader.go`: WriteMeta). */
  #head(): Head {
    const { init, service, method } = this.stream;
    const type = init.oneway ? MessageType.Oneway : MessageType.Call;
    const ints: [number, string][] = [
      [UnaryKey.TransportType, "unframed"],
      [UnaryKey.FromService, init.serviceName ?? ""],
      [UnaryKey.ToService, service],
      [UnaryKey.ToMethod, method],
      [UnaryKey.FromMethod, ""],
      [UnaryKey.MessageType, String(type)],
    ];
    if (init.deadline !== undefined) {
      const leftMs = Math.max(1, Math.ceil(init.deadline - Date.now()));
      ints.push([UnaryKey.RpcTimeout, String(leftMs)]);
    }
    return { flags: OUT_OF_ORDER_FLAG, id: this.id, ints, metadata: init.metadata };
  }
}

/** Where heads are written to see whether they can be. */
const scratch = new ByteBuffer();

/** @throws {RangeError} If a string of the head is too long, or all of them. */
function checkHead(head: Head): void {
  scratch.length = 0;
  writeMessage(scratch, FRAMING, head, Infinity, () => {});
}

/** The arguments' struct without a field. */
const NO_ARGUMENTS = new Uint8Array(1);

import type { Codec } from "../../core/codec.ts";
import { type Metadata, NO_METADATA } from "../../core/metadata.ts";
import type { Answer, ServerEvents, ServerSink } from "../../core/transport.ts";
import type { ByteBuffer } from "../../base/buffer.ts";
import type { ByteConnection } from "../../net/byte_connection.ts";
import { errorOfStream, type TTStreamError } from "../errors.ts";
import { type Exception, ExceptionType, writeException } from "../exception.ts";
import { NO_PAYLOAD } from "../frame.ts";
import { exceptionOf } from "../server_stream.ts";
import { bizStatusMetadata } from "../status.ts";
import { encoded } from "./encoded.ts";
import { writeMessage, writeThrift } from "./encoder.ts";
import type { HeldResponses } from "./held_responses.ts";
import { CLOSING_KEY, MessageType, OUT_OF_ORDER_FLAG, UnaryKey, type UnaryMessage } from "./message.ts";
import { SERVICE_KEY } from "../metadata.ts";

/** What the calls of a server's connection have in common. */
export interface UnaryServerOwner {
  readonly bytes: ByteConnection<TTStreamError>;
  readonly maxFrameBytes: number;
  readonly held: HeldResponses;
  /** Whether the server shuts down: the client is to take another connection. */
  readonly draining: boolean;
  /** The call has ended. */
  released(call: UnaryServerCall): void;
}

/** The result struct without a field: what a business error has beside its keys. */
const NO_RESULT = new Uint8Array(1);

/** A unary call at the server, between its messages and what they mean. */
export class UnaryServerCall implements ServerSink {
  readonly #owner: UnaryServerOwner;
  readonly #request: UnaryMessage;
  readonly #service: string;
  #header: Metadata = NO_METADATA;
  #response: Uint8Array | undefined;
  #muted: boolean;
  /** Absent where nobody has taken the call. */
  events: ServerEvents | undefined;

  constructor(owner: UnaryServerOwner, request: UnaryMessage) {
    this.#owner = owner;
    // What stays in mind is the request's head: its payload is the handler's.
    this.#request = { ...request, payload: NO_PAYLOAD, metadata: NO_METADATA };
    this.#service = request.metadata.get(SERVICE_KEY) ?? "";
    this.#muted = request.type === MessageType.Oneway;
  }

  get service(): string {
    return this.#service;
  }

  get congested(): boolean {
    return this.#owner.bytes.closed || this.#owner.held.congested;
  }

  /** Keeps the response until the handler has returned: its header and trailer stand before it. */
  sendMessage<T>(codec: Codec<T>, message: T): void {
    if (this.#response !== undefined) {
      throw new TypeError(`${this.#service}.${this.#request.method}: a unary call has one response`);
    }
    const response = encoded(codec, message);
    const { maxFrameBytes } = this.#owner;
    if (response.length > maxFrameBytes) {
      throw new RangeError(
        `response of ${response.length} bytes exceeds the limit of ${maxFrameBytes} bytes`,
      );
    }
    this.#response = response;
    if (!this.#muted) this.#owner.held.hold(response.length);
  }

  wait(wake: () => void): void {
    this.#owner.held.wait(wake);
  }

  unwait(wake: () => void): void {
    this.#owner.held.unwait(wake);
  }

  defer(task: () => void): void {
    this.#owner.bytes.defer(task);
  }

  charge(bytes: number, messages: number): void {
    this.#owner.bytes.charge(bytes, messages);
  }

  release(): void {
    this.#owner.released(this);
  }

  mute(): void {
    this.#muted = true;
  }

  sendHeader(metadata: Metadata): void {
    this.#header = metadata;
  }

  /** The one message that goes back: the header's keys and the trailer's stand in its head, where it has one. */
  answer(answer: Answer, trailer: Metadata, header: Metadata | undefined): void {
    if (header !== undefined) this.#header = header;
    if (this.#response !== undefined && !this.#muted) this.#owner.held.letGo(this.#response.length);
    if (this.#muted || this.#owner.bytes.closed) return;
    const exception = this.#exceptionOf(answer);
    const closing = this.#owner.draining || answer.type === "cut";
    if (
      exception === undefined && answer.type === "done" && !closing && this.#header.size + trailer.size === 0
    ) {
      return this.#reply(NO_METADATA, this.#response ?? NO_RESULT);
    }
    const metadata = new Map([...this.#header, ...trailer]);
    if (answer.type === "business error") {
      for (const [key, value] of bizStatusMetadata(answer.error)) metadata.set(key, value);
    }
    if (closing) metadata.set(CLOSING_KEY, "1");
    if (exception === undefined) return this.#reply(metadata, this.#response ?? NO_RESULT);
    try {
      this.fail(exception, metadata);
    } catch (error) {
      // Keys that are too long together must not keep from the client that it has failed.
      if (!(error instanceof RangeError)) throw error;
      this.fail(exception, NO_METADATA);
    }
  }

  /** Answers with an exception. */
  fail(exception: Exception, metadata: Metadata = NO_METADATA): void {
    const { bytes } = this.#owner;
    const { method, sequenceId } = this.#request;
    const from = bytes.queue.buffer.length;
    this.#write(MessageType.Exception, metadata, (buffer) => {
      writeException(buffer, method, sequenceId, exception);
    });
    bytes.answered(bytes.queue.buffer.length - from);
  }

  #reply(metadata: Metadata, result: Uint8Array): void {
    const { method, sequenceId } = this.#request;
    this.#write(MessageType.Reply, metadata, (buffer) => {
      writeThrift(buffer, { type: MessageType.Reply, method, sequenceId }, result);
    });
    this.#owner.bytes.queue.flushNow();
  }

  /** An exception is of the server's own words, and has to get through where a response would be too large. */
  #write(type: MessageType, metadata: Metadata, write: (buffer: ByteBuffer) => void): void {
    const { bytes, maxFrameBytes } = this.#owner;
    const { framing, id } = this.#request;
    const ints = [[UnaryKey.MessageType, String(type)]] as const;
    // The flag tells our clients that several calls may be under way at once.
    const head = { flags: OUT_OF_ORDER_FLAG, id, ints, metadata };
    const limit = type === MessageType.Exception ? Infinity : maxFrameBytes;
    writeMessage(bytes.queue.buffer, framing, head, limit, write);
  }

  /** Kitex's types and texts (`pkg/remote/codec/util.go`: SetOrCheckMethodName). */
  #exceptionOf(answer: Answer): Exception | undefined {
    const { method, framing } = this.#request;
    if (answer.type === "done") {
      if (this.#response !== undefined) return undefined;
      return { type: MISSING_RESULT, message: `${method} has returned without a result` };
    }
    if (answer.type === "business error") {
      // Without a head there is no place for it.
      if (framing.ttheader) return undefined;
      return { type: ExceptionType.InternalError, message: answer.error.message };
    }
    const exception = exceptionOf(answer);
    if (answer.type !== "refused" || exception === undefined) return exception;
    const unknownService = `unknown service ${this.#service}, method ${method}`;
    if (answer.why === "unknown service") return { ...exception, message: unknownService };
    if (answer.why !== "unknown method") return exception;
    // Where no service is named Kitex looks for one that has the method.
    return this.#service === ""
      ? { type: ExceptionType.UnknownService, message: unknownService }
      : { ...exception, message: `unknown method ${method} (service ${this.#service})` };
  }

  compact(): void {
    this.events?.compact();
  }

  lose(loss: TTStreamError): void {
    this.events?.lose(errorOfStream(loss, { service: this.#service, method: this.#request.method }));
  }
}

/** Thrift's application exception type of a reply with nothing in it. */
const MISSING_RESULT = 5;

import { reasonText } from "../base/reason.ts";
import type { ClientSide } from "../core/client_side.ts";
import type { StreamError } from "../core/errors.ts";
import type { ByteSocket } from "../net/socket.ts";

/** Makes a connection. */
export type Dial = (signal: AbortSignal) => Promise<ByteSocket>;

/** Who is told what becomes of it. */
export interface RedialOwner {
  /** There is a connection: these streams wait for it. */
  connected(socket: ByteSocket, streams: readonly ClientSide[]): void;
  /** A stream that waited has ended. */
  released(): void;
}

/** Streams that wait for a connection in place of one that was lost when nothing was on it. */
export class Redial {
  readonly #dial: Dial;
  readonly #owner: RedialOwner;
  readonly #waiting: Set<ClientSide> = new Set();
  readonly #controller = new AbortController();
  #dialing = false;

  constructor(dial: Dial, owner: RedialOwner) {
    this.#dial = dial;
    this.#owner = owner;
  }

  get size(): number {
    return this.#waiting.size;
  }

  streams(): ClientSide[] {
    return [...this.#waiting];
  }

  /** @throws {RangeError} If the stream's header is too long. */
  wait(stream: ClientSide): void {
    const { dialect, metadata } = stream.init;
    dialect.checkRequest(stream.method, metadata);
    this.#waiting.add(stream);
    stream.watch();
    stream.whenEnded(() => {
      if (this.#waiting.delete(stream)) this.#owner.released();
    });
    if (!this.#dialing) this.#connect();
  }

  /** Gives it up. */
  end(error: StreamError): void {
    this.#controller.abort(new DOMException("the connection has been closed", "AbortError"));
    this.#lose(() => error);
  }

  async #connect(): Promise<void> {
    this.#dialing = true;
    const { signal } = this.#controller;
    let socket: ByteSocket;
    try {
      socket = await this.#dial(signal);
    } catch (cause) {
      this.#dialing = false;
      const why = { text: reasonText(cause), retryable: true, cause };
      return this.#lose((stream) => stream.init.dialect.noConnection(stream.where, why));
    }
    this.#dialing = false;
    if (signal.aborted) return socket.close();
    const streams = [...this.#waiting];
    this.#waiting.clear();
    this.#owner.connected(socket, streams.filter(({ live }) => live));
  }

  #lose(errorOf: (stream: ClientSide) => StreamError): void {
    const streams = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of streams) {
      stream.lose(errorOf(stream));
      this.#owner.released();
    }
  }
}

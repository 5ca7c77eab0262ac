import type { ServerTransport, ServerTransportInit, ServerTransportOwner } from "../core/protocol.ts";
import type { ServerEvents } from "../core/transport.ts";
import type { ByteSocket } from "../net/socket.ts";
import { FrameConnection } from "./connection.ts";
import { isPeersFault } from "./connection_errors.ts";
import { ErrorCode, streamError } from "./errors.ts";
import { type Frame, FrameType } from "./frame.ts";
import { DRAINING_KEY, SERVICE_KEY } from "./metadata.ts";
import { beginsUnary } from "./unary/message.ts";
import { UnaryServer } from "./unary/server.ts";
import { ServerFrames, type ServerFramesOwner } from "./server_stream.ts";

const DRAINING = new Map([[DRAINING_KEY, "1"]]);

/** A server's connection of TTHeader Streaming, or of unary calls. */
export class TTHeaderServer implements ServerTransport, ServerFramesOwner {
  readonly connection: FrameConnection<ServerFrames>;
  readonly #owner: ServerTransportOwner;
  /** Set where the client has turned out to make unary calls. */
  #unary: UnaryServer | undefined;

  constructor(socket: ByteSocket, { limits }: ServerTransportInit, owner: ServerTransportOwner) {
    this.#owner = owner;
    this.connection = new FrameConnection(socket, limits, {
      side: "server",
      begun: (first) => {
        if (!beginsUnary(first)) return undefined;
        return this.#unary = new UnaryServer(this.connection.bytes, limits.maxFrameBytes, owner);
      },
      opened: (frame) => this.#opened(frame),
      meta() {
        // For proxies' hooks; nothing here takes one.
      },
      released() {
        // The handlers count, not the streams: a cancelled one's handler may still be at work.
      },
      ended: (error) => owner.ended(error, isPeersFault(error)),
    });
    this.connection.run();
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  get counts(): boolean {
    return this.connection.bytes.counts;
  }

  streams(): ServerEvents[] {
    if (this.#unary !== undefined) return this.#unary.streams();
    return this.connection.streams().flatMap(({ events }) => events ?? []);
  }

  defer(task: () => void): void {
    this.connection.bytes.defer(task);
  }

  reset(): void {
    this.#owner.reset();
  }

  drain(): void {
    this.#unary?.drain();
  }

  /** A Meta frame, which Kitex's clients ignore: ours open no more streams, and close when they have none. */
  sayFarewell(): void {
    if (this.#unary !== undefined) return this.#unary.sayFarewell();
    this.connection.sendFrame({ type: FrameType.Meta, streamId: 0, method: "", metadata: DRAINING });
  }

  sent(): Promise<void> {
    return this.connection.bytes.sent();
  }

  end(limit: string | undefined, lastMs: number): void {
    const error = limit === undefined
      ? undefined
      : streamError({ code: ErrorCode.TransportClosing, description: limit });
    this.connection.bytes.end(error, lastMs);
  }

  ref(): void {
    this.connection.bytes.ref();
  }

  unref(): void {
    this.connection.bytes.unref();
  }

  #opened({ streamId, method, metadata }: Frame): void {
    const service = metadata.get(SERVICE_KEY) ?? "";
    const frames = new ServerFrames(this, streamId, service, method);
    frames.events = this.#owner.opened(frames, { service, method, metadata, unary: false });
    if (frames.events !== undefined) this.connection.register(streamId, frames);
  }
}

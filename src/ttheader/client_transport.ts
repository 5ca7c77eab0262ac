import type { ClientSide } from "../core/client_side.ts";
import { NO_METADATA } from "../core/metadata.ts";
import type { ClientTransport, ClientTransportInit, ClientTransportOwner } from "../core/protocol.ts";
import type { ByteSocket } from "../net/socket.ts";
import { ClientFrames, type ClientFramesOwner } from "./client_stream.ts";
import { FrameConnection } from "./connection.ts";
import { CLOSED_BY_PEER } from "./connection_errors.ts";
import { streamError } from "./errors.ts";
import { FrameType } from "./frame.ts";
import { DRAINING_KEY } from "./metadata.ts";
import { nextStreamId } from "./stream_id.ts";

/** A client's connection of TTHeader Streaming. */
export class TTHeaderClient implements ClientTransport, ClientFramesOwner {
  readonly connection: FrameConnection<ClientFrames>;
  readonly cancelFrame: ClientTransportInit["cancelFrame"];
  readonly #owner: ClientTransportOwner;
  #lastId = 0;

  constructor(socket: ByteSocket, { limits, cancelFrame }: ClientTransportInit, owner: ClientTransportOwner) {
    this.#owner = owner;
    this.cancelFrame = cancelFrame;
    this.connection = new FrameConnection(socket, limits, {
      side: "client",
      opened: () => {
        // A client opens every stream itself: a Header for another one is a late frame.
      },
      meta: ({ metadata }) => {
        if (metadata.has(DRAINING_KEY)) owner.drained();
      },
      released: () => owner.released(),
      ended: (error) => owner.ended(error),
    });
    this.connection.run();
  }

  get size(): number {
    return this.connection.size;
  }

  get lingering(): number {
    return this.connection.lingering;
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  open(stream: ClientSide): void {
    const { connection } = this;
    const { init, method } = stream;
    const streamId = nextStreamId(this.#lastId, (id) => connection.has(id));
    connection.sendFrame({ type: FrameType.Header, streamId, method, metadata: init.metadata });
    init.metadata = NO_METADATA;
    const frames = new ClientFrames(this, streamId, stream);
    connection.register(streamId, frames);
    this.#lastId = streamId;
    stream.watch();
    stream.attach(frames);
  }

  streams(): ClientSide[] {
    return this.connection.streams().map((frames) => frames.stream);
  }

  sent(): Promise<void> {
    return this.connection.bytes.sent();
  }

  drained(): void {
    this.#owner.drained();
  }

  end(byPeer: boolean, lastMs: number): void {
    this.connection.bytes.end(byPeer ? streamError(CLOSED_BY_PEER) : undefined, lastMs);
  }

  ref(): void {
    this.connection.bytes.ref();
  }

  unref(): void {
    this.connection.bytes.unref();
  }
}

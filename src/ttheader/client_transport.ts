import type { ClientSide } from "../core/client_side.ts";
import { NO_METADATA } from "../core/metadata.ts";
import type { ClientTransport, ClientTransportInit, ClientTransportOwner } from "../core/protocol.ts";
import type { ByteSocket } from "../net/socket.ts";
import { ClientFrames, type ClientFramesOwner } from "./client_stream.ts";
import { FrameConnection } from "./connection.ts";
import { CLOSED_BY_PEER, lossAtClient } from "./connection_errors.ts";
import { streamError, type TTStreamError } from "./errors.ts";
import { FrameType } from "./frame.ts";
import { DRAINING_KEY } from "./metadata.ts";
import { nextStreamId } from "./stream_id.ts";
import { UnaryPool } from "./unary/client_pool.ts";

const NO_UNARY =
  "unary calls need a connection of their own, and connectOver has one alone, which carries streams: give it another pair of byte streams, or the option `dial`";
const NO_STREAMS =
  "streams need a connection of their own, and connectOver has one alone, which carries unary calls: give it another pair of byte streams, or the option `dial`";

/** A client's connection of TTHeader Streaming, and those of the unary calls beside it. */
export class TTHeaderClient implements ClientTransport, ClientFramesOwner {
  readonly connection: FrameConnection<ClientFrames>;
  readonly cancelFrame: ClientTransportInit["cancelFrame"];
  readonly #owner: ClientTransportOwner;
  readonly #init: ClientTransportInit;
  #lastId = 0;
  /** Unary calls, which go over connections of their own. */
  #unary: UnaryPool | undefined;
  #counts = true;

  constructor(socket: ByteSocket, init: ClientTransportInit, owner: ClientTransportOwner) {
    const { limits, cancelFrame } = init;
    this.#owner = owner;
    this.#init = init;
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
      ended: (error) => this.#ended(error),
    });
    this.connection.run();
  }

  get size(): number {
    return this.connection.size + (this.#unary?.size ?? 0);
  }

  get lingering(): number {
    return this.connection.lingering + (this.#unary?.lingering ?? 0);
  }

  get closed(): boolean {
    return this.connection.closed;
  }

  open(stream: ClientSide): void {
    if (stream.init.unary) return this.#openUnary(stream);
    if (this.#speaksUnary) return this.#refuse(stream, NO_STREAMS);
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

  /** Without a way to make another connection the one there is becomes one of unary calls, if it is the first call. */
  #openUnary(stream: ClientSide): void {
    const { dial, limits, unary } = this.#init;
    if (this.#unary === undefined) {
      if (dial === undefined && this.#lastId !== 0) return this.#refuse(stream, NO_UNARY);
      this.#unary = new UnaryPool({
        limits,
        settings: unary,
        dial,
        released: () => this.#owner.released(),
        ended: (error) => this.#ended(error),
      });
      if (!this.#counts) this.#unary.unref();
      if (dial === undefined) this.#unary.add(this.connection.bytes);
    }
    this.#unary.open(stream);
  }

  /** Whether the one connection there is has become one of unary calls. */
  get #speaksUnary(): boolean {
    return this.#unary !== undefined && this.#init.dial === undefined;
  }

  #refuse(stream: ClientSide, text: string): void {
    stream.refuse(
      stream.init.dialect.noConnection(stream.where, { text, retryable: false, cause: undefined }),
    );
  }

  #ended(error: TTStreamError | undefined): void {
    this.#unary?.lose(lossAtClient(error));
    this.#owner.ended(error);
  }

  streams(): ClientSide[] {
    return [...this.connection.streams().map((frames) => frames.stream), ...this.#unary?.streams() ?? []];
  }

  async sent(): Promise<void> {
    await Promise.all([this.connection.bytes.sent(), this.#unary?.sent()]);
  }

  drained(): void {
    this.#owner.drained();
  }

  end(byPeer: boolean, lastMs: number): void {
    this.#unary?.end(byPeer, lastMs);
    this.connection.bytes.end(byPeer ? streamError(CLOSED_BY_PEER) : undefined, lastMs);
  }

  ref(): void {
    this.#counts = true;
    this.connection.bytes.ref();
    this.#unary?.ref();
  }

  unref(): void {
    this.#counts = false;
    this.connection.bytes.unref();
    this.#unary?.unref();
  }
}

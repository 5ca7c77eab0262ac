import type { ClientSide } from "../core/client_side.ts";
import { NO_METADATA } from "../core/metadata.ts";
import type { ClientTransport, ClientTransportInit, ClientTransportOwner } from "../core/protocol.ts";
import type { ByteSocket } from "../net/socket.ts";
import { ClientFrames, type ClientFramesOwner } from "./client_stream.ts";
import { FrameConnection } from "./connection.ts";
import { CLOSED_BY_PEER, lossAtClient } from "./connection_errors.ts";
import { ErrorCode, streamError, type TTStreamError } from "./errors.ts";
import { FrameType } from "./frame.ts";
import { DRAINING_KEY } from "./metadata.ts";
import { Redial } from "./redial.ts";
import { nextStreamId } from "./stream_id.ts";
import { UnaryPool } from "./unary/client_pool.ts";

const NO_UNARY =
  "unary calls need a connection of their own, and connectOver has one alone, which carries streams: give it another pair of byte streams, or the option `dial`";
const NO_STREAMS =
  "streams need a connection of their own, and connectOver has one alone, which carries unary calls: give it another pair of byte streams, or the option `dial`";

/** A client's connection of TTHeader Streaming, and those of the unary calls beside it. */
export class TTHeaderClient implements ClientTransport, ClientFramesOwner {
  connection: FrameConnection<ClientFrames>;
  readonly cancelFrame: ClientTransportInit["cancelFrame"];
  readonly #owner: ClientTransportOwner;
  readonly #init: ClientTransportInit;
  #lastId = 0;
  /** Unary calls, which go over connections of their own. */
  #unary: UnaryPool | undefined;
  /** Set while the streams have no connection, and none of them has been lost. */
  #redial: Redial | undefined;
  #closing = false;
  #counts = true;

  constructor(socket: ByteSocket, init: ClientTransportInit, owner: ClientTransportOwner) {
    const { cancelFrame } = init;
    this.#owner = owner;
    this.#init = init;
    this.cancelFrame = cancelFrame;
    this.connection = this.#connect(socket);
  }

  #connect(socket: ByteSocket): FrameConnection<ClientFrames> {
    const connection = new FrameConnection<ClientFrames>(socket, this.#init.limits, {
      side: "client",
      opened: () => {
        // A client opens every stream itself: a Header for another one is a late frame.
      },
      meta: ({ metadata }) => {
        if (metadata.has(DRAINING_KEY)) this.#farewell();
      },
      released: () => this.#owner.released(),
      ended: (error) => this.#streamsEnded(error),
    });
    if (!this.#counts) connection.bytes.unref();
    connection.run();
    return connection;
  }

  get size(): number {
    return this.connection.size + (this.#unary?.size ?? 0) + (this.#redial?.size ?? 0);
  }

  get lingering(): number {
    return this.connection.lingering + (this.#unary?.lingering ?? 0);
  }

  get closed(): boolean {
    return this.connection.closed && this.#redial === undefined;
  }

  open(stream: ClientSide): void {
    if (stream.init.unary) return this.#openUnary(stream);
    if (this.#speaksUnary) return this.#refuse(stream, NO_STREAMS);
    if (this.#redial === undefined) this.#open(stream);
    else this.#redial.wait(stream);
  }

  #open(stream: ClientSide): void {
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

  /** The server is about to close the streams' connection: an idle one, or all that it has. */
  #farewell(): void {
    if (this.#unaryGoesOn && this.connection.size === 0) {
      this.connection.bytes.end(streamError(CLOSED_BY_PEER));
    } else this.#owner.drained();
  }

  /** Whether the loss of the streams' connection, with no stream on it, is none to the unary calls beside it. */
  get #unaryGoesOn(): boolean {
    return !this.#closing && this.#init.dial !== undefined && this.#unary?.inUse === true;
  }

  /**
   * A connection that the server has closed while nothing was on it is no loss where unary calls go on beside it: some
   * close what is idle. Another is made when a stream wants it; whoever has other connections takes one of those.
   */
  #streamsEnded(error: TTStreamError | undefined): void {
    const { dial, pooled } = this.#init;
    const idle = error?.code === ErrorCode.TransportClosing && this.connection.lostStreams === 0;
    if (!idle || dial === undefined || !this.#unaryGoesOn) return this.#ended(error);
    this.#redial = new Redial(dial, {
      released: () => this.#owner.released(),
      connected: (socket, streams) => {
        this.#redial = undefined;
        this.connection = this.#connect(socket);
        for (const stream of streams) this.#open(stream);
      },
    });
    if (pooled === true) this.#owner.drained();
  }

  #ended(error: TTStreamError | undefined): void {
    this.#unary?.lose(lossAtClient(error));
    this.#owner.ended(error);
  }

  streams(): ClientSide[] {
    const open = this.connection.streams().map((frames) => frames.stream);
    return [...open, ...this.#unary?.streams() ?? [], ...this.#redial?.streams() ?? []];
  }

  async sent(): Promise<void> {
    await Promise.all([this.connection.bytes.sent(), this.#unary?.sent()]);
  }

  drained(): void {
    this.#owner.drained();
  }

  end(byPeer: boolean, lastMs: number): void {
    const error = byPeer ? streamError(CLOSED_BY_PEER) : undefined;
    this.#closing = true;
    this.#unary?.end(byPeer, lastMs);
    const redial = this.#redial;
    this.#redial = undefined;
    redial?.end(lossAtClient(error));
    if (redial === undefined) this.connection.bytes.end(error, lastMs);
    else this.#ended(error);
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

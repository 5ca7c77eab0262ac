import {
  type CallOptions,
  type ClientStream,
  type Connection,
  connectOver,
  type Handler,
  type Protocol,
  type Server,
  type ServerStream,
  ttheader,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { bytes } from "./codecs.ts";
import { aborted } from "./events.ts";
import { serveLocally } from "./loopback.ts";
import { messageOf, rejectionText } from "./rejection.ts";

/** What the two sides of a stream reject with when it ends. */
export interface SidesEnd {
  readonly read: string;
  readonly write: string;
}

/** What one service of a chain learns when the chain ends. */
export interface HopEnd {
  /** The stream to the next service; absent at the last one. */
  readonly downstream?: SidesEnd;
  /** The stream from the service before. */
  readonly upstream: SidesEnd;
  /** `signal.reason`. */
  readonly signal: string;
}

/** How a service opens the stream to the next one. */
export type LinkTo = (stream: ServerStream) => CallOptions;

export const TARGET = { service: "TestService", method: "EchoBidi" };

/** Reads `stream` until it fails, then writes to it once. */
export async function endOf(stream: Pick<ClientStream, "readable" | "writable">): Promise<SidesEnd> {
  const read = await rejectionText(drain(stream.readable));
  return { read, write: await rejectionText(stream.writable.getWriter().write(bytes("too late"))) };
}

async function drain(readable: ReadableStream<unknown>): Promise<string> {
  for await (const _ of readable);
  return "the end";
}

/**
 * Services in a row over real TCP: each opens a stream to the next and waits for the end on both. The handlers then
 * reject with the end of the stream they have opened, as a handler with an `await` in it does.
 */
export class Chain implements AsyncDisposable {
  /** What each service has learned, the first server first. */
  readonly ends: Promise<HopEnd>[] = [];
  /** What came to any `onError`. */
  readonly reported: unknown[] = [];
  readonly #reached = Promise.withResolvers<void>();
  readonly #servers: Server<Deno.NetAddr>[] = [];
  readonly #connections: Connection[] = [];
  #socket: Deno.Conn | undefined;

  /**
   * Starts the services `names`, the client first; one without a name has none.
   *
   * @param protocols What each speaks to the next one. Default: TTHeader Streaming.
   */
  static async start(
    names: readonly (string | undefined)[],
    link: LinkTo,
    protocols: readonly Protocol[] = [],
  ): Promise<Chain> {
    const chain = new Chain();
    for (let i = names.length - 1; i > 0; i--) {
      const next = chain.#connections.at(-1);
      const { promise, resolve } = Promise.withResolvers<HopEnd>();
      chain.ends.unshift(promise);
      const handler = next === undefined ? chain.#last(resolve) : chain.#relay(next, link, resolve);
      await chain.#add(handler, names[i], names[i - 1], protocols[i - 1]);
    }
    return chain;
  }

  /** The connection of the first one, which is only a client. */
  get client(): Connection {
    const connection = this.#connections.at(-1);
    if (connection === undefined) throw new Error("the chain has no services");
    return connection;
  }

  /** Opens the first stream, and waits until the last service has its own. */
  async open(options?: CallOptions): Promise<ClientStream> {
    const stream = this.client.openStream(TARGET, options);
    await this.#reached.promise;
    return stream;
  }

  /** Closes the first one's socket without a word, as a process that is killed does. */
  hangUp(): void {
    this.#socket?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.toReversed()) await connection[Symbol.asyncDispose]();
    for (const server of this.#servers) await server.shutdown();
  }

  async #add(
    handler: Handler,
    serviceName: string | undefined,
    caller: string | undefined,
    protocol: Protocol | undefined,
  ): Promise<void> {
    const onError = (error: unknown) => void this.reported.push(error);
    const server = serveLocally(handler, { serviceName, onError, protocols: [ttheader(), grpc()] });
    this.#servers.push(server);
    this.#socket = await Deno.connect({ hostname: server.addr.hostname, port: server.addr.port });
    this.#connections.push(connectOver(this.#socket, { serviceName: caller, protocol }));
  }

  #last(resolve: (end: HopEnd) => void): Handler {
    return async (stream) => {
      this.#reached.resolve();
      resolve({ upstream: await endOf(stream), signal: messageOf(stream.signal.reason) });
      throw stream.signal.reason;
    };
  }

  #relay(next: Connection, link: LinkTo, resolve: (end: HopEnd) => void): Handler {
    return async (stream) => {
      const downstream = next.openStream(TARGET, link(stream));
      const ends = await Promise.all([endOf(downstream), endOf(stream), aborted(stream.signal)]);
      resolve({ downstream: ends[0], upstream: ends[1], signal: messageOf(ends[2]) });
      await downstream.header;
      await downstream.trailer;
    };
  }
}

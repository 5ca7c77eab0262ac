import {
  type CallOptions,
  type ClientStream,
  type Connection,
  type ConnectionOptions,
  connectOver,
  type Handler,
  serveOver,
  type ServeOverOptions,
  type ServerConnection,
  type ServerStream,
} from "../../mod.ts";
import { type Frame, FrameType } from "../../src/ttheader/frame.ts";
import { string } from "./codecs.ts";
import { duplexPair } from "./pair.ts";
import { exceptionOf, nameOf, WirePeer } from "./wire_peer.ts";

/** What a plain cancel says, word for word. */
export const CANCELED =
  "user code invoking stream RPC with context processed by context.WithCancel or context.WithTimeout, then invoking cancel() actively";

/** Longer texts stand as their length in a line. */
const SHOWN_CHARS = 400;

/**
 * A frame as a line, so that a conversation reads at a glance: `Header {isn: Test}`, `Data hello`,
 * `Trailer 6 biz error: boom`, `Rst 12007 user code … {ttscp: ServiceA}`; `3: Data x` on another stream than 1.
 */
export function lineOf(frame: Frame): string {
  const parts = [frame.streamId === 1 ? nameOf(frame.type) : `${frame.streamId}: ${nameOf(frame.type)}`];
  const { payload } = frame;
  if (frame.type === FrameType.Data) {
    parts.push(payload.length > SHOWN_CHARS ? `of ${payload.length} bytes` : string(payload));
  } else if (payload.length > 0) {
    const { type, message } = exceptionOf(frame);
    parts.push(`${type} ${message}`);
  }
  if (frame.metadata.size > 0) {
    parts.push(`{${[...frame.metadata].map(([key, value]) => `${key}: ${value}`).join(", ")}}`);
  }
  return parts.join(" ");
}

/** The lines of all frames until the connection is closed. */
export async function linesOf(peer: WirePeer): Promise<string[]> {
  const lines: string[] = [];
  for (let frame = await peer.next(); frame !== undefined; frame = await peer.next()) {
    lines.push(lineOf(frame));
  }
  return lines;
}

/** A client of the library whose server is the test, frame by frame. */
export class ClientScript implements AsyncDisposable {
  readonly connection: Connection;
  readonly peer: WirePeer;

  constructor(options: ConnectionOptions = { serviceName: "ServiceA" }) {
    const [near, far] = duplexPair();
    this.connection = connectOver(near, options);
    this.peer = new WirePeer(far);
  }

  /** Opens a stream of bytes: `Test`'s method `Echo`. */
  open(options?: CallOptions): ClientStream {
    return this.connection.openStream({ service: "Test", method: "Echo" }, options);
  }

  /** Closes the connection, whose streams must have ended, and tells all that has left and was not taken. */
  async left(): Promise<string[]> {
    const [lines] = await Promise.all([linesOf(this.peer), this.connection.close()]);
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort();
    await this.peer.close();
    await this.connection.closed.catch(() => {});
  }
}

/** A server of the library whose client is the test, frame by frame. */
export class ServerScript implements AsyncDisposable {
  readonly peer: WirePeer;
  /** What `onError` was told. */
  readonly errors: unknown[] = [];
  readonly connection: ServerConnection;
  readonly #stream = Promise.withResolvers<ServerStream>();
  readonly #returned = Promise.withResolvers<void>();

  /** @param handler Default: one that runs until the test says {@linkcode finish} or {@linkcode fail}. */
  constructor(handler?: Handler, options: ServeOverOptions = {}) {
    const [near, far] = duplexPair();
    const manual: Handler = (stream) => {
      this.#stream.resolve(stream);
      return this.#returned.promise;
    };
    const onError = (error: unknown) => this.errors.push(error);
    this.connection = serveOver(near, handler ?? manual, { onError, ...options });
    this.peer = new WirePeer(far);
  }

  /** Sends the Header of stream 1. */
  async header(metadata: Record<string, string> = {}): Promise<void> {
    await this.peer.send({ type: FrameType.Header, metadata: { isn: "Test", ...metadata } });
  }

  /** Opens stream 1. @returns What the handler got. */
  async opened(): Promise<ServerStream> {
    await this.header();
    return await this.#stream.promise;
  }

  /** The handler returns. */
  finish(): void {
    this.#returned.resolve();
  }

  /** The handler throws. */
  fail(error: unknown): void {
    this.#returned.reject(error);
  }

  /** Shuts the connection down and tells all that has left and was not taken; a stream that was alive shows. */
  async left(): Promise<string[]> {
    this.connection.abort();
    return await linesOf(this.peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#returned.resolve();
    this.connection.abort();
    await this.peer.close();
    await this.connection.finished.catch(() => {});
  }
}

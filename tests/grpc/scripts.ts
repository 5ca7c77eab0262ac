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
import { grpc, type GrpcOptions } from "../../src/grpc/mod.ts";
import type { HeaderField } from "../../src/http2/hpack/field.ts";
import { headers } from "../http2/wire.ts";
import { duplexPair } from "../support/pair.ts";
import { CALL, Http2Peer } from "./http2_peer.ts";

type Settings = readonly (readonly [id: number, value: number])[];

interface ScriptOptions extends GrpcOptions {
  /** The peer's SETTINGS. */
  readonly settings?: Settings | undefined;
}

/** A client of the library whose server is the test, frame by frame. */
export class ClientScript implements AsyncDisposable {
  readonly connection: Connection;
  readonly peer: Http2Peer;

  constructor(
    options: ConnectionOptions = { serviceName: "ServiceA" },
    { settings = [], ...grpcOptions }: ScriptOptions = {},
  ) {
    const [near, far] = duplexPair();
    this.connection = connectOver(near, { protocol: grpc(grpcOptions), ...options });
    this.peer = new Http2Peer("server", far, ...settings.map(([id, value]): [number, number] => [id, value]));
  }

  /** Opens a stream of bytes: `Test`'s method `Echo`. */
  open(options?: CallOptions): ClientStream {
    return this.connection.openStream({ service: "Test", method: "Echo" }, options);
  }

  /** Closes the connection, whose streams must have ended, and tells all that has left and was not taken. */
  async left(): Promise<string[]> {
    const [lines] = await Promise.all([this.peer.lines(), this.connection.close()]);
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
  readonly peer: Http2Peer;
  /** What `onError` was told. */
  readonly errors: unknown[] = [];
  readonly connection: ServerConnection;
  readonly #streams: ServerStream[] = [];
  #arrival: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #returned = Promise.withResolvers<void>();

  /** @param handler Default: one that runs until the test says {@linkcode finish} or {@linkcode fail}. */
  constructor(
    handler?: Handler,
    options: ServeOverOptions = {},
    { settings = [], ...grpcOptions }: ScriptOptions = {},
  ) {
    const [near, far] = duplexPair();
    const manual: Handler = (stream) => {
      this.#streams.push(stream);
      this.#arrival.resolve();
      this.#arrival = Promise.withResolvers();
      return this.#returned.promise;
    };
    const onError = (error: unknown) => this.errors.push(error);
    this.connection = serveOver(near, handler ?? manual, {
      onError,
      protocols: [grpc(grpcOptions)],
      ...options,
    });
    this.peer = new Http2Peer("client", far, ...settings.map(([id, value]): [number, number] => [id, value]));
  }

  /** Opens a stream, with these fields over the usual ones. */
  async call(id: number, ...over: readonly HeaderField[]): Promise<void> {
    await this.peer.send(headers(id, request(...over)));
  }

  /** Opens stream 1. @returns What the handler got. */
  async opened(...over: readonly HeaderField[]): Promise<ServerStream> {
    await this.call(1, ...over);
    return await this.handled();
  }

  /** The next stream that the handler got. */
  async handled(): Promise<ServerStream> {
    for (;;) {
      const stream = this.#streams.shift();
      if (stream !== undefined) return stream;
      await this.#arrival.promise;
    }
  }

  /** The handlers return. */
  finish(): void {
    this.#returned.resolve();
  }

  /** The handlers throw. */
  fail(error: unknown): void {
    this.#returned.reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#returned.resolve();
    this.connection.abort();
    await this.peer.close();
    await this.connection.finished.catch(() => {});
  }
}

/** A call's fields, some of them others; a value that is empty leaves one out. */
export function request(...over: readonly HeaderField[]): HeaderField[] {
  const fields = new Map([...CALL, ...over]);
  return [...fields].filter(([name, value]) => name.startsWith("grpc-") || value !== "");
}

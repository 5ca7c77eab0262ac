import {
  type Connection,
  type ConnectionOptions,
  connectOver,
  type Handler,
  type Observer,
  serveOver,
  type ServeOverOptions,
  ttheader,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { duplexPair } from "./pair.ts";
import { Recorder } from "./recorder.ts";

/** The protocols there are. */
const PROTOCOLS = { ttheader: ttheader(), grpc: grpc() } as const;

/** Their names, for tests of both. */
export const NAMES = ["ttheader", "grpc"] as const satisfies (keyof typeof PROTOCOLS)[];

/** A client and a server in memory, each with a recorder, in one of the protocols. */
export class ObservedPair implements AsyncDisposable {
  readonly client = new Recorder();
  readonly server = new Recorder();
  readonly connection: Connection;
  /** What came to the server's `onError`, and to the client's. */
  readonly errors: unknown[] = [];
  readonly clientErrors: unknown[] = [];
  readonly #serving: ReturnType<typeof serveOver>;

  constructor(
    protocol: keyof typeof PROTOCOLS,
    handler: Handler,
    { client = [], server = [], ...options }: {
      readonly client?: readonly Observer[];
      readonly server?: readonly Observer[];
      readonly connectOptions?: ConnectionOptions;
      readonly serveOptions?: ServeOverOptions;
    } = {},
  ) {
    const [near, far] = duplexPair();
    this.#serving = serveOver(far, handler, {
      protocols: [PROTOCOLS[protocol]],
      observers: [...server, this.server],
      onError: (error) => this.errors.push(error),
      ...options.serveOptions,
    });
    this.connection = connectOver(near, {
      protocol: PROTOCOLS[protocol],
      serviceName: "ServiceA",
      observers: [...client, this.client],
      onError: (error) => this.clientErrors.push(error),
      ...options.connectOptions,
    });
  }

  /** Cuts what is open at the server. */
  abort(): void {
    this.#serving.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection[Symbol.asyncDispose]();
    await this.#serving.finished.catch(() => {
      // However it ended, it is over.
    });
  }
}

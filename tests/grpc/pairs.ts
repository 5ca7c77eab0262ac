import {
  type Call,
  type CallOptions,
  connect,
  type Connection,
  type ConnectionOptions,
  connectOver,
  createClient,
  defineService,
  type Handler,
  serve,
  serveOver,
  type ServeOverOptions,
  type StreamOpener,
} from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { text } from "../support/codecs.ts";
import { duplexPair } from "../support/pair.ts";

/** A client and a server of the library that speak gRPC, over something. */
export interface Pair extends AsyncDisposable {
  readonly connection: Connection;
  /** What came to `onError`. */
  readonly errors: unknown[];
  /** Ends the server; resolves when it has. */
  shutdown(graceMs: number): Promise<void>;
}

export interface PairOptions {
  readonly client?: ConnectionOptions | undefined;
  readonly server?: ServeOverOptions | undefined;
}

export type OpenPair = (handler: Handler, options?: PairOptions) => Promise<Pair>;

const HOSTNAME = "127.0.0.1";
const tls = (name: string) => Deno.readTextFile(new URL(`../data/tls/${name}`, import.meta.url));

async function overTcp(handler: Handler, { client, server }: PairOptions, secure: boolean): Promise<Pair> {
  const errors: unknown[] = [];
  const [ca, cert, key] = await Promise.all(["ca.pem", "localhost.pem", "localhost-key.pem"].map(tls));
  const serving = serve({
    port: 0,
    hostname: HOSTNAME,
    protocols: [grpc()],
    onError: (error) => void errors.push(error),
    onConnectionError: (error) => void errors.push(error),
    ...server,
    ...(secure ? { cert, key } : {}),
  }, handler);
  const connection = await connect({
    port: serving.addr.port,
    hostname: HOSTNAME,
    protocol: grpc(),
    serviceName: "ServiceA",
    ...client,
    ...(secure ? { tls: { caCerts: [ca ?? ""] } } : {}),
  });
  return {
    connection,
    errors,
    shutdown: (graceMs) => serving.shutdown({ graceMs }),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await serving.shutdown();
    },
  };
}

/** Everything that gRPC is tested over. */
export const PAIRS: Readonly<Record<string, OpenPair>> = {
  memory(handler, { client, server } = {}) {
    const [near, far] = duplexPair();
    const errors: unknown[] = [];
    const controller = new AbortController();
    const serving = serveOver(far, handler, {
      protocols: [grpc()],
      onError: (error) => void errors.push(error),
      signal: controller.signal,
      ...server,
    });
    const connection = connectOver(near, { protocol: grpc(), serviceName: "ServiceA", ...client });
    return Promise.resolve({
      connection,
      errors,
      shutdown() {
        controller.abort();
        return serving.finished;
      },
      async [Symbol.asyncDispose]() {
        await connection[Symbol.asyncDispose]();
        await serving.finished.catch((error) => errors.push(error));
      },
    });
  },
  TCP: (handler, options = {}) => overTcp(handler, options, false),
  TLS: (handler, options = {}) => overTcp(handler, options, true),
};

/** `Test`'s method `Echo`, of each kind. */
export const Test = {
  unary: defineService("Test", { echo: { kind: "unary", name: "Echo", request: text, response: text } }),
  server: defineService("Test", { echo: { kind: "server", name: "Echo", request: text, response: text } }),
  client: defineService("Test", { echo: { kind: "client", name: "Echo", request: text, response: text } }),
  bidirectional: defineService("Test", {
    echo: { kind: "bidirectional", name: "Echo", request: text, response: text },
  }),
};

/** A call of some kind, with what a test does to any of them. */
export interface KindOfCall {
  readonly kind: keyof typeof Test;
  /** Opens it; `send` is how it sends one more message, `read` reads it to the end. */
  open(opener: StreamOpener, options?: CallOptions): OpenCall;
}

export interface OpenCall {
  readonly call: Call;
  readonly send?: ((message: string) => Promise<void>) | undefined;
  /** What comes, to the end; rejects with how it ended. */
  read(): Promise<string[]>;
}

export const KINDS: readonly KindOfCall[] = [
  {
    kind: "unary",
    open(opener, options) {
      const call = createClient(Test.unary, opener).echo("request", options);
      return { call, read: async () => [await call] };
    },
  },
  {
    kind: "server",
    open(opener, options) {
      const call = createClient(Test.server, opener).echo("request", options);
      return { call, read: () => Array.fromAsync(call) };
    },
  },
  {
    kind: "client",
    open(opener, options) {
      const call = createClient(Test.client, opener).echo(options);
      return { call, send: (message) => call.send(message), read: async () => [await call.response] };
    },
  },
  {
    kind: "bidirectional",
    open(opener, options) {
      const call = createClient(Test.bidirectional, opener).echo(options);
      return { call, send: (message) => call.send(message), read: () => Array.fromAsync(call) };
    },
  },
];

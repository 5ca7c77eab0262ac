import type { Connection, Handler, Server } from "../../mod.ts";
import { connectTo, serveLocally } from "./loopback.ts";

/** A client and a server of the library, on a loopback socket. */
export class TcpPair implements AsyncDisposable {
  readonly server: Server<Deno.NetAddr>;
  readonly connection: Connection;
  /** What the server's `onError` was told. */
  readonly errors: unknown[];

  private constructor(server: Server<Deno.NetAddr>, connection: Connection, errors: unknown[]) {
    this.server = server;
    this.connection = connection;
    this.errors = errors;
  }

  /** The client calls itself ServiceA. */
  static async open(handler: Handler): Promise<TcpPair> {
    const errors: unknown[] = [];
    const server = serveLocally(handler, { onError: (error) => errors.push(error) });
    return new TcpPair(server, await connectTo(server, { serviceName: "ServiceA" }), errors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort();
    await this.server.shutdown({ graceMs: 0 });
    await this.connection.closed.catch(() => {
      // However it ended, it is over.
    });
  }
}

import { connect, type Connection, type Handler, serve, type Server } from "../../mod.ts";

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
    const onError = (error: unknown) => errors.push(error);
    const server = serve({ port: 0, hostname: "127.0.0.1", onError }, handler);
    const connection = await connect({ port: server.addr.port, serviceName: "ServiceA" });
    return new TcpPair(server, connection, errors);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.abort();
    await this.server.shutdown({ graceMs: 0 });
  }
}

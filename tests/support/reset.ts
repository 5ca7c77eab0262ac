// Deno's own sockets always say FIN first; Node's can reset.
import net from "node:net";

/** A TCP server that resets each connection as soon as a byte of it has come. */
export class ResettingServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: net.Server;

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async listen(): Promise<ResettingServer> {
    const server = net.createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no port");
    return new ResettingServer(server, address.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A TCP client that sends `first`, waits for the first bytes that come back, and resets. */
export async function sendAndReset(port: number, first: Uint8Array): Promise<void> {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(first);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.resetAndDestroy();
}

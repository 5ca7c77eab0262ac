import { ClientConnection, type Connection } from "./connection.ts";
import { clientConnectionInit, type ConnectionOptions } from "./connection_options.ts";
import { dial, type DialOptions, serverOf } from "../../net/dial.ts";
import { checkType } from "../../base/options.ts";
import { type ByteDuplex, duplexSocket } from "../../net/socket.ts";

/**
 * Options of {@linkcode connect}: where the server is, how long to try, and how to speak to it. `signal` gives the
 * attempt up.
 */
export type ConnectOptions = ConnectionOptions & DialOptions;

/**
 * Connects to a server, in TTHeader Streaming or, with `protocol: grpc()`, in gRPC.
 *
 * @throws (rejects) An error that names the address, with what the system said, the signal's reason or a `TimeoutError`
 * after `connectTimeoutMs` as its `cause`; RangeError or TypeError if an option is wrong.
 *
 * @example
 * ```ts ignore
 * import { connect } from "@ttstream/ttstream";
 *
 * await using connection = await connect({ hostname: "127.0.0.1", port: 8888, serviceName: "ServiceA" });
 * const stream = connection.openStream({ service: "Chat", method: "Ask" });
 * ```
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const init = clientConnectionInit(options);
  const socket = await dial(options, init.protocol.alpn);
  const { alpn } = init.protocol;
  const again = (signal: AbortSignal) => dial({ ...options, signal }, alpn);
  return new ClientConnection(socket, { ...init, ...serverOf(options), dial: again });
}

/** Options of {@linkcode connectOver}. */
export interface ConnectOverOptions extends ConnectionOptions {
  /**
   * Makes another pair of byte streams to the same server, for unary calls over TTHeader. Without it the one pair there
   * is carries either streams or unary calls, whichever comes first; what comes later of the other kind ends with 12006
   * and says so.
   */
  dial?: ((signal: AbortSignal) => ByteDuplex | Promise<ByteDuplex>) | undefined;
}

/**
 * Speaks TTHeader Streaming, or another `protocol`, over any pair of byte streams: a socket of one's own, or one end of
 * an in-memory pair. gRPC then calls its server `localhost` in `:authority`.
 *
 * @throws {RangeError} If a limit is not a positive integer, or `serviceName` over 65,535 bytes.
 * @throws {TypeError} If one of the streams is locked, or `dial` is no function.
 *
 * @example A client and a server in memory
 * ```ts
 * import { connectOver, serveOver } from "@ttstream/ttstream";
 *
 * const there = new TransformStream<Uint8Array, Uint8Array>();
 * const back = new TransformStream<Uint8Array, Uint8Array>();
 * const serving = serveOver({ readable: there.readable, writable: back.writable }, ({ readable, writable }) =>
 *   readable.pipeTo(writable));
 * const connection = connectOver({ readable: back.readable, writable: there.writable });
 * const stream = connection.openStream({ service: "Echo", method: "Echo" });
 * await stream.sendAll([new Uint8Array([1, 2, 3])]);
 * for await (const message of stream) console.log(message);
 * await connection.close();
 * await serving.finished;
 * ```
 */
export function connectOver(duplex: ByteDuplex, options: ConnectOverOptions = {}): Connection {
  const init = clientConnectionInit(options);
  const { dial } = options;
  checkType("dial", dial, "function");
  const again = dial === undefined
    ? undefined
    : async (signal: AbortSignal) => duplexSocket(await dial(signal));
  return new ClientConnection(duplexSocket(duplex), { ...init, dial: again });
}

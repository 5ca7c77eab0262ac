import {
  type Claim,
  type ClientTransport,
  type ClientTransportInit,
  type ClientTransportOwner,
  type Protocol,
  type ServerTransport,
  type ServerTransportInit,
  type ServerTransportOwner,
  WireProtocol,
} from "../core/protocol.ts";
import { registerDialect } from "../core/dialect.ts";
import type { ByteSocket } from "../net/socket.ts";
import { TTHeaderClient } from "./client_transport.ts";
import { ttheaderDialect } from "./dialect.ts";
import { MAGIC, MAGIC_OFFSET } from "./frame.ts";
import { TTHeaderServer } from "./server_transport.ts";

class TTHeaderProtocol extends WireProtocol {
  readonly dialect = ttheaderDialect;
  readonly alpn = undefined;

  claims(bytes: Uint8Array): Claim {
    const high = bytes[MAGIC_OFFSET];
    const low = bytes[MAGIC_OFFSET + 1];
    if (high === undefined || low === undefined) return undefined;
    return (high << 8 | low) === MAGIC;
  }

  client(socket: ByteSocket, init: ClientTransportInit, owner: ClientTransportOwner): ClientTransport {
    return new TTHeaderClient(socket, init, owner);
  }

  server(socket: ByteSocket, init: ServerTransportInit, owner: ServerTransportOwner): ServerTransport {
    return new TTHeaderServer(socket, init, owner);
  }
}

registerDialect(ttheaderDialect);
const protocol = new TTHeaderProtocol();

/**
 * TTHeader Streaming, what Kitex calls StreamX: the default of clients and servers.
 *
 * @example
 * ```ts ignore
 * import { serve, ttheader } from "@ttstream/ttstream";
 * import { grpc } from "@ttstream/ttstream/grpc";
 *
 * serve({ port: 8888, protocols: [ttheader(), grpc()] }, handler);
 * ```
 */
export function ttheader(): Protocol {
  return protocol;
}

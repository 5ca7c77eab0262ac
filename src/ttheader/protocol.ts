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
import { uint16 } from "./header_block.ts";
import { TTHeaderServer } from "./server_transport.ts";
import { THRIFT_VERSION } from "./unary/message.ts";

class TTHeaderProtocol extends WireProtocol {
  readonly dialect = ttheaderDialect;
  readonly alpn = undefined;

  /** Streams, and unary calls with a head before the Thrift message, a length, or nothing. */
  claims(bytes: Uint8Array): Claim {
    if (bytes.length >= 2 && uint16(bytes, 0) === THRIFT_VERSION) return true;
    if (bytes.length < MAGIC_OFFSET + 2) return undefined;
    const magic = uint16(bytes, MAGIC_OFFSET);
    return magic === MAGIC || magic === THRIFT_VERSION;
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

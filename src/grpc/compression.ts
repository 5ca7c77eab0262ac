import { show } from "../base/format.ts";
import { SIDE, StreamSide } from "../core/stream_side.ts";
import { GrpcStream } from "./stream.ts";

/**
 * Has a stream, or a call, compress the messages that it sends from now on, or not. `grpc-encoding` goes out with the
 * header, at a client when the call is opened: it must be `"gzip"` then if any message is to be.
 *
 * @param stream What a handler or a client holds; it may be wrapped.
 * @throws {TypeError} If it is no stream of gRPC, `compression` another one, or `"gzip"` where the header has been sent
 * without.
 */
export function setCompression(stream: object, compression: "identity" | "gzip"): void {
  if (compression !== "identity" && compression !== "gzip") {
    throw new TypeError(`compression must be "identity" or "gzip", got ${show(compression)}`);
  }
  grpcStreamOf(stream).compression = compression;
}

/**
 * Whether the message of a stream that came last was compressed.
 *
 * @param stream What a handler or a client holds; it may be wrapped.
 * @throws {TypeError} If it is no stream of gRPC.
 */
export function cameCompressed(stream: object): boolean {
  return grpcStreamOf(stream).lastCameCompressed;
}

function grpcStreamOf(stream: object): GrpcStream {
  const side: unknown = Reflect.get(stream, SIDE);
  const sink = side instanceof StreamSide ? side.sink : undefined;
  if (sink instanceof GrpcStream) return sink;
  throw new TypeError(`the stream does not speak gRPC: ${show(stream)}`);
}

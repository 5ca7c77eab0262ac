import { show } from "../base/format.ts";
import { SIDE, StreamSide } from "../core/stream_side.ts";
import { GrpcStream } from "./stream.ts";

/**
 * Has a stream, or a call, compress the messages that it sends from now on, or not. `grpc-encoding` goes out with the
 * header: a call must have been opened with `"gzip"`, and a handler's stream must have it before its first message, if
 * any message is to be compressed.
 *
 * @param stream What a handler or a client holds; it may be wrapped by `wrapStream`, and not be a call of `retry`.
 * @param compression `"gzip"`, or `"identity"` for messages as they are.
 * @throws {TypeError} If `stream` is no stream of gRPC, `compression` neither of the two, or `"gzip"` where the header has
 * been sent without.
 *
 * @example
 * ```ts ignore
 * implement(Chat, {
 *   async *ask(question, stream) {
 *     setCompression(stream, "gzip");
 *     yield* answer(question);
 *   },
 * });
 * ```
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
 * @param stream What a handler or a client holds; it may be wrapped by `wrapStream`, and not be a call of `retry`.
 * @throws {TypeError} If it is no stream of gRPC.
 *
 * @example
 * ```ts
 * import type { ServerStream } from "@ttstream/ttstream";
 * import { cameCompressed } from "@ttstream/ttstream/grpc";
 *
 * async function count(stream: ServerStream): Promise<number> {
 *   let compressed = 0;
 *   for await (const _message of stream.readable) if (cameCompressed(stream)) compressed++;
 *   return compressed;
 * }
 * ```
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

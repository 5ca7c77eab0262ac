/**
 * gRPC behind the same API: streams and unary calls over HTTP/2, as Kitex speaks it, and as every other gRPC does.
 *
 * @example A server of both protocols on one port
 * ```ts ignore
 * import { implement, serve, ttheader } from "@ttstream/ttstream";
 * import { grpc, GrpcError, GrpcStatus } from "@ttstream/ttstream/grpc";
 *
 * serve({ port: 8888, protocols: [ttheader(), grpc()] }, implement(Chat, {
 *   async *ask(question) {
 *     if (question === "") throw new GrpcError(GrpcStatus.InvalidArgument, "no question");
 *     yield* answer(question);
 *   },
 * }));
 * ```
 *
 * @module
 */
export { grpc } from "./protocol.ts";
export type { GrpcOptions } from "./options.ts";
export { GrpcError, type GrpcErrorOptions } from "./error.ts";
export { GrpcStatus } from "./status.ts";
export { cameCompressed, setCompression } from "./compression.ts";

/**
 * gRPC behind the same API: streams and unary calls over HTTP/2, as Kitex speaks it, and as every other gRPC does. It
 * is an entry point of its own, so that only who imports it loads HTTP/2.
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
 * @example A client
 * ```ts ignore
 * import { connect, createClient } from "@ttstream/ttstream";
 * import { grpc, GrpcError, GrpcStatus } from "@ttstream/ttstream/grpc";
 *
 * await using connection = await connect({ port: 8888, serviceName: "ServiceA", protocol: grpc() });
 * try {
 *   for await (const word of createClient(Chat, connection).ask("", { timeoutMs: 10_000 })) console.log(word);
 * } catch (error) {
 *   if (!(error instanceof GrpcError) || error.code !== GrpcStatus.InvalidArgument) throw error;
 *   console.log(error.description); // no question
 * }
 * ```
 *
 * @module
 */
export { grpc } from "./protocol.ts";
export type { GrpcOptions } from "./options.ts";
export { GrpcError, type GrpcErrorOptions } from "./error.ts";
export { GrpcStatus } from "./status.ts";
export { cameCompressed, setCompression } from "./compression.ts";
export { type ErrorKind, type Side, StreamError, type StreamErrorOptions } from "../core/errors.ts";
export type { ProtocolName } from "../core/dialect.ts";
export type { Protocol } from "../core/protocol.ts";

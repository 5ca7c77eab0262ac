/**
 * TTHeader Streaming for Deno: the streaming protocol of CloudWeGo Kitex (StreamX), with Web Streams at both ends
 * and every stream able to say who ended it, and why.
 *
 * @example A server
 * ```ts ignore
 * import { implement, serve } from "@ttstream/ttstream";
 *
 * serve({ port: 8888 }, implement(Chat, {
 *   async *ask(question, stream) {
 *     for await (const word of model(question, stream.signal)) yield word;
 *   },
 * }));
 * ```
 *
 * @example A client
 * ```ts ignore
 * import { connect, createClient } from "@ttstream/ttstream";
 *
 * await using connection = await connect({ port: 8888, serviceName: "ServiceA" });
 * for await (const word of createClient(Chat, connection).ask("Why is the sky blue?")) console.log(word);
 * ```
 *
 * @module
 */
export { ByteBuffer, type Bytes } from "./src/buffer.ts";
export type { Codec } from "./src/codec.ts";
export type { Metadata, MetadataInit, Metainfo, MetainfoInit } from "./src/metadata.ts";
export { BizStatusError, ErrorCode, type ErrorKind, type Side, TTStreamError } from "./src/errors.ts";
export { type AnyMethods, defineService, type Method, type MethodKind, type Service } from "./src/service.ts";
export type { ByteDuplex } from "./src/connection/socket.ts";
export type { DialOptions, TcpAddress, TlsOptions, UnixAddress } from "./src/connection/dial.ts";
export type { CancelFrame } from "./src/stream/call.ts";
export {
  type CallOptions,
  connect,
  type Connection,
  type ConnectionOptions,
  type ConnectOptions,
  connectOver,
  type StreamOpener,
  type StreamTarget,
} from "./src/client/client.ts";
export type { ClientStream, ClientStreamingCall, ServerStreamingCall } from "./src/client/client_stream.ts";
export { type Client, type ClientMethod, createClient } from "./src/client/create_client.ts";
export type { Handler } from "./src/server/handler.ts";
export type { ServerStream } from "./src/server/server_stream.ts";
export {
  type Answers,
  implement,
  type Implementation,
  type ImplementationMethod,
  route,
} from "./src/server/implement.ts";
export {
  type ConnListener,
  serve,
  type ServeListenerOptions,
  serveOver,
  type ServeOverOptions,
  type Server,
  type ServerConnection,
  type ServerOptions,
  type ServeTcpOptions,
  type ServeUnixOptions,
} from "./src/server/server.ts";

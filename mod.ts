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
export {
  BizStatusError,
  ErrorCode,
  type ErrorKind,
  type Side,
  StreamError,
  type StreamErrorOptions,
  TTStreamError,
} from "./src/errors.ts";
export { type AnyMethods, defineService, type Method, type MethodKind, type Service } from "./src/service.ts";
export type { ByteDuplex } from "./src/connection/socket.ts";
export type {
  Address,
  DialOptions,
  DialSettings,
  TcpAddress,
  TlsOptions,
  UnixAddress,
} from "./src/connection/dial.ts";
export type { CancelFrame } from "./src/stream/cancel_frames.ts";
export type { MessageSource } from "./src/stream/send_all.ts";
export { connect, type ConnectOptions, connectOver } from "./src/client/client.ts";
export type { Connection, StreamOpener } from "./src/client/client_connection.ts";
export type { ConnectionOptions } from "./src/client/connection_options.ts";
export type { CallOptions, StreamTarget } from "./src/client/call_options.ts";
export type {
  ClientCall,
  ClientStream,
  ClientStreamingCall,
  Sending,
  ServerStreamingCall,
  UnaryCall,
} from "./src/client/client_stream.ts";
export { type Client, type ClientMethod, createClient } from "./src/client/create_client.ts";
export { createPool, type Pool } from "./src/pool/pool.ts";
export type { PoolErrorInfo, PoolOptions } from "./src/pool/pool_options.ts";
export type { PoolAddressStats, PoolConnectionStats, PoolStats } from "./src/pool/pool_stats.ts";
export type { PoolConnection } from "./src/pool/pooled_connection.ts";
export type { PickStrategy } from "./src/pool/pick.ts";
export type { BackoffOptions } from "./src/pool/backoff.ts";
export type { AddressResolver } from "./src/pool/addresses.ts";
export { dnsAddresses, type DnsOptions, srvAddresses } from "./src/pool/dns.ts";
export { retry, type RetryOptions } from "./src/pool/retry.ts";
export type { Handler, Middleware, ServiceHandler } from "./src/server/handler.ts";
export type { ServerStream } from "./src/server/server_stream.ts";
export type { ServerStreamParts } from "./src/server/wrap_server_stream.ts";
export {
  type Answers,
  implement,
  type Implementation,
  type ImplementationMethod,
  route,
  type UnaryServerStream,
} from "./src/server/implement.ts";
export type { Server } from "./src/server/listening_server.ts";
export { serve, serveOver, type ServerConnection } from "./src/server/server.ts";
export type {
  ConnectionInfo,
  ConnListener,
  ServeListenerOptions,
  ServeOverOptions,
  ServerOptions,
  ServeTcpOptions,
  ServeUnixOptions,
} from "./src/server/server_options.ts";
export {
  type ReplacedCallParts,
  type ReplacedUnaryCallParts,
  wrapStream,
} from "./src/middleware/wrap_stream.ts";

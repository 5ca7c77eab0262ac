/**
 * Streams between services for Deno, over TTHeader Streaming, the streaming protocol of CloudWeGo Kitex (StreamX), or
 * gRPC, which is in the entry point `./grpc`: Web Streams at both ends, and every stream able to say who ended it, and
 * why.
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
export { ByteBuffer, type Bytes } from "./src/base/buffer.ts";
export type { Codec, MessageEncoding } from "./src/core/codec.ts";
export type { Metadata, MetadataInit, Metainfo, MetainfoInit } from "./src/core/metadata.ts";
export {
  BizStatusError,
  type ErrorKind,
  type Side,
  StreamError,
  type StreamErrorOptions,
} from "./src/core/errors.ts";
export { ErrorCode, TTStreamError } from "./src/ttheader/errors.ts";
export type { Observer, StreamEnd, StreamEvents, StreamInfo } from "./src/core/observer.ts";
export type { ProtocolName } from "./src/core/dialect.ts";
export type { CancelFrame, Protocol } from "./src/core/protocol.ts";
export { ttheader } from "./src/ttheader/protocol.ts";
export type { Addr, NetAddr, UnixAddr, VsockAddr } from "./src/net/address.ts";
export type { Conn } from "./src/net/socket.ts";
export type { ConnListener } from "./src/net/listen.ts";
export {
  type AnyMethods,
  defineService,
  type Method,
  type MethodKind,
  type Service,
} from "./src/core/service.ts";
export type { ByteDuplex } from "./src/net/socket.ts";
export type {
  Address,
  DialOptions,
  DialSettings,
  TcpAddress,
  TlsOptions,
  UnixAddress,
} from "./src/net/dial.ts";
export type { MessageSource } from "./src/core/send_all.ts";
export { connect, type ConnectOptions, connectOver } from "./src/rpc/client/connect.ts";
export type { Connection, StreamOpener } from "./src/rpc/client/connection.ts";
export type { ClientErrorInfo, ConnectionOptions } from "./src/rpc/client/connection_options.ts";
export type { CallOptions, StreamTarget } from "./src/rpc/client/call_options.ts";
export type {
  Call,
  ClientStream,
  ClientStreamingCall,
  Sending,
  ServerStreamingCall,
  UnaryCall,
} from "./src/rpc/client/client_stream.ts";
export {
  type Client,
  type ClientMethod,
  type ClientOptions,
  createClient,
} from "./src/rpc/client/create_client.ts";
export type { ClientCall, ClientInterceptor } from "./src/rpc/client/interceptors.ts";
export { createPool, type Pool } from "./src/rpc/pool/pool.ts";
export type { PoolErrorInfo, PoolOptions } from "./src/rpc/pool/pool_options.ts";
export type { PoolAddressStats, PoolConnectionStats, PoolStats } from "./src/rpc/pool/pool_stats.ts";
export type { PoolConnection } from "./src/rpc/pool/pooled_connection.ts";
export type { PickStrategy } from "./src/rpc/pool/pick.ts";
export type { BackoffOptions } from "./src/rpc/pool/backoff.ts";
export type { AddressResolver } from "./src/rpc/pool/addresses.ts";
export { dnsAddresses, type DnsOptions, srvAddresses } from "./src/rpc/pool/dns.ts";
export { retry, type RetryOptions } from "./src/rpc/pool/retry.ts";
export type { Handler, Middleware, ServiceHandler } from "./src/rpc/server/handler.ts";
export type { ServerStream, UnaryServerStream } from "./src/rpc/server/server_stream.ts";
export type { ServerStreamParts } from "./src/rpc/server/wrap_server_stream.ts";
export {
  type Answers,
  implement,
  type Implementation,
  type ImplementationMethod,
  type ImplementOptions,
  route,
} from "./src/rpc/server/implement.ts";
export type { ServerInterceptor } from "./src/rpc/server/interceptors.ts";
export type { Server } from "./src/rpc/server/listening_server.ts";
export { serve, serveOver, type ServerConnection } from "./src/rpc/server/serve.ts";
export type {
  ConnectionInfo,
  ServeListenerOptions,
  ServeOverOptions,
  ServerOptions,
  ServeTcpOptions,
  ServeUnixOptions,
} from "./src/rpc/server/server_options.ts";
export { type ReplacedCallParts, type ReplacedUnaryCallParts, wrapStream } from "./src/rpc/wrap_stream.ts";

/**
 * Protobuf messages as payloads, and services of `.proto` files, over gRPC and over TTHeader Streaming alike: all that
 * is needed beside what `protoc-gen-es` v2 generates. It is an entry point of its own, so that only who imports it
 * loads `@bufbuild/protobuf`.
 *
 * @example Of a service descriptor
 * ```ts ignore
 * import { connect, createClient } from "@ttstream/ttstream";
 * import { grpc } from "@ttstream/ttstream/grpc";
 * import { protobufService } from "@ttstream/ttstream/protobuf";
 * import { Chat } from "./gen/chat_pb.ts";
 *
 * await using connection = await connect({ port: 8888, protocol: grpc() });
 * const chat = createClient(protobufService(Chat), connection);
 * for await (const { word } of chat.ask({ message: "Why is the sky blue?" })) console.log(word);
 * ```
 *
 * @example Of message schemas alone
 * ```ts
 * import { defineService } from "@ttstream/ttstream";
 * import { protobufCodec } from "@ttstream/ttstream/protobuf";
 * import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
 *
 * const Clock = defineService("Clock", {
 *   tick: {
 *     kind: "server",
 *     name: "Tick",
 *     request: protobufCodec(DurationSchema),
 *     response: protobufCodec(TimestampSchema),
 *   },
 * });
 * console.log(Object.keys(Clock.methods)); // ["tick"]
 * ```
 *
 * @module
 */
export { type ProtobufCodec, protobufCodec } from "./codec.ts";
export { ProtobufError } from "./errors.ts";
export {
  type ProtobufMethod,
  type ProtobufMethodKinds,
  type ProtobufMethods,
  protobufService,
} from "./service.ts";
export type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from "./types.ts";
export type { ByteBuffer, Bytes } from "../base/buffer.ts";
export type { Codec, MessageEncoding } from "../core/codec.ts";
export type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";
export type { AnyMethods, DeclaredException, Method, MethodKind, Service } from "../core/service.ts";

import { protobufCodec } from "./codec.ts";
import {
  type AnyMethods,
  defineService,
  type Method,
  type MethodKind,
  type Service,
} from "../core/service.ts";
import { show } from "../base/format.ts";
import type { DescMethod, DescService, MessageInitShape, MessageShape } from "./types.ts";

/** Who streams: this library's word for each of the descriptor's. */
export interface ProtobufMethodKinds {
  /** One request, one response. */
  readonly unary: "unary";
  /** Many requests, one response. */
  readonly client_streaming: "client";
  /** One request, many responses. */
  readonly server_streaming: "server";
  /** Many of both. */
  readonly bidi_streaming: "bidirectional";
}

const KINDS: ProtobufMethodKinds = {
  unary: "unary",
  client_streaming: "client",
  server_streaming: "server",
  bidi_streaming: "bidirectional",
} satisfies Record<DescMethod["methodKind"], MethodKind>;

/** The method of a service descriptor, with whole messages where they are read and `create`'s input where they are written. */
export type ProtobufMethod<Desc extends DescMethod> = Method<
  ProtobufMethodKinds[Desc["methodKind"]],
  MessageShape<Desc["input"]>,
  MessageShape<Desc["output"]>,
  MessageInitShape<Desc["input"]>,
  MessageInitShape<Desc["output"]>
>;

/** The methods of a service descriptor, by their `localName`: `sayHello` for `rpc SayHello`. */
export type ProtobufMethods<Desc extends DescService> = {
  readonly [N in keyof Desc["method"]]: ProtobufMethod<Desc["method"][N]>;
};

/**
 * Makes a service, for `createClient` and `implement`, of the descriptor that `protoc-gen-es` v2 generates for a
 * `service`. Its name is the full one, package and all (`grpc.testing.TestService`), and the methods have the names
 * of the `.proto` on the wire (`SayHello`) and their `localName` in the program (`sayHello`).
 *
 * @throws {TypeError} If `desc` is no service descriptor.
 *
 * @example
 * ```ts ignore
 * import { createClient } from "@ttstream/ttstream";
 * import { protobufService } from "@ttstream/ttstream/protobuf";
 * import { Chat } from "./gen/chat_pb.ts";
 *
 * const chat = createClient(protobufService(Chat), connection);
 * for await (const { word } of chat.ask({ message: "Why is the sky blue?" })) console.log(word);
 * ```
 */
export function protobufService<Desc extends DescService>(desc: Desc): Service<ProtobufMethods<Desc>>;
export function protobufService(desc: DescService): Service<AnyMethods> {
  // Generated code exports messages and files beside services.
  if (desc?.kind !== "service") {
    throw new TypeError(`a service descriptor has the kind "service", got ${show(desc?.kind ?? desc)}`);
  }
  const methods: Record<string, Method<MethodKind, unknown, unknown>> = {};
  for (const { name, localName, methodKind, input, output } of desc.methods) {
    methods[localName] = {
      kind: KINDS[methodKind],
      name,
      request: protobufCodec(input),
      response: protobufCodec(output),
    };
  }
  return defineService(desc.typeName, methods);
}

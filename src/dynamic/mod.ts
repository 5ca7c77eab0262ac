/**
 * Services from Thrift IDLs at run time, without generated code: their messages are JSON. What they send is what
 * generated ones send, over both protocols.
 *
 * @example A client
 * ```ts ignore
 * import { connect, createClient } from "@ttstream/ttstream";
 * import { loadService } from "@ttstream/ttstream/dynamic";
 *
 * const Chat = loadService("idl/chat.thrift", "Chat", { methods: { Ask: "server", Count: "unary" } });
 * await using connection = await connect({ port: 8888 });
 * const chat = createClient(Chat, connection);
 * for await (const word of chat.Ask({ text: "Why is the sky blue?", user: "7" })) console.log(word);
 * console.log(await chat.Count(null));
 * ```
 *
 * @example A server, and an exception that its IDL declares
 * ```ts ignore
 * import { implement, serve } from "@ttstream/ttstream";
 * import { loadService } from "@ttstream/ttstream/dynamic";
 *
 * const Bank = loadService("idl/bank.thrift", "Bank", { methods: { Withdraw: "unary" } });
 * serve(
 *   { port: 8888 },
 *   implement(Bank, {
 *     Withdraw(amount) {
 *       throw Bank.exception("Overdrawn", { missing: amount });
 *     },
 *   }),
 * );
 * ```
 * At the client it is a {@linkcode DynamicException}: `error.name === "Overdrawn"`, `error.fields.missing`.
 *
 * @module
 */
export {
  type LoadOptions,
  loadService,
  type LoadServiceOptions,
  loadServices,
  selectMethods,
} from "./load.ts";
export type { DynamicMethod, DynamicMethods, DynamicService, MethodKinds } from "./service.ts";
export { DynamicException } from "./exception.ts";
export type { JsonOptions } from "./json_options.ts";
export { type Diagnostic, IdlError } from "../idl/diagnostic.ts";
export type { Position, Source } from "../idl/source.ts";
export { ThriftError } from "../thrift/mod.ts";
export type { ByteBuffer, Bytes } from "../base/buffer.ts";
export type { Codec, MessageEncoding } from "../core/codec.ts";
export type { FromJsonOptions, JsonValue, ToJsonOptions } from "../core/json.ts";
export type { AnyMethods, DeclaredException, Method, MethodKind, Service } from "../core/service.ts";

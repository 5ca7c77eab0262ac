import type {
  ClientStream,
  ClientStreamingCall,
  ServerStreamingCall,
  UnaryCall,
} from "./client/client_stream.ts";
import { type AnyCall, WrappedClientCall, wrapUnary } from "./client/wrap_call.ts";
import { type ServerStreamParts, WrappedServerStream } from "./server/wrap_server_stream.ts";
import type { ServerStream } from "./server/server_stream.ts";
import { show } from "../base/format.ts";

/** What of a call `wrapStream` may replace: the sides that it has, and what tells of it. */
export type ReplacedCallParts<T> = {
  readonly [P in keyof T & ("readable" | "writable" | "response" | "header" | "trailer" | "closed")]?:
    | T[P]
    | undefined;
};

/** What of a unary call `wrapStream` may replace: the response that it is a promise of, and what tells of it. */
export type ReplacedUnaryCallParts<Res> = ReplacedCallParts<UnaryCall<Res>> & {
  readonly response?: Promise<Res> | undefined;
};

/**
 * The way to hand on a stream with a part of it replaced, mostly a side that has been piped through something:
 * `{ ...stream }` would have none of its properties. All else is the original's: what ends one ends the other, and
 * `send`, `sendAll` and the iteration go through the sides that were replaced.
 *
 * A handler's `writable` that is replaced by one that is piped into the original is closed when the handler of
 * `implement` has returned. Wait for that pipe, as below: what is still in it is lost otherwise.
 *
 * @param stream A handler's stream, or a call of any kind.
 * @param parts What takes the place of its own.
 * @throws {TypeError} If `stream` is neither.
 *
 * @example A middleware that makes what goes upper case
 * ```ts
 * import { type Middleware, wrapStream } from "@ttstream/ttstream";
 *
 * const loud: Middleware = (next) => async (stream) => {
 *   const upper = new TransformStream<Uint8Array, Uint8Array>({
 *     transform: (message, controller) => controller.enqueue(message.map((byte) => byte & 0xdf)),
 *   });
 *   const piped = upper.readable.pipeTo(stream.writable);
 *   await Promise.all([next(wrapStream(stream, { writable: upper.writable })), piped]);
 * };
 * ```
 *
 * @example A middleware that counts the bytes of what comes
 * ```ts
 * import { type Middleware, wrapStream } from "@ttstream/ttstream";
 *
 * const counted: Middleware = (next) => async (stream) => {
 *   let bytes = 0;
 *   const readable = stream.readable.pipeThrough(
 *     new TransformStream({
 *       transform(message, controller) {
 *         bytes += message.length;
 *         controller.enqueue(message);
 *       },
 *     }),
 *   );
 *   await next(wrapStream(stream, { readable }));
 *   console.log(stream.method, bytes);
 * };
 * ```
 */
export function wrapStream<Req, Res>(
  stream: ServerStream<Req, Res>,
  parts: ServerStreamParts<Req, Res>,
): ServerStream<Req, Res>;
/** Wraps a bidirectional call, or what an opener has opened. */
export function wrapStream<Req, Res>(
  stream: ClientStream<Req, Res>,
  parts: ReplacedCallParts<ClientStream<Req, Res>>,
): ClientStream<Req, Res>;
/** Wraps a server streaming call. */
export function wrapStream<Res>(
  stream: ServerStreamingCall<Res>,
  parts: ReplacedCallParts<ServerStreamingCall<Res>>,
): ServerStreamingCall<Res>;
/** Wraps a client streaming call. */
export function wrapStream<Req, Res>(
  stream: ClientStreamingCall<Req, Res>,
  parts: ReplacedCallParts<ClientStreamingCall<Req, Res>>,
): ClientStreamingCall<Req, Res>;
/** Wraps a unary call. */
export function wrapStream<Res>(stream: UnaryCall<Res>, parts: ReplacedUnaryCallParts<Res>): UnaryCall<Res>;
export function wrapStream<Req, Res>(
  stream: ServerStream<Req, Res> | AnyCall<Req, Res> | UnaryCall<Res>,
  parts: object,
): unknown {
  if (isServerStream(stream)) return new WrappedServerStream(stream, parts);
  if (isUnaryCall(stream)) return wrapUnary(stream, parts);
  if (typeof stream?.cancel === "function") return new WrappedClientCall(stream, parts);
  throw new TypeError(
    `wrapStream needs a handler's stream or a call, got ${show(stream)}; { ...stream } is neither`,
  );
}

function isServerStream<Req, Res>(
  stream: ServerStream<Req, Res> | AnyCall<Req, Res> | UnaryCall<Res>,
): stream is ServerStream<Req, Res> {
  return typeof stream === "object" && stream !== null && "sendHeader" in stream && "service" in stream;
}

/** What can be awaited is the unary call: the others have their response beside them, or none. */
function isUnaryCall<Req, Res>(stream: AnyCall<Req, Res> | UnaryCall<Res>): stream is UnaryCall<Res> {
  return typeof stream === "object" && stream !== null && "then" in stream && "cancel" in stream;
}

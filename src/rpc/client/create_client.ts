import { ByteBuffer } from "../../base/buffer.ts";
import { ClientSide } from "../../core/client_side.ts";
import { callInit, type CallOptions, type StreamTarget, withDefaults } from "./call_options.ts";
import type { StreamOpener } from "./connection.ts";
import {
  BidirectionalStream,
  CallBase,
  type ClientStream,
  type ClientStreamingCall,
  type ServerStreamingCall,
  type UnaryCall,
} from "./client_stream.ts";
import { type Codec, payloadOf } from "../../core/codec.ts";
import type { Where } from "../../core/errors.ts";
import { responseError } from "./one_response.ts";
import { Unary } from "./unary.ts";
import { type Dialect, dialectOf, type ProtocolName } from "../../core/dialect.ts";
import type { MessageSource } from "../../core/send_all.ts";
import type { OpenedCall, Reading, Writing } from "./opened_call.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { show } from "../../base/format.ts";
import { WrappedCall } from "./wrapped_call.ts";
import type { AnyMethods, Method, MethodKind, Service } from "../../core/service.ts";

/** How a client calls one method. */
export type ClientMethod<T> = T extends Method<infer K, infer _, infer Res, infer Req, infer _>
  ? K extends "bidirectional" ? (options?: CallOptions) => ClientStream<Req, Res>
  : K extends "server" ? (request: Req, options?: CallOptions) => ServerStreamingCall<Res>
  : K extends "client" ? (options?: CallOptions) => ClientStreamingCall<Req, Res>
  : (request: Req, options?: CallOptions) => UnaryCall<Res>
  : never;

/** The client of a service: a function for each method. */
export type Client<M extends AnyMethods> = { readonly [N in keyof M]: ClientMethod<M[N]> };

/**
 * Makes a client of a service: a function for each of its methods. A `Connection` opens the streams, or anything
 * else with `openStream` that opens them on one.
 *
 * Nothing is thrown for what happens on the wire: a stream that cannot be opened is errored from the start.
 *
 * @param defaults Options of every call. What a call gives itself wins; of metadata and metainfo each key by itself.
 *
 * @example
 * ```ts ignore
 * const chat = createClient(Chat, connection);
 * for await (const word of chat.ask("Why is the sky blue?")) console.log(word);
 * ```
 */
export function createClient<M extends AnyMethods>(
  service: Service<M>,
  opener: StreamOpener,
  defaults?: CallOptions,
): Client<M>;
export function createClient(
  service: Service<AnyMethods>,
  opener: StreamOpener,
  defaults?: CallOptions,
): Record<string, unknown> {
  const client: Record<string, unknown> = {};
  for (const [property, method] of Object.entries(service.methods)) {
    const { encoding } = method.request;
    const target = { service: service.name, method: method.name ?? property, encoding };
    client[property] = methodOf(method, target, {
      protocol: opener.protocol,
      open: (options) =>
        callOf(opener.openStream(target, defaults === undefined ? options : withDefaults(defaults, options))),
      refuse(error) {
        const caller = { serviceName: undefined, dialect: dialectOf(opener.protocol) };
        const call = new ClientSide(callInit(target, {}, caller));
        call.refuse(call.errorOf(error));
        return call;
      },
    });
  }
  return client;
}

/** The call behind what an opener has returned. */
function callOf(stream: ClientStream): OpenedCall {
  const own = typeof stream === "object" && stream !== null ? BidirectionalStream.callOf(stream) : undefined;
  if (own !== undefined) return own;
  if (
    stream?.readable instanceof ReadableStream && stream.writable instanceof WritableStream &&
    typeof stream.cancel === "function"
  ) {
    return new WrappedCall(stream);
  }
  throw new TypeError(
    `openStream must return a ClientStream, got ${
      show(stream)
    }: { ...stream } has none of its properties, use wrapStream(stream, { … })`,
  );
}

/** The calls of one method. */
interface Calls {
  /** What the opener says that it speaks. */
  readonly protocol: ProtocolName | undefined;
  open(options?: CallOptions): OpenedCall;
  /** A call that fails with `error` before it has begun. */
  refuse(error: unknown): OpenedCall;
}

function methodOf(
  { kind, request, response }: Method<MethodKind, unknown, unknown>,
  target: StreamTarget,
  calls: Calls,
): unknown {
  switch (kind) {
    case "bidirectional":
      return (options?: CallOptions) => new BidirectionalStream(calls.open(options), request, response);
    case "client":
      return (options?: CallOptions) => new ClientStreaming(calls.open(options), request, response, target);
    case "server":
      return (message: unknown, options?: CallOptions) =>
        new ServerStreaming(openWith(message, request, calls, options), response);
    case "unary":
      return (message: unknown, options?: CallOptions) =>
        new Unary(openUnary(message, request, calls, options, target), response, target);
    default:
      kind satisfies never;
  }
}

/** Sends the one request of a server streaming or unary call. It is encoded first: a bad one must not reach the wire. */
function openWith(
  message: unknown,
  codec: Codec<unknown>,
  calls: Calls,
  options: CallOptions | undefined,
): OpenedCall {
  let payload: Uint8Array;
  try {
    payload = encode(codec, message);
  } catch (error) {
    return calls.refuse(error);
  }
  const call = calls.open(options);
  call.request(payload, codec, message);
  return call;
}

/** As {@linkcode openWith}, where the protocol has unary methods. An opener that does not say what it speaks shows by what it opens. */
function openUnary(
  message: unknown,
  codec: Codec<unknown>,
  calls: Calls,
  options: CallOptions | undefined,
  { service, method }: StreamTarget,
): OpenedCall {
  const refused = ({ noUnary }: Dialect) =>
    noUnary === undefined ? undefined : new TypeError(`${service}.${method}: ${noUnary}`);
  const known = calls.protocol === undefined ? undefined : refused(dialectOf(calls.protocol));
  if (known !== undefined) return calls.refuse(known);
  const opened = { ...calls };
  if (calls.protocol === undefined) {
    opened.open = (options) => {
      const call = calls.open(options);
      const error = refused(dialectOf(call.protocol));
      if (error !== undefined) call.cancel(error);
      return call;
    };
  }
  return openWith(message, codec, opened, options);
}

function encode(codec: Codec<unknown>, message: unknown): Uint8Array {
  if (codec.encodeInto === undefined) return payloadOf(codec, message);
  const buffer = new ByteBuffer();
  codec.encodeInto(message, buffer);
  return buffer.bytes.subarray(0, buffer.length);
}

class ServerStreaming<Res> extends CallBase implements ServerStreamingCall<Res> {
  private readonly codec: Codec<Res>;
  private reader: Reading<Res> | undefined;

  constructor(call: OpenedCall, response: Codec<Res>) {
    super(call);
    this.codec = response;
  }

  get readable(): ReadableStream<Res> {
    return this.messages().readable;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res> {
    return this.messages().iterate();
  }

  private messages(): Reading<Res> {
    return this.reader ??= this.call.reader(this.codec);
  }
}

class ClientStreaming<Req, Res> extends CallBase implements ClientStreamingCall<Req, Res> {
  private readonly request: Codec<Req>;
  private readonly codec: Codec<Res>;
  private writer: Writing<Req> | undefined;
  private readonly where: Where;
  private outcome: LazyPromise<Res> | undefined;
  private answered = false;

  constructor(call: OpenedCall, request: Codec<Req>, response: Codec<Res>, target: StreamTarget) {
    super(call);
    this.request = request;
    this.codec = response;
    this.where = { side: "client", ...target };
  }

  get writable(): WritableStream<Req> {
    return this.requests().writable;
  }

  get response(): Promise<Res> {
    if (this.outcome === undefined) {
      const outcome = new LazyPromise<Res>();
      this.outcome = outcome;
      this.receive().then((response) => outcome.resolve(response), (error) => outcome.reject(error));
    }
    return this.outcome.promise;
  }

  send(message: Req): Promise<void> {
    return this.requests().sendFor(message);
  }

  sendAll(source: MessageSource<Req>): Promise<void> {
    return this.requests().sendAll(source);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    // The Trailer may be on its way still: a Rst would cancel a call that has succeeded.
    if (this.answered) this.call.closeSend();
    else await this.call.dispose();
  }

  private requests(): Writing<Req> {
    return this.writer ??= this.call.writer(this.request);
  }

  private async receive(): Promise<Res> {
    const reader = this.call.reader(this.codec);
    const { done, value } = await reader.next().catch((error) => {
      throw responseError(error, this.protocol, this.where);
    });
    if (done) throw dialectOf(this.protocol).noResponse(this.where);
    // A second response is none of the protocol's: what still comes is dropped.
    reader.discard();
    this.answered = true;
    return value;
  }
}

import { calledOn } from "../../base/called_on.ts";
import { ByteBuffer } from "../../base/buffer.ts";
import { ClientSide } from "../../core/client_side.ts";
import { callInit, type CallOptions, type StreamTarget, withDefaults } from "./call_options.ts";
import { isRefusing, REFUSE, type StreamOpener } from "./connection.ts";
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
import { answerCodec, receiveUnary, Unary } from "./unary.ts";
import { dialectOf } from "../../core/dialect.ts";
import type { MessageSource } from "../../core/send_all.ts";
import type { CallStream, TypedReader, TypedWriter } from "./call_stream.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { show } from "../../base/format.ts";
import { functions } from "../../base/options.ts";
import { ForeignStream } from "./foreign_stream.ts";
import { interceptedMethod } from "./intercepted_calls.ts";
import { type ClientInterceptor, InterceptedMethod } from "./interceptors.ts";
import type { AnyMethods, Method, MethodKind, Service } from "../../core/service.ts";

/** How a client calls one method. */
export type ClientMethod<T> = T extends Method<infer K, infer _, infer Res, infer Req, infer _>
  ? K extends "bidirectional" ? (options?: CallOptions) => ClientStream<Req, Res>
  : K extends "server" ? (request: Req, options?: CallOptions) => ServerStreamingCall<Res>
  : K extends "client" ? (options?: CallOptions) => ClientStreamingCall<Req, Res>
  : (request: Req, options?: CallOptions) => UnaryCall<Res>
  : never;

/** Options of {@linkcode createClient}: those of every call, and what stands around the calls. */
export interface ClientOptions extends CallOptions {
  /** Stand around every call, the first outermost. Without any nothing is in between. */
  interceptors?: readonly ClientInterceptor[] | undefined;
}

/** The client of a service: a function for each method. */
export type Client<M extends AnyMethods> = { readonly [N in keyof M]: ClientMethod<M[N]> };

/**
 * Makes a client of a service: a function for each of its methods. A `Connection` opens the streams, or anything
 * else with `openStream` that opens them on one.
 *
 * Nothing is thrown for what happens on the wire: a stream that cannot be opened is errored from the start.
 *
 * @param options Options of every call: what a call gives itself wins, of metadata and metainfo each key by itself. And
 * the interceptors that its calls go through.
 * @throws {TypeError} If `interceptors` is no array of functions.
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
  options?: ClientOptions,
): Client<M>;
export function createClient(
  service: Service<AnyMethods>,
  opener: StreamOpener,
  { interceptors, ...defaults }: ClientOptions = {},
): Record<string, unknown> {
  const chain = functions("interceptors", interceptors);
  const hasDefaults = Object.keys(defaults).length > 0;
  const merged = (options: CallOptions | undefined) => withDefaults(defaults, options);
  const client: Record<string, unknown> = {};
  for (const [property, method] of Object.entries(service.methods)) {
    const { encoding } = method.request;
    const { kind, oneway } = method;
    const target = { service: service.name, method: method.name ?? property, encoding, kind, oneway };
    const source: StreamSource = {
      open: (options) => behind(opener.openStream(target, hasDefaults ? merged(options) : options)),
      refuse: (error, options) => refused(opener, target, merged(options), error),
    };
    client[property] = chain.length === 0
      ? methodOf(method, target, source)
      : throughInterceptors(opener, method, target, chain, merged);
  }
  return client;
}

/** As {@linkcode methodOf}, for calls that go through interceptors. */
function throughInterceptors(
  opener: StreamOpener,
  described: Method<MethodKind, unknown, unknown>,
  target: StreamTarget,
  chain: readonly ClientInterceptor[],
  merged: (options: CallOptions | undefined) => CallOptions,
): unknown {
  const { kind, request, throws, oneway } = described;
  const answers = answerCodec(described);
  const typed = (stream: CallStream) => new BidirectionalStream(stream, request, answers);
  const intercepted = new InterceptedMethod(
    kind,
    target,
    chain,
    (target, options) => typed(behind(opener.openStream(target, options))),
  );
  return interceptedMethod(kind, { target, throws, mayBeNone: oneway === true }, (options) => {
    const all = merged(options);
    return intercepted.open(all, (error) => typed(refused(opener, target, all, error)));
  });
}

/** A stream that fails with `error` before it has begun. */
function refused(
  opener: StreamOpener,
  target: StreamTarget,
  options: CallOptions,
  error: unknown,
): CallStream {
  if (isRefusing(opener)) return opener[REFUSE](target, options, error);
  const caller = { serviceName: undefined, dialect: dialectOf(opener.protocol) };
  const side = new ClientSide(callInit(target, {}, caller));
  side.refuse(side.errorOf(error));
  return side;
}

/** What is behind the stream that an opener has returned. */
function behind(stream: ClientStream): CallStream {
  const own = typeof stream === "object" && stream !== null ? BidirectionalStream.behind(stream) : undefined;
  if (own !== undefined) return own;
  if (
    stream?.readable instanceof ReadableStream && stream.writable instanceof WritableStream &&
    typeof stream.cancel === "function"
  ) {
    return new ForeignStream(stream);
  }
  throw new TypeError(
    `openStream must return a ClientStream, got ${
      show(stream)
    }: { ...stream } has none of its properties, use wrapStream(stream, { … })`,
  );
}

/** Where the streams of a method's calls come from. */
interface StreamSource {
  open(options?: CallOptions): CallStream;
  /** A stream that fails with `error` before it has begun. */
  refuse(error: unknown, options?: CallOptions): CallStream;
}

function methodOf(
  described: Method<MethodKind, unknown, unknown>,
  target: StreamTarget,
  source: StreamSource,
): unknown {
  const { kind, request, response, throws, oneway } = described;
  switch (kind) {
    case "bidirectional":
      return (options?: CallOptions) => new BidirectionalStream(source.open(options), request, response);
    case "client":
      return (options?: CallOptions) => new ClientStreaming(source.open(options), request, response, target);
    case "server":
      return (message: unknown, options?: CallOptions) =>
        new ServerStreaming(openWith(message, request, source, options), response);
    case "unary": {
      const codec = answerCodec(described);
      const init = { target, throws, mayBeNone: oneway === true };
      return (message: unknown, options?: CallOptions) => {
        const stream = openWith(message, request, source, options);
        return new Unary(stream, receiveUnary(stream, codec, init));
      };
    }
    default:
      kind satisfies never;
  }
}

/** Sends the one request of a server streaming or unary call. It is encoded first: a bad one must not reach the wire. */
function openWith(
  message: unknown,
  codec: Codec<unknown>,
  source: StreamSource,
  options: CallOptions | undefined,
): CallStream {
  let payload: Uint8Array;
  try {
    payload = encode(codec, message);
  } catch (error) {
    return source.refuse(error, options);
  }
  const stream = source.open(options);
  stream.request(payload, codec, message);
  return stream;
}

function encode(codec: Codec<unknown>, message: unknown): Uint8Array {
  if (codec.encodeInto === undefined) return payloadOf(codec, message);
  const buffer = new ByteBuffer();
  codec.encodeInto(message, buffer);
  return buffer.bytes.subarray(0, buffer.length);
}

class ServerStreaming<Res> extends CallBase<CallStream> implements ServerStreamingCall<Res> {
  private readonly codec: Codec<Res>;
  private reader: TypedReader<Res> | undefined;

  constructor(stream: CallStream, response: Codec<Res>) {
    super(stream);
    this.codec = response;
  }

  get readable(): ReadableStream<Res> {
    return this.messages().readable;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res> {
    return this.messages().iterate();
  }

  private messages(): TypedReader<Res> {
    return this.reader ??= this.stream.reader(this.codec);
  }
}

class ClientStreaming<Req, Res> extends CallBase<CallStream> implements ClientStreamingCall<Req, Res> {
  private readonly request: Codec<Req>;
  private readonly codec: Codec<Res>;
  private writer: TypedWriter<Req> | undefined;
  private readonly where: Where;
  private outcome: LazyPromise<Res> | undefined;
  private answered = false;

  constructor(stream: CallStream, request: Codec<Req>, response: Codec<Res>, target: StreamTarget) {
    super(stream);
    this.request = request;
    this.codec = response;
    const { service, method } = target;
    this.where = { side: "client", service, method };
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
    return calledOn(this, "send").requests().sendFor(message);
  }

  sendAll(source: MessageSource<Req>): Promise<void> {
    return calledOn(this, "sendAll").requests().sendAll(source);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    // The Trailer may be on its way still: a Rst would cancel a call that has succeeded.
    if (this.answered) this.stream.closeSend();
    else await this.stream.dispose();
  }

  private requests(): TypedWriter<Req> {
    return this.writer ??= this.stream.writer(this.request);
  }

  private async receive(): Promise<Res> {
    const reader = this.stream.reader(this.codec);
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

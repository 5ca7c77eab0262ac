import { ByteBuffer } from "../buffer.ts";
import { Call } from "../stream/call.ts";
import {
  BidirectionalStream,
  type ClientStream,
  type ClientStreamingCall,
  type ServerStreamingCall,
} from "./client_stream.ts";
import type { CallOptions, StreamOpener } from "./client.ts";
import { type Codec, payloadOf } from "../codec.ts";
import { BizStatusError, ErrorCode, streamError, TTStreamError } from "../errors.ts";
import type { StreamLink } from "../stream/link.ts";
import type { Metadata } from "../metadata.ts";
import type { OpenedCall, Reading, Writing } from "./opened_call.ts";
import { Outcome } from "../outcome.ts";
import { errorFromReason } from "../reason.ts";
import { WrappedCall } from "./wrapped_call.ts";
import type { AnyMethods, Method, MethodKind, Service } from "../service.ts";

/** How a client calls one method. */
export type ClientMethod<T> = T extends Method<infer K, infer Req, infer Res>
  ? K extends "bidirectional" ? (options?: CallOptions) => ClientStream<Req, Res>
  : K extends "server" ? (request: Req, options?: CallOptions) => ServerStreamingCall<Res>
  : (options?: CallOptions) => ClientStreamingCall<Req, Res>
  : never;

/** The client of a service: a function for each method. */
export type Client<M extends AnyMethods> = { readonly [N in keyof M]: ClientMethod<M[N]> };

/**
 * Makes a client of a service: a function for each of its methods. A `Connection` opens the streams, or anything
 * else with `openStream` that opens them on one.
 *
 * Nothing is thrown for what happens on the wire: a stream that cannot be opened is errored from the start.
 *
 * @example
 * ```ts ignore
 * const chat = createClient(Chat, connection);
 * for await (const word of chat.ask("Why is the sky blue?")) console.log(word);
 * ```
 */
export function createClient<M extends AnyMethods>(service: Service<M>, opener: StreamOpener): Client<M>;
export function createClient(service: Service<AnyMethods>, opener: StreamOpener): Record<string, unknown> {
  const client: Record<string, unknown> = {};
  for (const [property, method] of Object.entries(service.methods)) {
    const target = { service: service.name, method: method.name ?? property };
    const open = (options?: CallOptions): OpenedCall => {
      const stream = opener.openStream(target, options);
      return BidirectionalStream.callOf(stream) ?? new WrappedCall(stream);
    };
    client[property] = methodOf(method, open);
  }
  return client;
}

function methodOf(
  { kind, request, response }: Method<MethodKind, unknown, unknown>,
  open: (options?: CallOptions) => OpenedCall,
): unknown {
  switch (kind) {
    case "bidirectional":
      return (options?: CallOptions) => new BidirectionalStream(open(options), request, response);
    case "client":
      return (options?: CallOptions) => new ClientStreaming(open(options), request, response);
    case "server":
      return (message: unknown, options?: CallOptions) =>
        new ServerStreaming(openWith(message, request, () => open(options)), response);
    default:
      kind satisfies never;
  }
}

/** Sends the one request of a server streaming call. It is encoded first: a bad one must not reach the wire. */
function openWith(message: unknown, codec: Codec<unknown>, open: () => OpenedCall): OpenedCall {
  let payload: Uint8Array;
  try {
    payload = encode(codec, message);
  } catch (error) {
    const call = new Call({ ...UNOPENED, link: NO_LINK });
    call.refuse(errorFromReason(error, "client"));
    return call;
  }
  const call = open();
  call.request(payload);
  return call;
}

function encode(codec: Codec<unknown>, message: unknown): Uint8Array {
  if (codec.encodeInto === undefined) return payloadOf(codec, message);
  const buffer = new ByteBuffer();
  codec.encodeInto(message, buffer);
  return buffer.bytes.subarray(0, buffer.length);
}

/** The link of a call that never got to a connection. */
const NO_LINK: StreamLink = {
  congested: false,
  sendMessage() {},
  sendFrame() {},
  wait() {},
  unwait() {},
  release() {},
  linger() {},
  unlinger() {},
  charge() {},
  defer: (task) => task(),
};

const UNOPENED = {
  streamId: 0,
  method: "",
  serviceName: undefined,
  signals: [],
  timeoutMs: 0,
  recvTimeoutMs: 0,
  cancelRemoteOnRecvTimeout: true,
  cancelFrame: "rst",
} as const;

class ServerStreaming<Res> implements ServerStreamingCall<Res> {
  readonly #call: OpenedCall;
  readonly #response: Codec<Res>;
  #reader: Reading<Res> | undefined;

  constructor(call: OpenedCall, response: Codec<Res>) {
    this.#call = call;
    this.#response = response;
  }

  get #messages(): Reading<Res> {
    return this.#reader ??= this.#call.reader(this.#response);
  }

  get readable(): ReadableStream<Res> {
    return this.#messages.readable;
  }

  get header(): Promise<Metadata> {
    return this.#call.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#call.trailer;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Res> {
    return this.#messages.iterate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#call.dispose();
    return Promise.resolve();
  }
}

class ClientStreaming<Req, Res> implements ClientStreamingCall<Req, Res> {
  readonly #call: OpenedCall;
  readonly #request: Codec<Req>;
  readonly #response: Codec<Res>;
  #writer: Writing<Req> | undefined;
  #outcome: Outcome<Res> | undefined;
  #answered = false;

  constructor(call: OpenedCall, request: Codec<Req>, response: Codec<Res>) {
    this.#call = call;
    this.#request = request;
    this.#response = response;
  }

  get writable(): WritableStream<Req> {
    return (this.#writer ??= this.#call.writer(this.#request)).writable;
  }

  get header(): Promise<Metadata> {
    return this.#call.header;
  }

  get trailer(): Promise<Metadata> {
    return this.#call.trailer;
  }

  get response(): Promise<Res> {
    if (this.#outcome === undefined) {
      const outcome = new Outcome<Res>();
      this.#outcome = outcome;
      this.#receive().then((response) => outcome.resolve(response), (error) => outcome.reject(error));
    }
    return this.#outcome.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    // The Trailer may be on its way still: a Rst would cancel a call that has succeeded.
    if (this.#answered) this.#call.closeSend();
    else this.#call.dispose();
    return Promise.resolve();
  }

  async #receive(): Promise<Res> {
    const reader = this.#call.reader(this.#response);
    const { done, value } = await reader.next().catch((error) => {
      // The read that the codec failed is ours, not the user's: they get what the rest of the call rejects with.
      if (error instanceof TTStreamError || error instanceof BizStatusError) throw error;
      throw errorFromReason(error, "client");
    });
    if (done) {
      const description = "stream ended without a response";
      throw streamError({ code: ErrorCode.ApplicationException, description, side: "client" });
    }
    // A second response is none of the protocol's: what still comes is dropped.
    reader.discard();
    this.#answered = true;
    return value;
  }
}

import { calledOn } from "../../base/called_on.ts";
import { handled } from "../../base/handled.ts";
import { LazyPromise } from "../../base/lazy_promise.ts";
import { readNext } from "../../core/codec_streams.ts";
import { dialectOf } from "../../core/dialect.ts";
import type { MessageSource } from "../../core/send_all.ts";
import type { MethodKind } from "../../core/service.ts";
import type { CallOptions, StreamTarget } from "./call_options.ts";
import type { CallEnds } from "./call_stream.ts";
import {
  CallBase,
  type ClientStream,
  type ClientStreamingCall,
  type ServerStreamingCall,
} from "./client_stream.ts";
import { dropRest } from "./foreign_stream.ts";
import { responseError } from "./one_response.ts";
import { type ResponseInit, responseOf, Unary } from "./unary.ts";
import { ReplacedEnds } from "./wrap_call.ts";

type Messages = ClientStream<unknown, unknown>;

/** What a client has for a method whose streams interceptors have been at: whatever its kind, `open` gives messages in both directions. */
export function interceptedMethod(
  kind: MethodKind,
  init: ResponseInit,
  open: (options: CallOptions | undefined) => Messages,
): unknown {
  const { target } = init;
  switch (kind) {
    case "bidirectional":
      return open;
    case "client":
      return (options?: CallOptions) => new InterceptedClientStreaming(open(options), target);
    case "server":
      return (request: unknown, options?: CallOptions) =>
        new InterceptedServerStreaming(withRequest(open(options), request));
    case "unary":
      return (request: unknown, options?: CallOptions) => {
        const stream = withRequest(open(options), request);
        return new Unary(new ReplacedEnds(stream, {}), unaryResponse(stream, init));
      };
    default:
      kind satisfies never;
  }
}

/** Sends the one request. That it could not be sent the stream says to whoever reads. */
function withRequest(stream: Messages, request: unknown): Messages {
  handled(stream.sendAll([request]));
  return stream;
}

/**
 * The one response. Reads to the end: only that tells whether the response counts. A declared exception comes as a
 * message.
 */
async function unaryResponse(stream: Messages, init: ResponseInit): Promise<unknown> {
  const { service, method } = init.target;
  const responses: unknown[] = [];
  try {
    for await (const message of stream) {
      // A second response is none of the protocol's.
      if (responses.length === 0) responses.push(message);
    }
  } catch (error) {
    throw responseError(error, stream.protocol, { side: "client", service, method });
  }
  return responseOf(responses, init, stream.protocol);
}

class InterceptedServerStreaming extends CallBase<CallEnds> implements ServerStreamingCall<unknown> {
  private readonly messages: Messages;

  constructor(messages: Messages) {
    super(new ReplacedEnds(messages, {}));
    this.messages = messages;
  }

  get readable(): ReadableStream<unknown> {
    return this.messages.readable;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.messages[Symbol.asyncIterator]();
  }
}

class InterceptedClientStreaming extends CallBase<CallEnds> implements ClientStreamingCall<unknown, unknown> {
  private readonly messages: Messages;
  private readonly target: StreamTarget;
  private outcome: LazyPromise<unknown> | undefined;
  private answered = false;

  constructor(messages: Messages, target: StreamTarget) {
    super(new ReplacedEnds(messages, {}));
    this.messages = messages;
    this.target = target;
  }

  get writable(): WritableStream<unknown> {
    return this.messages.writable;
  }

  get response(): Promise<unknown> {
    if (this.outcome === undefined) {
      const outcome = new LazyPromise<unknown>();
      this.outcome = outcome;
      this.receive().then((response) => outcome.resolve(response), (error) => outcome.reject(error));
    }
    return this.outcome.promise;
  }

  send(message: unknown): Promise<void> {
    return calledOn(this, "send").messages.send(message);
  }

  sendAll(source: MessageSource<unknown>): Promise<void> {
    return calledOn(this, "sendAll").messages.sendAll(source);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    // The end may be on its way still: a cancel would take back a call that has succeeded.
    if (this.answered) handled(this.messages.sendAll([]));
    else await this.messages[Symbol.asyncDispose]();
  }

  private async receive(): Promise<unknown> {
    const where = { side: "client", ...this.target } as const;
    const { readable } = this.messages;
    const { done, value } = await readNext(readable).catch((error) => {
      throw responseError(error, this.protocol, where);
    });
    if (done) throw dialectOf(this.protocol).noResponse(where);
    dropRest(readable);
    this.answered = true;
    return value;
  }
}

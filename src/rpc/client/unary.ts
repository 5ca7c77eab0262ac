import { CallBase, type UnaryCall } from "./client_stream.ts";
import { handled } from "../../base/handled.ts";
import { type Codec, payloadOf } from "../../core/codec.ts";
import { type DeclaredException, isDeclared, type Method, type MethodKind } from "../../core/service.ts";
import { dialectOf, type ProtocolName } from "../../core/dialect.ts";
import { responseError } from "./one_response.ts";
import type { CallEnds, CallStream } from "./call_stream.ts";
import type { StreamTarget } from "./call_options.ts";

/**
 * The {@linkcode UnaryCall} over a call whose request has been sent. No subclass of Promise: its methods would refuse a
 * Proxy around it.
 */
export class Unary<Res> extends CallBase<CallEnds> implements UnaryCall<Res> {
  private readonly response: Promise<Res>;
  private end: Promise<void> | undefined;

  constructor(stream: CallEnds, response: Promise<Res>) {
    super(stream);
    this.response = handled(response);
  }

  /** A declared exception is the call's end, though its stream ends well. */
  override get closed(): Promise<void> {
    return this.end ??= handled(this.stream.closed.then(() => this.response).then(() => {}));
  }

  get [Symbol.toStringTag](): string {
    return "UnaryCall";
  }

  then<A = Res, B = never>(
    onfulfilled?: ((response: Res) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.response.then(onfulfilled, onrejected);
  }

  catch<B = never>(onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Res | B> {
    return this.response.catch(onrejected);
  }

  finally(onfinally?: (() => void) | null): Promise<Res> {
    return this.response.finally(onfinally);
  }
}

/** What is known of a unary call's response. */
export interface ResponseInit {
  readonly target: StreamTarget;
  /** The classes of which `decode` throws an instance where that is what the server has answered. */
  readonly throws: readonly DeclaredException[] | undefined;
  /** Whether the call may end without a response. */
  readonly mayBeNone: boolean;
}

/** What a oneway call reads: an empty answer, where its protocol cannot do without one. */
const NO_RESPONSE: Codec<unknown> = { encode: () => new Uint8Array(), decode: () => undefined };

/** Reads what a method answers. A declared exception comes as a message: it is an answer, and no fault of the payload's. */
export function answerCodec(
  { response, throws = [], oneway }: Method<MethodKind, unknown, unknown>,
): Codec<unknown> {
  if (oneway === true) return NO_RESPONSE;
  if (throws.length === 0) return response;
  return {
    encode: (message) => payloadOf(response, message),
    decode(payload) {
      try {
        return response.decode(payload);
      } catch (error) {
        if (isDeclared(error, throws)) return error;
        throw error;
      }
    },
  };
}

/**
 * The response among the answers, of which the first counts.
 *
 * @throws The declared exception that came instead; the protocol's error where nothing came.
 */
export function responseOf(
  answers: readonly unknown[],
  { target: { service, method }, throws, mayBeNone }: ResponseInit,
  protocol: ProtocolName,
): unknown {
  if (answers.length === 0 && !mayBeNone) {
    throw dialectOf(protocol).noResponse({ side: "client", service, method });
  }
  const [response] = answers;
  if (isDeclared(response, throws)) throw response;
  return response;
}

/** The one response. Reads to the end: only that tells whether the response counts. @param codec See {@linkcode answerCodec}. */
export async function receiveUnary(
  stream: CallStream,
  codec: Codec<unknown>,
  init: ResponseInit,
): Promise<unknown> {
  const { service, method } = init.target;
  const answers: unknown[] = [];
  const reader = stream.reader<void>({
    encode: () => new Uint8Array(),
    decode(payload) {
      // A second response is none of the protocol's: it is dropped unseen.
      if (answers.length === 0) answers.push(codec.decode(payload));
    },
  });
  try {
    while (!(await reader.next()).done);
  } catch (error) {
    throw responseError(error, stream.protocol, { side: "client", service, method });
  }
  return responseOf(answers, init, stream.protocol);
}

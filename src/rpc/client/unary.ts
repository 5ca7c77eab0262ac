import { CallBase, type UnaryCall } from "./client_stream.ts";
import { handled } from "../../base/handled.ts";
import type { Bytes } from "../../base/buffer.ts";
import type { Codec } from "../../core/codec.ts";
import { type DeclaredException, isDeclared } from "../../core/service.ts";
import { dialectOf } from "../../core/dialect.ts";
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

/** The one response. Reads to the end: only that tells whether the response counts. */
export async function receiveUnary<Res>(
  stream: CallStream,
  codec: Codec<Res>,
  { target: { service, method }, throws = [], mayBeNone }: ResponseInit,
): Promise<Res> {
  let response: (() => Res) | undefined;
  const reader = stream.reader<void>({
    encode: () => new Uint8Array(),
    decode(payload) {
      // A second response is none of the protocol's: it is dropped unseen.
      response ??= decoded(codec, payload, throws);
    },
  });
  const where = { side: "client", service, method } as const;
  try {
    while (!(await reader.next()).done);
  } catch (error) {
    throw responseError(error, stream.protocol, where);
  }
  if (response === undefined && mayBeNone) response = () => codec.decode(new Uint8Array());
  if (response === undefined) throw dialectOf(stream.protocol).noResponse(where);
  return response();
}

/** What the payload says: a response, or a declared exception, which is no fault of the payload's. */
function decoded<Res>(codec: Codec<Res>, payload: Bytes, throws: readonly DeclaredException[]): () => Res {
  try {
    const message = codec.decode(payload);
    return () => message;
  } catch (error) {
    if (!isDeclared(error, throws)) throw error;
    return () => {
      throw error;
    };
  }
}

import { CallBase, type UnaryCall } from "./client_stream.ts";
import { handled } from "../../base/handled.ts";
import type { Codec } from "../../core/codec.ts";
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

  constructor(stream: CallEnds, response: Promise<Res>) {
    super(stream);
    this.response = handled(response);
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

/** The one response. Reads to the end: only that tells whether the response counts. */
export async function receiveUnary<Res>(
  stream: CallStream,
  codec: Codec<Res>,
  target: StreamTarget,
): Promise<Res> {
  let response: { readonly message: Res } | undefined;
  const reader = stream.reader<void>({
    encode: () => new Uint8Array(),
    decode(payload) {
      // A second response is none of the protocol's: it is dropped unseen.
      response ??= { message: codec.decode(payload) };
    },
  });
  const where = { side: "client", ...target } as const;
  try {
    while (!(await reader.next()).done);
  } catch (error) {
    throw responseError(error, stream.protocol, where);
  }
  if (response === undefined) throw dialectOf(stream.protocol).noResponse(where);
  return response.message;
}

import { CallBase, type UnaryCall } from "./client_stream.ts";
import { handled } from "../../base/handled.ts";
import type { Codec } from "../../core/codec.ts";
import { dialectOf } from "../../core/dialect.ts";
import { responseError } from "./one_response.ts";
import type { OpenedCall } from "./opened_call.ts";
import type { StreamTarget } from "./call_options.ts";

/**
 * The {@linkcode UnaryCall} over a call whose request has been sent. No subclass of Promise: its methods would refuse a
 * Proxy around it.
 */
export class Unary<Res> extends CallBase implements UnaryCall<Res> {
  private readonly response: Promise<Res>;

  constructor(call: OpenedCall, response: Codec<Res>, target: StreamTarget) {
    super(call);
    this.response = handled(receive(call, response, target));
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

/** Reads to the end: only that tells whether the response counts. */
async function receive<Res>(call: OpenedCall, codec: Codec<Res>, target: StreamTarget): Promise<Res> {
  let response: { readonly message: Res } | undefined;
  const reader = call.reader<void>({
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
    throw responseError(error, call.protocol, where);
  }
  if (response === undefined) throw dialectOf(call.protocol).noResponse(where);
  return response.message;
}

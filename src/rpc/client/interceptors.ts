import { show } from "../../base/format.ts";
import { handled } from "../../base/handled.ts";
import { type Metadata, type Metainfo, readMetadata } from "../../core/metadata.ts";
import type { MethodKind } from "../../core/service.ts";
import type { CallOptions, StreamTarget } from "./call_options.ts";
import { BidirectionalStream, type ClientStream } from "./client_stream.ts";

/** A call of a client's, as its interceptors see it before its stream is opened. */
export interface ClientCall {
  /** Who streams. Whatever the kind, the stream is one of messages in both directions. */
  readonly kind: MethodKind;
  /** Which method is called. What is left out of another one is as it was. */
  readonly target: StreamTarget;
  /** What goes out with the header, metainfo apart. */
  readonly metadata: Metadata;
  /** The metainfo that goes out with the header, over that of the call's `parent`. */
  readonly metainfo: Metainfo;
  /** The call's other options: its signal, its time-outs, … */
  readonly options: Omit<CallOptions, "metadata" | "metainfo">;
}

/**
 * Stands around the calls of a client: changes what a call is opened with, replaces a side of its stream
 * (`wrapStream`), refuses it by a throw, or opens it elsewhere. The first of several is the outermost.
 *
 * `next` opens the stream; it may be called with another call, more than once, or not at all. A stream that is not handed
 * on is the interceptor's to cancel. What is returned is what the caller gets: the stream itself of a bidirectional method, and of the other kinds what is made of it. There the
 * one request is written to the stream and the half close follows, and the one response is read from it. Messages are
 * the method's own values, not bytes. One that cannot be encoded cancels the stream, which is open by then.
 *
 * A call ends with what an interceptor throws, as if it had been cancelled for that reason; what `next` has opened by then
 * is cancelled for it, and where it has opened nothing, nothing has been sent.
 *
 * @example Sends a token, and counts what comes
 * ```ts
 * import { type ClientInterceptor, wrapStream } from "@ttstream/ttstream";
 *
 * const withToken: ClientInterceptor = (call, next) =>
 *   next({ ...call, metadata: new Map([...call.metadata, ["authorization", "Bearer 1234"]]) });
 *
 * const counted: ClientInterceptor = (call, next) => {
 *   const stream = next(call);
 *   let messages = 0;
 *   const readable = stream.readable.pipeThrough(
 *     new TransformStream({
 *       transform(message, controller) {
 *         messages++;
 *         controller.enqueue(message);
 *       },
 *       flush: () => console.log(call.target.method, messages),
 *     }),
 *   );
 *   return wrapStream(stream, { readable });
 * };
 * // createClient(Chat, connection, { interceptors: [withToken, counted] })
 * ```
 */
export type ClientInterceptor = (
  call: ClientCall,
  next: (call: ClientCall) => ClientStream<unknown, unknown>,
) => ClientStream<unknown, unknown>;

type OpenCall = (call: ClientCall) => ClientStream<unknown, unknown>;

/** Opens a stream for a method; its messages are the method's. */
export type OpenTyped = (target: StreamTarget, options: CallOptions) => ClientStream<unknown, unknown>;

/** Opens the streams of one method through interceptors. */
export class InterceptedMethod {
  readonly #kind: MethodKind;
  readonly #target: StreamTarget;
  readonly #interceptors: readonly ClientInterceptor[];
  readonly #open: OpenTyped;
  /** What the opener itself has thrown: an option of the caller's is wrong, and they are told as without interceptors. */
  readonly #misuse: WeakSet<object> = new WeakSet();

  constructor(
    kind: MethodKind,
    target: StreamTarget,
    interceptors: readonly ClientInterceptor[],
    open: OpenTyped,
  ) {
    this.#kind = kind;
    this.#target = target;
    this.#interceptors = interceptors;
    this.#open = open;
  }

  /**
   * Opens a stream.
   *
   * @param refuse Makes the stream of a call that an interceptor has refused.
   * @throws What the opener throws: TypeError or RangeError where an option is wrong.
   */
  open(
    options: CallOptions,
    refuse: (error: unknown) => ClientStream<unknown, unknown>,
  ): ClientStream<unknown, unknown> {
    const { metadata, metainfo, ...others } = options;
    const call: ClientCall = {
      kind: this.#kind,
      target: this.#target,
      metadata: readMetadata(metadata, "metadata"),
      metainfo: {
        persistent: readMetadata(metainfo?.persistent, "metainfo.persistent"),
        transient: readMetadata(metainfo?.transient, "metainfo.transient"),
      },
      options: others,
    };
    const opened: ClientStream<unknown, unknown>[] = [];
    const chain = this.#interceptors.reduceRight<OpenCall>(
      (next, interceptor) => (call) => checked(interceptor(call, next)),
      (call) => {
        const stream = this.#openNow(call);
        opened.push(stream);
        return stream;
      },
    );
    try {
      return chain(call);
    } catch (error) {
      // Nobody else has them, and at their server a handler would wait for ever.
      for (const stream of opened) handled(stream.cancel(error));
      if (typeof error === "object" && error !== null && this.#misuse.has(error)) throw error;
      return refuse(error);
    }
  }

  #openNow(call: ClientCall): ClientStream<unknown, unknown> {
    if (typeof call !== "object" || call === null) {
      throw new TypeError(`next needs a ClientCall, got ${show(call)}`);
    }
    const { target, metadata, metainfo, options } = call;
    try {
      return this.#open({ ...this.#target, ...target }, { ...options, metadata, metainfo });
    } catch (error) {
      if (error instanceof Error) this.#misuse.add(error);
      throw error;
    }
  }
}

/** @throws {TypeError} If an interceptor has returned something else than a stream. */
function checked(stream: ClientStream<unknown, unknown>): ClientStream<unknown, unknown> {
  if (typeof stream === "object" && stream !== null) {
    // Whoever looked at a side of the library's own would make it.
    if (BidirectionalStream.behind(stream) !== undefined) return stream;
    const { readable, cancel, sendAll } = stream;
    if (readable instanceof ReadableStream && [cancel, sendAll].every(isFunction)) return stream;
  }
  throw new TypeError(
    `an interceptor must return a ClientStream, got ${
      show(stream)
    }: { ...stream } has none of its properties, use wrapStream(stream, { … })`,
  );
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

import { handled } from "../../base/handled.ts";
import type { ServerStream } from "./server_stream.ts";

/**
 * Stands around the methods of a service's implementation: replaces a side of the stream (`wrapStream`), refuses it by a
 * throw before the method runs, or answers itself. The first of several is the outermost.
 *
 * `next` runs the method; call it once, or not at all, and return what it returns or a promise that waits for it.
 * Messages are the method's own values, not bytes; whatever the method's kind, the stream is one of messages in both
 * directions. The one request is read from `readable`, the one response written to `writable`. A stream whose method
 * is unknown has been answered before.
 *
 * @example Refuses whoever has no token
 * ```ts
 * import { BizStatusError, type ServerInterceptor } from "@ttstream/ttstream";
 *
 * const authenticated: ServerInterceptor = (stream, next) => {
 *   if (stream.metadata.get("authorization") === "Bearer 1234") return next(stream);
 *   throw new BizStatusError(401, "who are you?");
 * };
 * // implement(Chat, { … }, { interceptors: [authenticated] })
 * ```
 */
export type ServerInterceptor = (
  stream: ServerStream<unknown, unknown>,
  next: (stream: ServerStream<unknown, unknown>) => Promise<void>,
) => Promise<void>;

type Run = (stream: ServerStream<unknown, unknown>) => Promise<void>;

/**
 * Runs a method within interceptors.
 *
 * @param run Runs the method on what the innermost has handed on.
 * @throws (rejects) What an interceptor or the method throws; TypeError where an interceptor has called `next` a second
 * time, or has not waited for it.
 */
export function runWithin(
  interceptors: readonly ServerInterceptor[],
  stream: ServerStream<unknown, unknown>,
  run: Run,
): Promise<void> {
  return interceptors.reduceRight<Run>(
    (next, interceptor) => (stream) => around(interceptor, stream, next),
    run,
  )(
    stream,
  );
}

async function around(
  interceptor: ServerInterceptor,
  stream: ServerStream<unknown, unknown>,
  next: Run,
): Promise<void> {
  const calls = new Calls(next);
  await interceptor(stream, calls.next);
  // Who has ended the stream need not wait for those who hear of it.
  if (!calls.running || stream.signal.aborted) return;
  throw new TypeError(
    `an interceptor of ${stream.service}/${stream.method} has returned before the method: ` +
      "return what `next(stream)` returns",
  );
}

/** The calls of one interceptor's `next`. */
class Calls {
  readonly #next: Run;
  #state: "none" | "runs" | "has returned" = "none";

  constructor(next: Run) {
    this.#next = next;
  }

  get running(): boolean {
    return this.#state === "runs";
  }

  readonly next: Run = (stream) => handled(this.#call(stream));

  async #call(stream: ServerStream<unknown, unknown>): Promise<void> {
    if (this.#state !== "none") throw new TypeError("an interceptor has called next a second time");
    this.#state = "runs";
    try {
      await this.#next(stream);
    } finally {
      this.#state = "has returned";
    }
  }
}

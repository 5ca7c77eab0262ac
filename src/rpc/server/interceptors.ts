import { attempt } from "../../base/inline.ts";
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

/**
 * Runs a method within interceptors.
 *
 * @param run Runs the method on what the innermost has handed on.
 * @throws (rejects) What an interceptor or the method throws; TypeError where an interceptor has not waited for it.
 */
export async function runWithin(
  interceptors: readonly ServerInterceptor[],
  stream: ServerStream<unknown, unknown>,
  run: (stream: ServerStream<unknown, unknown>) => Promise<void>,
): Promise<void> {
  const { service, method } = stream;
  let state: "not called" | "runs" | "has returned" = "not called";
  const runOnce = (handedOn: ServerStream<unknown, unknown>): Promise<void> => {
    if (state !== "not called") {
      throw new TypeError(`an interceptor of ${service}/${method} has called next a second time`);
    }
    state = "runs";
    return handled(run(handedOn).finally(() => state = "has returned"));
  };
  const chain = interceptors.reduceRight<(stream: ServerStream<unknown, unknown>) => Promise<void>>(
    (next, interceptor) => (stream) => handled(attempt(() => interceptor(stream, next))),
    (stream) => attempt(() => runOnce(stream)),
  );
  await chain(stream);
  if (isRunning(state) && !stream.signal.aborted) {
    throw new TypeError(
      `an interceptor of ${service}/${method} has returned before the method: return what \`next(stream)\` returns`,
    );
  }
}

/** The state is set in the method's own time, which TypeScript does not see. */
function isRunning(state: string): boolean {
  return state === "runs";
}

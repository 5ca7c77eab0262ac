import type { ServerStream } from "./server_stream.ts";

/**
 * What a server does with a stream. It has answered when its promise has settled; middleware is a plain
 * `(next: Handler) => Handler`, or, where a forgotten `return` is to be an error of its types, a {@linkcode Middleware}.
 */
export interface Handler {
  (stream: ServerStream): void | Promise<void>;
  /** The services it answers; without it, every one. `route` picks by it, so middleware around one handler copies it. */
  readonly services?: readonly string[] | undefined;
  /** The methods it answers: `route` picks by it where a unary call names no service, as Framed and Buffered ones do not. */
  readonly methods?: readonly string[] | undefined;
}

/** The handler of a service, or of several: what `implement` and `route` make. */
export interface ServiceHandler extends Handler {
  (stream: ServerStream): Promise<void>;
}

/**
 * Puts something around a handler. It must return what `next(stream)` returns, or a promise that waits for it: a stream
 * is answered when its handler has returned.
 *
 * @example
 * ```ts
 * import type { Middleware } from "@ttstream/ttstream";
 *
 * const timed: Middleware = (next) => async (stream) => {
 *   const began = performance.now();
 *   try {
 *     await next(stream);
 *   } finally {
 *     console.log(stream.service, stream.method, performance.now() - began);
 *   }
 * };
 * ```
 */
export type Middleware = (
  next: (stream: ServerStream) => Promise<void>,
) => (stream: ServerStream) => Promise<void>;

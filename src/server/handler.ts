import type { ServerStream } from "./server_stream.ts";

/**
 * What a server does with a stream. It has answered when its promise has settled; middleware is a plain
 * `(next: Handler) => Handler`.
 */
export interface Handler {
  (stream: ServerStream): void | Promise<void>;
  /** The services it answers; without it, every one. `route` picks by it, so middleware around one handler copies it. */
  readonly services?: readonly string[] | undefined;
}

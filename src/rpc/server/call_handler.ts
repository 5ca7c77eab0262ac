import { attempt } from "../../base/inline.ts";
import type { Handler } from "./handler.ts";
import type { ServerStream } from "./server_stream.ts";
import { show } from "../../base/format.ts";

/**
 * Calls a handler.
 *
 * @throws (rejects) What it throws; TypeError where it returns something else than a promise or nothing: the generator
 * that it is, say, of which nothing would run.
 */
export function callHandler(handler: Handler, stream: ServerStream): Promise<void> {
  return attempt(() => {
    const returned: unknown = handler(stream);
    if (returned === undefined || isPromise(returned)) return returned;
    const { service, method } = stream;
    throw new TypeError(
      `the handler of ${service}/${method} must return a promise or nothing, got ${show(returned)}`,
    );
  });
}

function isPromise(value: unknown): value is PromiseLike<void> {
  return typeof value === "object" && value !== null && "then" in value;
}

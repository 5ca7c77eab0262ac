/**
 * A rate limit by caller: each has so many calls a minute. Who has used them up is refused before any method runs.
 *
 *     deno run -N examples/observe/rate_limit.ts
 */
import {
  BizStatusError,
  connect,
  createClient,
  implement,
  serve,
  type ServerInterceptor,
} from "@ttstream/ttstream";
import { Chat } from "../gen/chat.ts";

/** A bucket for each caller, which fills by itself: after a burst of `perMinute` calls, one every so often. */
function rateLimit(perMinute: number): ServerInterceptor {
  const buckets = new Map<string, { left: number; at: number }>();
  return (stream, next) => {
    const now = performance.now();
    for (const [name, { left, at }] of buckets) {
      const filled = left + (now - at) / 60_000 * perMinute;
      // One that is full is as good as none: callers that are gone must not stay for ever.
      if (filled < perMinute) buckets.set(name, { left: filled, at: now });
      else buckets.delete(name);
    }
    const caller = stream.metainfo.persistent.get("TENANT") ?? "anonymous";
    const { left } = buckets.get(caller) ?? { left: perMinute };
    if (left < 1) {
      const seconds = Math.ceil((1 - left) * 60 / perMinute);
      throw new BizStatusError(429, `${caller} has had ${perMinute} calls`, { again: `in ${seconds} s` });
    }
    buckets.set(caller, { left: left - 1, at: now });
    return next(stream);
  };
}

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Chat, {
    async *ask({ message }) {
      yield { word: message };
    },
  }, { interceptors: [rateLimit(2)] }),
);

await using connection = await connect({ ...server.addr, serviceName: "ServiceA" });
const chat = createClient(Chat, connection);
for (const tenant of ["blue", "blue", "blue", "green"]) {
  const metainfo = { persistent: { TENANT: tenant } };
  try {
    for await (const { word } of chat.ask({ message: "why?" }, { metainfo })) {
      console.log(`${tenant}: ${word}`);
    }
  } catch (error) {
    if (!(error instanceof BizStatusError)) throw error;
    console.log(`${tenant}: ${error.statusCode} ${error.statusMessage}, again ${error.extra?.again}`);
  }
}

/**
 * An access log: a line of JSON for every stream of a server, however it ended, those that were refused among them.
 *
 *     deno run -N examples/observe/access_log.ts
 */
import {
  BizStatusError,
  connect,
  createClient,
  implement,
  type Observer,
  serve,
  type StreamEnd,
  StreamError,
} from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";
import { Chat, Library } from "../gen/chat.ts";

const accessLog: Observer = {
  opened: ({ service, method, metainfo, startedAt }) => ({
    ended({ error, durationMs, sentMessages }) {
      const line = {
        time: new Date(startedAt).toISOString(),
        call: `${service}/${method}`,
        user: metainfo.persistent.get("USER"),
        ms: Math.round(durationMs),
        messages: sentMessages,
        ...outcomeOf(error),
      };
      console.log(JSON.stringify(line));
    },
  }),
};

/** A business error is an answer; a cancel is nobody's fault. */
function outcomeOf(error: StreamEnd["error"]): Record<string, unknown> {
  if (error instanceof BizStatusError) return { outcome: "business error", code: error.statusCode };
  if (!(error instanceof StreamError)) return { outcome: error === undefined ? "ok" : error.name };
  return { outcome: error.kind, code: error.code, by: error.cancelPath.join(" -> ") || undefined };
}

await using server = serve(
  { port: 0, hostname: "127.0.0.1", observers: [accessLog] },
  implement(Chat, {
    async *ask({ message }, { signal }) {
      if (message === "") throw new BizStatusError(400, "no question");
      yield { word: "blue" };
      if (message === "why?") await setTimeout(60_000, undefined, { signal });
    },
  }),
);

await using connection = await connect({ ...server.addr, serviceName: "ServiceA" });
const chat = createClient(Chat, connection, { metainfo: { persistent: { USER: "ann" } } });

await Array.fromAsync(chat.ask({ message: "what?" }));
await chat.ask({ message: "" }).closed.catch(() => {});
for await (const _ of chat.ask({ message: "why?" })) break;
await createClient(Library, connection).read({ title: "Rivers" }).closed.catch(() => {});

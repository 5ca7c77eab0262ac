/**
 * Usage: what each user has had, messages and tokens, also of streams that were cancelled halfway.
 *
 *     deno run -N examples/observe/usage.ts
 */
import {
  connect,
  createClient,
  implement,
  serve,
  type ServerInterceptor,
  wrapStream,
} from "@ttstream/ttstream";
import { once } from "node:events";
import { Chat } from "../gen/chat.ts";

/** A bill for each user; a stream is on it however it ends. */
const bills = new Map<string, { messages: number; tokens: number }>();

/** Interceptors stand around any method, so that they know no message's type. */
function tokensOf(message: unknown): number {
  const counts = typeof message === "object" && message !== null && "word" in message;
  return counts ? String(message.word).split(" ").length : 0;
}

const metered: ServerInterceptor = (stream, next) => {
  const user = stream.metainfo.persistent.get("USER") ?? "nobody";
  const bill = bills.get(user) ?? { messages: 0, tokens: 0 };
  bills.set(user, bill);
  const counting = new WritableStream<unknown>({
    async write(message) {
      await stream.send(message);
      bill.messages++;
      bill.tokens += tokensOf(message);
    },
  });
  return next(wrapStream(stream, { writable: counting })).finally(() => {
    const how = stream.signal.aborted ? `cancelled by ${stream.signal.reason.cancelPath}` : "complete";
    console.log(`${user}: ${how}, so far ${bill.messages} messages, ${bill.tokens} tokens`);
  });
};

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Chat, {
    async *ask({ message }, { signal }) {
      yield { word: "the sky" };
      yield { word: "is blue" };
      if (message === "why?") await once(signal, "abort");
    },
  }, { interceptors: [metered] }),
);

await using connection = await connect({ ...server.addr, serviceName: "ServiceA" });
const chat = createClient(Chat, connection);
const as = (user: string) => ({ metainfo: { persistent: { USER: user } } });
await Array.fromAsync(chat.ask({ message: "what?" }, as("ann")));
for await (const { word } of chat.ask({ message: "why?" }, as("ann"))) if (word === "is blue") break;
await Array.fromAsync(chat.ask({ message: "what?" }, as("bob")));

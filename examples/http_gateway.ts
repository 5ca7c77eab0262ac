/**
 * An HTTP gateway: `Deno.serve` in front, a stream behind. A user who closes the browser cancels the stream.
 *
 *     deno run -N --unstable-no-legacy-abort examples/http_gateway.ts
 *
 * Without the flag Deno 2 aborts `request.signal` after complete answers, too: harmless here, but it warns of it.
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";
import { Chat, type ChatResponse } from "./gen/chat.ts";

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Chat, {
    async *ask({ message: words }, { signal }) {
      try {
        for (let number = 1; number <= Number(words); number++) {
          yield { word: `word ${number} ` };
          await setTimeout(10, undefined, { signal });
        }
      } finally {
        if (signal.aborted) console.log(`chat: ${signal.reason.message}`);
      }
    },
  }),
);
await using connection = await connect({ ...server.addr, serviceName: "Gateway" });
const chat = createClient(Chat, connection);

await using http = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
  const message = new URL(request.url).searchParams.get("words") ?? "1";
  // `signal` says that the user left; without it, the body's cancel would be the reason that travels.
  const answer = chat.ask({ message }, { signal: request.signal });
  const words = new TransformStream<ChatResponse, string>({
    transform: ({ word }, controller) => controller.enqueue(word),
  });
  // No `await using answer`: it would end with this function, and the answer streams on after it.
  return new Response(answer.readable.pipeThrough(words).pipeThrough(new TextEncoderStream()));
});

const url = `http://127.0.0.1:${http.addr.port}/?words=`;
console.log(`first user: ${await (await fetch(`${url}3`)).text()}`);

const { body } = await fetch(`${url}1000000`);
for await (const _chunk of body ?? []) {
  console.log("second user: that will do");
  break; // hangs up
}

/**
 * An HTTP gateway: `Deno.serve` in front, a stream behind. A user who closes the browser cancels the stream.
 *
 *     deno run -N --unstable-no-legacy-abort examples/http_gateway.ts
 *
 * Without the flag Deno 2 aborts `request.signal` after complete answers, too: harmless here, but it warns of it.
 */
import { type Codec, connect, createClient, defineService, implement, serve } from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";

const text: Codec<string> = {
  encode: (message) => new TextEncoder().encode(message),
  decode: (payload) => new TextDecoder().decode(payload),
};
const Chat = defineService("ChatService", {
  ask: { kind: "server", name: "Ask", request: text, response: text },
});

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Chat, {
    async *ask(words, { signal }) {
      try {
        for (let word = 1; word <= Number(words); word++) {
          yield `word ${word} `;
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
  const words = new URL(request.url).searchParams.get("words") ?? "1";
  // `signal` says that the user left; without it, the body's cancel would be the reason that travels.
  const answer = chat.ask(words, { signal: request.signal });
  // No `await using answer`: it would end with this function, and the answer streams on after it.
  return new Response(answer.readable.pipeThrough(new TextEncoderStream()));
});

const url = `http://127.0.0.1:${http.addr.port}/?words=`;
console.log(`first user: ${await (await fetch(`${url}3`)).text()}`);

const { body } = await fetch(`${url}1000000`);
for await (const _chunk of body ?? []) {
  console.log("second user: that will do");
  break; // hangs up
}

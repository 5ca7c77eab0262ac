/**
 * Server streaming with a cancel: one question, many answers, and a client that has heard enough.
 *
 *     deno run -N examples/server_streaming.ts
 */
import { type Codec, connect, createClient, defineService, implement, serve } from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";

const text: Codec<string> = {
  encode: (message) => new TextEncoder().encode(message),
  decode: (payload) => new TextDecoder().decode(payload),
};

const Counter = defineService("CounterService", {
  count: { kind: "server", name: "Count", request: text, response: text },
});

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Counter, {
    async *count(from, { signal }) {
      try {
        for (let number = Number(from);; number++) {
          yield String(number);
          // Give `signal` to all that the handler waits for: a cancel then ends the wait, and so the handler.
          await setTimeout(10, undefined, { signal });
        }
      } finally {
        // Runs at every end. Nothing needs to be caught: a cancel is nobody's fault, and no handler's error.
        if (signal.aborted) console.log(`server: ${signal.reason.message}`);
      }
    },
  }),
);

await using connection = await connect({ ...server.addr, serviceName: "CounterClient" });
const counter = createClient(Counter, connection);

for await (const number of counter.count("40")) {
  console.log(`client: ${number}`);
  if (number === "42") break; // leaving the loop is the cancel: the server knows at once
}

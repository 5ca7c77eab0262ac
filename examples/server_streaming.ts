/**
 * Server streaming with a cancel: one question, many answers, and a client that has heard enough.
 *
 *     deno run -N examples/server_streaming.ts
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";
import { Counter } from "./gen/chat.ts";

await using server = serve(
  { port: 0, hostname: "127.0.0.1" },
  implement(Counter, {
    async *count({ start }, { signal }) {
      try {
        for (let number = start;; number++) {
          yield { number };
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

for await (const { number } of counter.count({ start: 40n })) {
  console.log(`client: ${number}`);
  if (number === 42n) break; // leaving the loop is the cancel: the server knows at once
}

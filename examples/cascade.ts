/**
 * A cancel that cascades: A asks B, B asks C. A leaves, and both read who it was, and which way it came.
 *
 *     deno run -N examples/cascade.ts
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { setTimeout } from "node:timers/promises";
import { Chat } from "./gen/chat.ts";

const local = { port: 0, hostname: "127.0.0.1" };

await using serverC = serve(
  local,
  implement(Chat, {
    async *ask({ message }, { signal }) {
      try {
        for (;;) {
          yield { word: `${message}?` };
          await setTimeout(10, undefined, { signal });
        }
      } finally {
        if (signal.aborted) console.log(`C: ${signal.reason.message}`);
      }
    },
  }),
);

await using fromBtoC = await connect({ ...serverC.addr, serviceName: "ServiceB" });
const c = createClient(Chat, fromBtoC);

await using serverB = serve(
  local,
  implement(Chat, {
    async *ask(question, stream) {
      try {
        // `parent` is what Go does with a context: when our stream ends, so does this call, for the same reason.
        yield* c.ask(question, { parent: stream });
      } finally {
        if (stream.signal.aborted) console.log(`B: ${stream.signal.reason.message}`);
      }
    },
  }),
);

await using fromAtoB = await connect({ ...serverB.addr, serviceName: "ServiceA" });
const b = createClient(Chat, fromAtoB);

for await (const { word } of b.ask({ message: "why" })) {
  console.log(`A: ${word}`);
  break;
}

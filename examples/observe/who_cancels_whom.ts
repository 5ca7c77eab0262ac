/**
 * Who cancels whom: a table for the terminal, which each end of a stream brings up to date. Three services in a row are
 * observed, and two callers leave.
 *
 *     deno run -N examples/observe/who_cancels_whom.ts
 */
import { connect, createClient, implement, type Observer, serve, StreamError } from "@ttstream/ttstream";
import { once } from "node:events";
import { stdout } from "node:process";
import { Chat } from "../gen/chat.ts";

const counts = new Map<string, number>();
let drawn = 0;

function draw(): void {
  if (!stdout.isTTY) return;
  stdout.write(`\x1b[${drawn}A\x1b[J${table()}`);
  drawn = counts.size;
}

const table = () => [...counts].sort().map(([row, times]) => `${row} ${times} ×\n`).join("");

/** One for each service: streams that somebody has cancelled, and the way that the cancel has come. */
const cancelsAt = (name: string): Observer => ({
  opened: ({ side, method }) => ({
    ended({ error }) {
      if (side === "client" || !(error instanceof StreamError) || error.kind !== "canceled") return;
      const row = `${error.cancelPath.join(" -> ").padEnd(22)} cancelled ${name}.${method}`.padEnd(50);
      counts.set(row, (counts.get(row) ?? 0) + 1);
      draw();
    },
  }),
});

const local = { port: 0, hostname: "127.0.0.1" };
await using serverC = serve(
  { ...local, observers: [cancelsAt("ServiceC")] },
  implement(Chat, { ask: async (_question, { signal }) => void await once(signal, "abort") }),
);
await using fromBtoC = await connect({ ...serverC.addr, serviceName: "ServiceB" });
const c = createClient(Chat, fromBtoC);
await using serverB = serve(
  { ...local, observers: [cancelsAt("ServiceB")] },
  implement(Chat, { ask: (question, stream) => c.ask(question, { parent: stream }) }),
);

for (const [serviceName, times] of [["ServiceA", 2], ["Gateway", 1]] as const) {
  await using connection = await connect({ ...serverB.addr, serviceName });
  for (let i = 0; i < times; i++) createClient(Chat, connection).ask({ message: "why?" });
  // Long enough for both services to be at work; the end of the scope cancels.
  await new Promise((resolve) => setTimeout(resolve, 200));
}
while ([...counts.values()].reduce((sum, times) => sum + times, 0) < 6) {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
if (!stdout.isTTY) console.log(table().trimEnd());

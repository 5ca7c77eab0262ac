/** Makes 20,000 calls of each kind over gRPC, and prints by how many bytes the heap has grown with each. */
import { createClient, implement } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { aborted } from "../support/events.ts";
import { connectTo, serveLocally } from "../support/loopback.ts";
import { defineService } from "../../mod.ts";
import { text } from "../support/codecs.ts";

const CALLS = 20_000;
const AT_ONCE = 100;

const Words = defineService("Words", {
  unary: { kind: "unary", request: text, response: text },
  server: { kind: "server", request: text, response: text },
  client: { kind: "client", request: text, response: text },
  bidirectional: { kind: "bidirectional", request: text, response: text },
  hang: { kind: "server", request: text, response: text },
});

await using server = serveLocally(
  implement(Words, {
    unary: (word) => word,
    async *server(words) {
      yield* words.split(" ");
    },
    client: async ({ readable }) => (await Array.fromAsync(readable)).join(" "),
    async *bidirectional({ readable }) {
      yield* readable;
    },
    hang: async (_word, stream) => {
      stream.sendHeader();
      await aborted(stream.signal);
    },
  }),
  { protocols: [grpc()], maxStreams: 10 * CALLS },
);
await using connection = await connectTo(server, { protocol: grpc() });
const client = createClient(Words, connection);
/** Outlives all of them. */
const { signal } = new AbortController();

const calls: Record<string, () => Promise<unknown>> = {
  unary: async () => await client.unary("a", { signal, timeoutMs: 3_600_000 }),
  server: () => Array.fromAsync(client.server("a b", { signal })),
  async client() {
    const call = client.client({ signal });
    await call.sendAll(["a", "b"]);
    await call.response;
  },
  async bidirectional() {
    const call = client.bidirectional({ signal });
    await call.sendAll(["a", "b"]);
    await Array.fromAsync(call);
  },
  async "left unread"() {
    const call = client.server("a b");
    await call.readable.getReader().read();
    await call.closed;
  },
  async cancelled() {
    const call = client.hang("a", { signal });
    await call.header;
    await call.cancel();
  },
};

async function many(call: () => Promise<unknown>, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, call));
  }
}

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  return Deno.memoryUsage().heapUsed;
}

function collect(): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc === "function") gc();
}

const growths: Record<string, number> = {};
for (const [name, call] of Object.entries(calls)) {
  await many(call, 2_000);
  const before = await heapBytes();
  await many(call, CALLS);
  growths[name] = await heapBytes() - before;
}
console.log(JSON.stringify(growths));

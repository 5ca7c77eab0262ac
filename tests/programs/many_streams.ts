// Opens and closes thousands of streams, and prints by how many bytes the heap has grown for each way of ending them.
import { connect, createClient, defineService, implement, serve } from "../../mod.ts";
import { text } from "../support/codecs.ts";

const STREAMS = 5_000;
const WARM_UP = 1_000;

const Words = defineService("Words", {
  split: { kind: "server", request: text, response: text },
  talk: { kind: "bidirectional", request: text, response: text },
});
const server = serve(
  { port: 0, hostname: "127.0.0.1", onError() {} },
  implement(Words, {
    async *split(request) {
      if (request === "fail") throw new Error("no");
      yield* request.split(" ");
    },
    async *talk({ readable }) {
      yield* readable;
    },
  }),
);
const connection = await connect({ port: server.addr.port, serviceName: "ServiceA" });
const client = createClient(Words, connection);
const shared = new AbortController();
const options = { signal: shared.signal, timeoutMs: 3_600_000 };

const ends: Record<string, () => Promise<unknown>> = {
  "read to the end": () => Array.fromAsync(client.split("a b c", options)),
  "left by break": async () => {
    for await (const _ of client.split("a b c", options)) break;
  },
  "failed": () => Array.fromAsync(client.split("fail", options)).catch(() => {}),
  "echoed": async () => {
    const { readable, writable } = client.talk(options);
    const writer = writable.getWriter();
    await writer.write("x");
    await writer.close();
    await Array.fromAsync(readable);
  },
};

/** One message is read, and not the end, of calls that the program's own signal and a parent's may cancel. */
const parent = { signal: shared.signal, metainfo: { persistent: new Map(), transient: new Map() } };
ends["its one message read"] = async () => {
  const { closed, readable } = client.split("a", { ...options, parent });
  await readable.getReader().read();
  await closed;
};

const gc: unknown = Reflect.get(globalThis, "gc");
if (typeof gc !== "function") throw new Error("run with --v8-flags=--expose-gc");

async function heapBytes(): Promise<number> {
  // Twice, with a turn between: what finalizers let go of is collected as well.
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (typeof gc === "function") gc();
  }
  return Deno.memoryUsage().heapUsed;
}

async function run(end: () => Promise<unknown>, streams: number): Promise<void> {
  for (let done = 0; done < streams; done += 50) await Promise.all(Array.from({ length: 50 }, end));
}

const growths: Record<string, number> = {};
for (const [name, end] of Object.entries(ends)) {
  await run(end, WARM_UP);
  const before = await heapBytes();
  await run(end, STREAMS);
  growths[name] = await heapBytes() - before;
}
await connection.close();
await server.shutdown();
console.log(JSON.stringify(growths));

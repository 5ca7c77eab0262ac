// Makes 200 server streaming calls with requests of 1 MiB to a peer that reads nothing, and prints how many bytes that takes.
import { connect, createClient, defineService } from "../../mod.ts";
import { text } from "../support/codecs.ts";

const service = defineService("Test", { list: { kind: "server", request: text, response: text } });
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const accepted = listener.accept();
const connection = await connect({ hostname: "127.0.0.1", port: listener.addr.port });
const peer = await accepted;
const client = createClient(service, connection);

const gc: unknown = Reflect.get(globalThis, "gc");
if (typeof gc !== "function") throw new Error("run with --v8-flags=--expose-gc");

/** What is alive, buffers included. */
async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (typeof gc === "function") gc();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

// One request for all: what the calls keep beside it is theirs.
const request = "x".repeat(1024 * 1024);
const before = await usedBytes();
const calls = Array.from({ length: 200 }, () => client.list(request));
const grown = await usedBytes() - before;
console.log(grown);
for (const call of calls) call.cancel().catch(() => {});
connection.abort();
peer.close();
listener.close();
Deno.exit();

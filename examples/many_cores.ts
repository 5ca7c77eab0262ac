/**
 * A server on every core: workers that share a port, and a system that gives each of them some of the connections.
 * How throughput grows with them is in bench/many_cores.svg.
 *
 *     deno run --unstable-net -N -R examples/many_cores.ts
 */
import { connect, createClient, implement, serve } from "@ttstream/ttstream";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Counter } from "./gen/chat.ts";

if (isMainThread) await main();
else await work(workerData);

/** A worker: it has a heap and an event loop of its own, and shares nothing with the others but the port. */
async function work({ number, port }: { number: bigint; port: number }): Promise<void> {
  const server = serve(
    // `reusePort` lets many listen on one port. The first is given any, and the others that one.
    { port, hostname: "127.0.0.1", reusePort: true },
    implement(Counter, {
      async *count() {
        yield { number };
      },
    }),
  );
  parentPort?.postMessage(server.addr.port);
  if (parentPort !== null) await once(parentPort, "message");
  // Streams that are under way come to their ends first.
  await server.shutdown();
}

async function main(): Promise<void> {
  // The client is a core's work, too: here it shares them.
  const cores = Math.max(2, navigator.hardwareConcurrency);
  const workers: Worker[] = [];
  let port = 0;
  for (let number = 0; number < cores; number++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { number: BigInt(number), port } });
    workers.push(worker);
    [port] = await once(worker, "message");
  }
  console.log("a worker listens on every core");

  // Who gets a connection is the system's affair, and all its streams stay there: a client that wants all of the cores
  // takes several connections.
  const answered = new Set<bigint>();
  while (answered.size < cores) {
    await using connection = await connect({ hostname: "127.0.0.1", port, serviceName: "CoresClient" });
    for await (const { number } of createClient(Counter, connection).count({ start: 0n })) {
      answered.add(number);
    }
  }
  console.log("every worker has answered");

  for (const worker of workers) {
    worker.postMessage("shut down");
    await once(worker, "exit");
  }
}

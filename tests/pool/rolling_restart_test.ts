import { assert, assertEquals } from "@std/assert";
import { createClient, createPool, retry } from "../../mod.ts";
import { ChildServer, until } from "./servers.ts";
import { Words } from "./words.ts";

/** Calls at a time, all through the restart. */
const WORKERS = 20;

Deno.test("A rolling restart of three servers under load costs no call", async () => {
  const names = ["a", "b", "c"];
  const servers = await Promise.all(names.map((name) => ChildServer.start(name)));
  await using running = new AsyncDisposableStack();
  for (const server of servers) running.use(server);
  await using pool = createPool({
    addresses: servers.map(({ address }) => address),
    backoff: { initialMs: 5, maxMs: 50 },
    onError: () => {},
  });
  const client = createClient(Words, retry(pool));
  const answered: Map<string | undefined, number> = new Map();
  const failures: unknown[] = [];
  let over = false;
  const workers = Array.from({ length: WORKERS }, async (_, i) => {
    for (let round = 0; !over; round++) {
      try {
        const [name, ...words] = await oneCall(i + round);
        assertEquals(words, ["x", "y"]);
        answered.set(name, (answered.get(name) ?? 0) + 1);
      } catch (error) {
        failures.push(error);
      }
    }
  });
  /** A call of each kind in turn: the server's name, and the two words. */
  async function oneCall(turn: number): Promise<string[]> {
    switch (turn % 3) {
      case 0:
        return await Array.fromAsync(client.ask("x y"));
      case 1: {
        const join = client.join();
        await join.sendAll(["x y"]);
        return (await join.response).split(" ");
      }
      default: {
        const talk = client.talk();
        await talk.send("x");
        const reader = talk.readable.getReader();
        const first = [(await reader.read()).value ?? "", (await reader.read()).value ?? ""];
        await talk.sendAll(["y"]);
        return [...first, (await reader.read()).value ?? ""];
      }
    }
  }
  const count = () => answered.values().reduce((sum, calls) => sum + calls, 0);
  await until(() => names.every((name) => answered.has(name)));
  for (const [i, server] of servers.entries()) {
    const before = count();
    const status = await server.end("SIGTERM");
    assertEquals(status.code, 0);
    await until(() => count() > before + 100);
    running.use(await ChildServer.start(`${names[i]}2`, server.port));
    await until(() => answered.has(`${names[i]}2`));
  }
  over = true;
  await Promise.all(workers);
  assertEquals(failures, []);
  assert(count() > 300);
  assertEquals([pool.stats.waiting, pool.stats.streams], [0, 0]);
});

import { assert, assertEquals } from "@std/assert";
import { createClient, createPool, type Protocol, retry, ttheader } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { Load } from "./load.ts";
import { ChildServer, until } from "./servers.ts";
import { Words } from "./words.ts";

/** Calls at a time, all through the restart. */
const WORKERS = 20;

for (const [title, protocol] of [["TTHeader Streaming", ttheader()], ["gRPC", grpc()]] as const) {
  Deno.test(`A rolling restart of three servers under load costs no call over ${title}`, () =>
    restart(protocol));
}

async function restart(protocol: Protocol): Promise<void> {
  const names = ["a", "b", "c"];
  const servers = await Promise.all(names.map((name) => ChildServer.start(name)));
  await using running = new AsyncDisposableStack();
  for (const server of servers) running.use(server);
  await using pool = createPool({
    addresses: servers.map(({ address }) => address),
    protocol,
    backoff: { initialMs: 5, maxMs: 50 },
    onError: () => {},
  });
  const client = createClient(Words, retry(pool));
  const answered = new Set<string | undefined>();
  const check = ([name, ...words]: string[]) => {
    assertEquals(words, ["x", "y"]);
    answered.add(name);
  };
  const load = new Load([
    async () => check(await Array.fromAsync(client.ask("x y"))),
    async () => {
      const join = client.join();
      await join.sendAll(["x y"]);
      check((await join.response).split(" "));
    },
    async () => {
      const talk = client.talk();
      await talk.send("x");
      const reader = talk.readable.getReader();
      const first = [(await reader.read()).value ?? "", (await reader.read()).value ?? ""];
      await talk.sendAll(["y"]);
      check([...first, (await reader.read()).value ?? ""]);
    },
  ], WORKERS);
  await until(() => names.every((name) => answered.has(name)));
  for (const [i, server] of servers.entries()) {
    const before = load.answered;
    const status = await server.end("SIGTERM");
    assertEquals(status.code, 0);
    await until(() => load.answered > before + 100);
    running.use(await ChildServer.start(`${names[i]}2`, server.port));
    await until(() => answered.has(`${names[i]}2`));
  }
  await load.stop();
  assertEquals(load.failures, []);
  assert(load.answered > 300);
  // A call may have been read before its end has come.
  await until(() => pool.stats.streams === 0);
  assertEquals(pool.stats.waiting, 0);
}

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createClient, createPool, serve, TTStreamError } from "../../mod.ts";
import { bytes, string } from "../support/codecs.ts";
import { streamErrorOf } from "../support/failures.ts";
import { at, ChildServer, until, wordServer } from "./servers.ts";
import { freePort } from "../support/listening.ts";
import { Words, words } from "./words.ts";

const TALK = { service: "Words", method: "talk" };
const quiet = { onError: () => {} };

/** The name of the server that answers, or what became of the call. */
async function answererOf(call: AsyncIterable<string>): Promise<string | undefined> {
  try {
    return (await Array.fromAsync(call))[0];
  } catch (error) {
    if (!(error instanceof TTStreamError)) throw error;
    return `${error.retryable ? "retryable" : "final"}: ${error.description}`;
  }
}

Deno.test("A pool dials nothing before its first call, and then every address once", async () => {
  await using a = wordServer("a");
  await using b = wordServer("b");
  await using pool = createPool({ addresses: [at(a), at(b)] });
  assertEquals([pool.stats.dials, pool.stats.addresses.length], [0, 2]);
  assertEquals((await Array.fromAsync(createClient(Words, pool).ask("x y"))).slice(1), ["x", "y"]);
  await until(() => pool.stats.connections.idle === 2);
  assertEquals([pool.stats.dials, pool.stats.connections.connecting], [2, 0]);
});

Deno.test("Each kind of call works through a pool, before and after there is a connection", async () => {
  await using server = wordServer("a");
  for (const mode of ["mux", "exclusive"] as const) {
    await using pool = createPool({ addresses: [at(server)], mode });
    const client = createClient(Words, pool);
    for (let round = 0; round < 2; round++) {
      assertEquals(await Array.fromAsync(client.ask("x y")), ["a", "x", "y"]);
      const join = client.join();
      await join.sendAll(["x", "y"]);
      assertEquals(await join.response, "a x y");
      const talk = client.talk();
      await talk.sendAll(["x", "y"]);
      assertEquals(await Array.fromAsync(talk), ["a", "x", "y"]);
    }
  }
});

Deno.test("An address that stands twice in the list is one", async () => {
  await using server = wordServer("a");
  const { port } = server.addr;
  await using pool = createPool({
    addresses: [{ port }, { port, hostname: "127.0.0.1" }, { port, tls: false }],
  });
  await Array.fromAsync(createClient(Words, pool).ask("x"));
  assertEquals([pool.stats.addresses.length, pool.stats.dials], [1, 1]);
});

Deno.test("A pool takes Unix sockets as well", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using _server = serve({ path: `${folder}/socket` }, words("unix"));
    await using pool = createPool({ addresses: [{ path: `${folder}/socket` }] });
    assertEquals(await Array.fromAsync(createClient(Words, pool).ask("x")), ["unix", "x"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A stream whose header was too long to send throws, whether it has to wait or not", async () => {
  await using server = wordServer("a");
  await using pool = createPool({ addresses: [at(server)] });
  const metadata = { key: "x".repeat(70_000) };
  for (let round = 0; round < 2; round++) {
    try {
      pool.openStream(TALK, { metadata });
      assert(false, "it did not throw");
    } catch (error) {
      assert(error instanceof RangeError);
    }
    await Array.fromAsync(createClient(Words, pool).ask("x"));
  }
  assertEquals([pool.stats.waiting, pool.stats.streams], [0, 0]);
});

Deno.test("A connection that is lost ends its own streams alone, and the next call dials again", async () => {
  await using a = await ChildServer.start("a");
  await using b = await ChildServer.start("b");
  await using pool = createPool({ addresses: [a.address, b.address], ...quiet });
  const client = createClient(Words, pool);
  await Array.fromAsync(client.ask("x"));
  await until(() => pool.stats.connections.idle === 2);
  const talks = [client.talk(), client.talk()];
  const readers = talks.map((talk) => talk.readable.getReader());
  const names = await Promise.all(readers.map(async (reader) => (await reader.read()).value));
  assertEquals(names.toSorted(), ["a", "b"]);
  const [lost, kept] = names[0] === "a" ? [0, 1] : [1, 0];
  await a.end("SIGKILL");
  const error = await streamErrorOf(talks[lost]?.closed ?? Promise.resolve());
  assertEquals([error.code, error.retryable], [12006, false]);
  await talks[kept]?.send("still here");
  assertEquals((await readers[kept]?.read())?.value, "still here");
  assertEquals((await Array.fromAsync(client.ask("x")))[0], "b");
  await using again = await ChildServer.start("a", a.port);
  assertEquals(again.port, a.port);
  // Calls have it dialled: one that comes while a dial still fails is not the last.
  while (pool.stats.connections.idle + pool.stats.connections.active < 2) {
    await Array.fromAsync(client.ask("x"));
  }
  // One stream is on "b" still: of two more the second may go to either, a third goes where fewer are.
  const calls = ["x", "y", "z"].map((word) => client.ask(word));
  const seen = await Promise.all(calls.map((call) => Array.fromAsync(call)));
  assertEquals([...new Set(seen.map(([name]) => name))].toSorted(), ["a", "b"]);
  await talks[kept]?.cancel();
});

Deno.test("A server that was killed and is back on its port is found by a call that waits", async () => {
  await using server = await ChildServer.start("first");
  await using pool = createPool({
    addresses: [server.address],
    backoff: { initialMs: 5, maxMs: 20 },
    ...quiet,
  });
  const client = createClient(Words, pool);
  assertEquals(await Array.fromAsync(client.ask("x")), ["first", "x"]);
  await server.end("SIGKILL");
  await until(() => pool.stats.connections.idle === 0);
  const waiting = Array.fromAsync(client.ask("y"));
  await until(() => pool.stats.failedDials > 0);
  await using _again = await ChildServer.start("second", server.port);
  assertEquals(await waiting, ["second", "y"]);
});

Deno.test("A server that drains gets no new streams, and ends those it has", async () => {
  const a = wordServer("a");
  await using b = wordServer("b");
  await using pool = createPool({ addresses: [at(a), at(b)], pick: "round-robin", ...quiet });
  const client = createClient(Words, pool);
  await Array.fromAsync(client.ask("x"));
  await until(() => pool.stats.connections.idle === 2);
  const talks = [client.talk(), client.talk()];
  const readers = talks.map((talk) => talk.readable.getReader());
  const names = await Promise.all(readers.map(async (reader) => (await reader.read()).value));
  assertEquals(names.toSorted(), ["a", "b"]);
  const shutdown = a.shutdown({ graceMs: 60_000 });
  // Kitex's protocol has no word for it: the first stream that is refused tells.
  const seen = await Promise.all(Array.from({ length: 2 }, () => answererOf(client.ask("x"))));
  assertEquals(seen.toSorted(), ["b", "retryable: server is shutting down"]);
  assertEquals(pool.stats.connections.draining, 1);
  for (let i = 0; i < 5; i++) assertEquals(await answererOf(client.ask("x")), "b");
  for (const [i, talk] of talks.entries()) {
    await talk.sendAll(["still here"]);
    assertEquals((await readers[i]?.read())?.value, "still here");
    assertEquals((await readers[i]?.read())?.done, true);
  }
  await shutdown;
});

Deno.test("A server that drains and comes back at its port is dialled again", async () => {
  const first = wordServer("first");
  await using pool = createPool({
    addresses: [at(first)],
    backoff: { initialMs: 1, maxMs: 2 },
    ...quiet,
  });
  const client = createClient(Words, pool);
  await Array.fromAsync(client.ask("x"));
  await first.shutdown({ graceMs: 1_000 });
  await using _second = wordServer("second", first.addr.port);
  assertEquals(await Array.fromAsync(client.ask("x")), ["second", "x"]);
});

Deno.test("A pool over a dead and a live address works by the live one", async () => {
  await using server = wordServer("live");
  const errors: string[] = [];
  const port = freePort();
  await using pool = createPool({
    addresses: [{ port }, at(server)],
    onError: (error, { address }) =>
      errors.push(`${address?.port} ${error instanceof Error ? error.message : ""}`),
  });
  const client = createClient(Words, pool);
  for (let i = 0; i < 10; i++) assertEquals((await Array.fromAsync(client.ask("x")))[0], "live");
  const [dead] = pool.stats.addresses;
  assertNotEquals(dead?.failedDials, 0);
  assert(dead?.lastError?.startsWith(`cannot connect to 127.0.0.1:${port}: `), dead?.lastError);
  assertEquals(errors, [`${port} ${dead?.lastError}`]);
});

Deno.test("A pool's own streams are of bytes, as a connection's", async () => {
  await using server = wordServer("a");
  await using pool = createPool({ addresses: [at(server)], serviceName: "ServiceA" });
  const stream = pool.openStream(TALK);
  await stream.send(bytes("x"));
  await stream.sendAll([]);
  assertEquals((await Array.fromAsync(stream)).map(string), ["a", "x"]);
  assertEquals([...await stream.header], []);
  await stream.closed;
});

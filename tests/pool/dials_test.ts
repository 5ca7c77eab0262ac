import { turns } from "../support/turns.ts";
import { assert, assertEquals } from "@std/assert";
import { createClient, createPool, ttheader } from "../../mod.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { at, handlerServer, until, wordServer } from "./servers.ts";
import { freePort } from "../support/listening.ts";
import { Words } from "./words.ts";

Deno.test("100 failed dials, and then a good one: the call that has waited is served", async () => {
  const port = freePort();
  const errors: unknown[] = [];
  await using pool = createPool({
    addresses: [{ port }],
    backoff: { initialMs: 0.1, maxMs: 0.5 },
    onError: (error) => errors.push(error),
  });
  const call = Array.fromAsync(createClient(Words, pool).ask("x"));
  await until(() => pool.stats.failedDials >= 100);
  assertEquals(errors.length, 1);
  await using _server = wordServer("at last", port);
  assertEquals(await call, ["at last", "x"]);
  const { dials, failedDials, addresses } = pool.stats;
  assertEquals([dials - failedDials, addresses[0]?.backoffMs, addresses[0]?.lastError], [1, 0, undefined]);
});

Deno.test("Each failed dial doubles the wait for the next, up to the longest", async () => {
  await using pool = createPool({
    addresses: [{ port: freePort() }],
    backoff: { initialMs: 8, maxMs: 20, jitter: 0 },
    onError: () => {},
  });
  await using _call = createClient(Words, pool).ask("x");
  const started = performance.now();
  await until(() => pool.stats.failedDials >= 4);
  // 8, 16, 20: timers are never early by more than their own millisecond.
  assert(performance.now() - started >= 41);
});

Deno.test("An address that rests is dialled at once when asked to reconnect", async () => {
  const port = freePort();
  await using pool = createPool({
    addresses: [{ port }],
    backoff: { initialMs: 600_000, maxMs: 600_000 },
    onError: () => {},
  });
  const call = Array.fromAsync(createClient(Words, pool).ask("x"));
  await until(() => pool.stats.failedDials === 1);
  assert((pool.stats.addresses[0]?.backoffMs ?? 0) > 400_000);
  await using _server = wordServer("back", port);
  pool.reconnect();
  assertEquals(await call, ["back", "x"]);
});

for (const protocol of [ttheader(), grpc()]) {
  Deno.test(`An address whose server tells a young connection to go is left alone for a while (${protocol.name})`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const server = handlerServer(async (stream) => {
      stream.sendHeader();
      await promise;
    }, [protocol]);
    await using pool = createPool({ addresses: [at(server)], protocol });
    const stream = pool.openStream({ service: "Test", method: "Wait" });
    await stream.header;
    const down = server.shutdown();
    // It would accept another one, to tell it the same.
    await until(() => pool.stats.addresses[0]?.connections.draining === 1);
    assert((pool.stats.addresses[0]?.backoffMs ?? 0) > 0);
    resolve();
    await Promise.all([stream.closed, down]);
  });
}

Deno.test("A lost connection is dialled again by the next call, without a rest", async () => {
  const first = wordServer("first");
  await using pool = createPool({
    addresses: [at(first)],
    backoff: { initialMs: 600_000, maxMs: 600_000 },
  });
  const client = createClient(Words, pool);
  await Array.fromAsync(client.ask("x"));
  await first.shutdown({ graceMs: 0 });
  await until(() => pool.stats.connections.idle === 0);
  await using _second = wordServer("second", first.addr.port);
  assertEquals(await Array.fromAsync(client.ask("x")), ["second", "x"]);
});

Deno.test("No more than 16 dials are under way at once, and one at an address not known to work", async () => {
  // Handshakes that nobody answers: these dials go on for as long as the test does.
  const listeners = Array.from({ length: 20 }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const addresses = listeners.map(({ addr: { port } }) => ({ port, tls: true }));
  {
    await using pool = createPool({ addresses, connectionsPerAddress: 4 });
    for (let i = 0; i < 40; i++) createClient(Words, pool).ask("x");
    assertEquals([pool.stats.connections.connecting, pool.stats.waiting], [16, 40]);
    await using few = createPool({ addresses: addresses.slice(0, 3), connectionsPerAddress: 4 });
    createClient(Words, few).ask("x");
    assertEquals(few.stats.connections.connecting, 3);
  }
  for (const listener of listeners) listener.close();
});

Deno.test("A dial that takes longer than connectTimeoutMs has failed", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using pool = createPool({
    addresses: [{ port: listener.addr.port, tls: true }],
    connectTimeoutMs: 5,
    onError: () => {},
  });
  await using _call = createClient(Words, pool).ask("x");
  await until(() => pool.stats.failedDials > 0);
  assert(pool.stats.addresses[0]?.lastError?.endsWith("not connected after 5 ms"));
  // What was given up may have connected since: it is closed some turns later, of which nobody here can hear.
  using _accepted = await listener.accept();
  await turns(50);
});

Deno.test("connectionsPerAddress connections are made as calls come, and no more", async () => {
  await using server = wordServer("a");
  await using pool = createPool({ addresses: [at(server)], connectionsPerAddress: 3 });
  const client = createClient(Words, pool);
  for (let i = 0; i < 10; i++) await Array.fromAsync(client.ask("x"));
  await until(() => pool.stats.connections.idle === 3);
  assertEquals(pool.stats.dials, 3);
});

Deno.test("A connection without streams is closed after idleTimeoutMs, and made again by a call", async () => {
  await using server = wordServer("a");
  for (const mode of ["mux", "exclusive"] as const) {
    await using pool = createPool({ addresses: [at(server)], idleTimeoutMs: 20, mode });
    const client = createClient(Words, pool);
    const call = client.ask("hang").readable.getReader();
    await call.read();
    await until(() => pool.stats.connections.active === 1);
    await call.cancel();
    const idle = performance.now();
    await until(() => pool.stats.connections.idle + pool.stats.connections.draining === 0);
    assert(performance.now() - idle >= 15);
    assertEquals(await Array.fromAsync(client.ask("x")), ["a", "x"]);
    assertEquals(pool.stats.dials, 2);
  }
});

Deno.test("An error hook that throws takes nothing else with it", async () => {
  const port = freePort();
  const original = console.error;
  const printed: unknown[][] = [];
  console.error = (...values: unknown[]) => printed.push(values);
  try {
    await using pool = createPool({
      addresses: [{ port }],
      backoff: { initialMs: 1, maxMs: 1 },
      onError: () => {
        throw new Error("hook");
      },
    });
    const call = Array.fromAsync(createClient(Words, pool).ask("x"));
    await until(() => pool.stats.failedDials > 1);
    await using _server = wordServer("a", port);
    assertEquals(await call, ["a", "x"]);
    assertEquals(printed.map(([text]) => text), ["ttstream: onError threw:"]);
  } finally {
    console.error = original;
  }
});

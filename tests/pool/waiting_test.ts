import { assert, assertEquals, assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import { createClient, createPool, type Pool, type PoolOptions } from "../../mod.ts";
import { text } from "../support/codecs.ts";
import { streamErrorOf } from "../support/failures.ts";
import { countingSignal } from "../support/listeners.ts";
import { serveLocally } from "../support/loopback.ts";
import { rejection } from "../support/rejection.ts";
import { grpc } from "../../src/grpc/mod.ts";
import { at, until, wordServer } from "./servers.ts";
import { freePort } from "../support/listening.ts";
import { Words } from "./words.ts";

const TALK = { service: "Words", method: "talk" };

/** A pool whose calls wait for as long as the test likes. */
function nowhere(options: Partial<PoolOptions> = {}): Pool {
  return createPool({ addresses: [], onError: () => {}, ...options });
}

Deno.test("A stream that waits is a stream: its writes and reads wait, and are done in their order", async () => {
  const list = Promise.withResolvers<{ port: number }[]>();
  await using server = wordServer("a");
  await using pool = nowhere({
    async *addresses() {
      yield await list.promise;
    },
  });
  const talk = createClient(Words, pool).talk();
  const writer = talk.writable.getWriter();
  const written: string[] = [];
  const writes = ["x", "y"].map((word) => writer.write(word).then(() => written.push(word)));
  const closed = writer.close();
  const messages = Array.fromAsync(talk);
  await until(() => pool.stats.waiting === 1);
  assertEquals(written, []);
  list.resolve([{ port: server.addr.port }]);
  assertEquals(await messages, ["a", "x", "y"]);
  await Promise.all([...writes, closed]);
  assertEquals([written, pool.stats.waiting], [["x", "y"], 0]);
});

Deno.test("Calls that wait are served all at once, in the order in which they came", async () => {
  const list = Promise.withResolvers<{ port: number }[]>();
  await using server = wordServer("a");
  await using pool = nowhere({
    async *addresses() {
      yield await list.promise;
    },
  });
  const client = createClient(Words, pool);
  const calls = Array.from({ length: 100 }, (_, i) => Array.fromAsync(client.ask(`${i}`)));
  assertEquals(pool.stats.waiting, 100);
  list.resolve([{ port: server.addr.port }]);
  assertEquals(await Promise.all(calls), Array.from({ length: 100 }, (_, i) => ["a", `${i}`]));
  assertEquals([pool.stats.dials, pool.stats.waiting], [1, 0]);
});

Deno.test("A call that has waited tells gRPC's server what is left of its time", async () => {
  const list = Promise.withResolvers<{ port: number }[]>();
  const timeouts: (string | undefined)[] = [];
  await using server = serveLocally(({ metadata }) => void timeouts.push(metadata.get("grpc-timeout")), {
    protocols: [grpc()],
  });
  await using pool = nowhere({
    protocol: grpc(),
    async *addresses() {
      yield await list.promise;
    },
  });
  const stream = pool.openStream(TALK, { timeoutMs: 60_000 });
  await until(() => pool.stats.waiting === 1);
  const { now } = Date;
  try {
    // Half of its time passes.
    Date.now = () => now() + 30_000;
    list.resolve([{ port: server.addr.port }]);
    await stream.closed;
  } finally {
    Date.now = now;
  }
  const [left = ""] = timeouts;
  assertMatch(left, /^\d+u$/);
  assertGreater(parseInt(left), 10_000_000);
  assertLessOrEqual(parseInt(left), 30_000_000);
});

/** Every way for a waiting call to end, with the code it ends with. */
const ends: Record<string, { code: number; end: (pool: Pool) => AsyncIterable<string> }> = {
  "its signal": {
    code: 12007,
    end: (pool) => {
      const controller = new AbortController();
      const call = createClient(Words, pool).ask("x", { signal: controller.signal });
      controller.abort();
      return call;
    },
  },
  "a signal that had aborted": {
    code: 12008,
    end: (pool) => createClient(Words, pool).ask("x", { signal: AbortSignal.abort("no") }),
  },
  "timeoutMs": { code: 12015, end: (pool) => createClient(Words, pool).ask("x", { timeoutMs: 1 }) },
  "recvTimeoutMs": { code: 12014, end: (pool) => createClient(Words, pool).ask("x", { recvTimeoutMs: 1 }) },
  "firstMessageTimeoutMs": {
    code: 12014,
    end: (pool) => createClient(Words, pool).ask("x", { firstMessageTimeoutMs: 1 }),
  },
  "cancel": {
    code: 12008,
    end: (pool) => {
      const call = createClient(Words, pool).ask("x");
      call.cancel("enough");
      return call;
    },
  },
  "the pool's scope": {
    code: 12007,
    end: (pool) => {
      const call = createClient(Words, pool).ask("x");
      pool[Symbol.asyncDispose]();
      return call;
    },
  },
  "close": {
    code: 12006,
    end: (pool) => {
      const call = createClient(Words, pool).ask("x");
      pool.close();
      return call;
    },
  },
};
for (const [what, { code, end }] of Object.entries(ends)) {
  Deno.test(`A call that waits is ended by ${what} with ${code}, and leaves nothing`, async () => {
    await using pool = nowhere();
    const error = await streamErrorOf(Array.fromAsync(end(pool)));
    assertEquals([error.code, error.retryable], [code, code === 12006]);
    assertEquals(pool.stats.waiting, 0);
  });
}

Deno.test("A write that waits rejects with the end of its stream", async () => {
  await using pool = nowhere();
  const stream = pool.openStream(TALK);
  const write = stream.send(text.encode("x"));
  await stream.cancel("enough");
  assertEquals((await streamErrorOf(write)).code, 12008);
});

Deno.test("A call that has waited lets go of its signal when it has ended", async () => {
  const list = Promise.withResolvers<{ port: number }[]>();
  await using server = wordServer("a");
  await using pool = nowhere({
    async *addresses() {
      yield await list.promise;
    },
  });
  const { controller, listeners } = countingSignal();
  const call = createClient(Words, pool).ask("x", { signal: controller.signal, timeoutMs: 60_000 });
  assertEquals(listeners(), 1);
  list.resolve([{ port: server.addr.port }]);
  await Array.fromAsync(call);
  assertEquals(listeners(), 0);
});

Deno.test("A call whose signal aborts after it has waited cancels its stream at the server", async () => {
  await using server = wordServer("a");
  await using pool = nowhere({ addresses: [at(server)] });
  const controller = new AbortController();
  const call = createClient(Words, pool).ask("hang", { signal: controller.signal });
  const reader = call.readable.getReader();
  assertEquals((await reader.read()).value, "a");
  controller.abort("enough");
  assertEquals((await streamErrorOf(reader.read())).description, "enough");
  assertEquals(pool.stats.streams, 0);
});

Deno.test("close() lets a call have the connection that is being made", async () => {
  await using server = wordServer("a");
  for (const mode of ["mux", "exclusive"] as const) {
    const pool = nowhere({ addresses: [at(server)], mode });
    const call = Array.fromAsync(createClient(Words, pool).ask("x"));
    const closed = pool.close();
    assertEquals(await call, ["a", "x"]);
    await closed;
    assertEquals(pool.stats.connections, { connecting: 0, idle: 0, active: 0, draining: 0 });
  }
});

Deno.test("close() ends a call whose connection cannot be made, and says why", async () => {
  const port = freePort();
  const pool = nowhere({ addresses: [{ port }] });
  const call = createClient(Words, pool).ask("x");
  const closed = pool.close();
  const error = await streamErrorOf(Array.fromAsync(call));
  assert(error.description.startsWith(`the pool is closed: cannot connect to 127.0.0.1:${port}: `));
  assertEquals([error.code, error.retryable], [12006, true]);
  await closed;
});

Deno.test("With waitForReady: false a call ends at once where nothing is connected, and may be retried", async () => {
  for (const addresses of [[], [{ port: freePort() }]]) {
    await using pool = nowhere({ addresses, waitForReady: false });
    const error = await streamErrorOf(Array.fromAsync(createClient(Words, pool).ask("x")));
    assertEquals([error.code, error.retryable], [12006, true]);
    assert(error.description.startsWith("no server is connected"), error.description);
    assertEquals([pool.stats.waiting, error.service, error.method], [0, "Words", "ask"]);
  }
});

Deno.test("With waitForReady: false a pool connects by itself, and again when a connection was lost", async () => {
  const first = wordServer("first");
  await using pool = nowhere({
    addresses: [at(first)],
    waitForReady: false,
    backoff: { initialMs: 1, maxMs: 5 },
    idleTimeoutMs: 1,
  });
  await until(() => pool.stats.connections.idle === 1);
  const client = createClient(Words, pool);
  assertEquals(await Array.fromAsync(client.ask("x")), ["first", "x"]);
  await first.shutdown();
  await until(() => pool.stats.failedDials > 0);
  assertEquals((await streamErrorOf(Array.fromAsync(client.ask("x")))).code, 12006);
  await using _second = wordServer("second", first.addr.port);
  await until(() => pool.stats.connections.idle === 1);
  assertEquals(await Array.fromAsync(client.ask("x")), ["second", "x"]);
});

Deno.test("With waitForReady: false, exclusive, a call waits for its turn and not for a server", async () => {
  const server = wordServer("a");
  await using pool = nowhere({ addresses: [at(server)], waitForReady: false, mode: "exclusive" });
  await until(() => pool.stats.connections.idle === 1);
  const client = createClient(Words, pool);
  await using hanging = client.ask("hang");
  assertEquals(await Array.fromAsync(client.ask("x")), ["a", "x"]);
  await hanging.cancel();
  await server.shutdown({ graceMs: 0 });
  await until(() => pool.stats.connections.idle + pool.stats.connections.active === 0);
  assertEquals((await streamErrorOf(Array.fromAsync(client.ask("x")))).code, 12006);
});

Deno.test("A rejected call that nobody awaits ends no process", async () => {
  await using pool = nowhere();
  const stream = pool.openStream(TALK);
  stream.send(text.encode("x"));
  pool.openStream(TALK, { timeoutMs: 1 });
  await pool.close();
  assertEquals((await streamErrorOf(stream.closed)).code, 12006);
  assertEquals(await rejection(stream.closed), await rejection(stream.trailer));
});

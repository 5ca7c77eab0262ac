import { assertEquals, assertRejects } from "@std/assert";
import { createClient, createPool, type Pool } from "../../mod.ts";
import { streamErrorOf } from "../support/failures.ts";
import { at, until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

const NONE = { connecting: 0, idle: 0, active: 0, draining: 0 };

/** A call that has begun, and does not end by itself. */
async function hanging(pool: Pool) {
  const call = createClient(Words, pool).ask("hang");
  const reader = call.readable.getReader();
  await reader.read();
  return { call, reader };
}

Deno.test("close() takes no new streams, and waits for those that are open", async () => {
  await using server = wordServer("a");
  const pool = createPool({ addresses: [at(server)] });
  const client = createClient(Words, pool);
  const talk = client.talk();
  const reader = talk.readable.getReader();
  await reader.read();
  const closed = pool.close();
  const error = await streamErrorOf(Array.fromAsync(client.ask("x")));
  assertEquals([error.code, error.retryable, error.description], [12006, true, "the pool is closed"]);
  assertEquals([pool.stats.connections.draining, pool.stats.streams], [1, 1]);
  await talk.sendAll(["still here"]);
  assertEquals((await reader.read()).value, "still here");
  assertEquals((await reader.read()).done, true);
  await closed;
  assertEquals(pool.stats.connections, NONE);
});

Deno.test("close() cancels after its grace what is left", async () => {
  await using server = wordServer("a");
  const pool = createPool({ addresses: [at(server)] });
  const { reader } = await hanging(pool);
  const closed = pool.close({ graceMs: 1 });
  assertEquals((await streamErrorOf(reader.read())).code, 12007);
  await closed;
  assertEquals(pool.stats.connections, NONE);
});

Deno.test("close() after close() may shorten the grace", async () => {
  await using server = wordServer("a");
  const pool = createPool({ addresses: [at(server)] });
  const { reader } = await hanging(pool);
  const closed = pool.close();
  await pool.close({ graceMs: 0 });
  await closed;
  assertEquals((await streamErrorOf(reader.read())).code, 12007);
  await pool.close({ graceMs: 60_000 });
});

Deno.test("The end of a pool's scope cancels its streams at once", async () => {
  await using server = wordServer("a");
  const { reader } = await (async () => {
    await using pool = createPool({ addresses: [at(server)] });
    return await hanging(pool);
  })();
  assertEquals((await streamErrorOf(reader.read())).code, 12007);
});

Deno.test("close() of a pool that was never used resolves, and of one whose dial goes nowhere", async () => {
  await createPool({ addresses: [] }).close();
  // A listener that accepts nothing: the kernel shakes hands, and TLS waits for ever.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const pool = createPool({ addresses: [{ port, tls: true }] });
  const call = createClient(Words, pool).ask("x");
  await until(() => pool.stats.connections.connecting === 1);
  const closed = pool.close();
  await call.cancel("enough");
  await closed;
  assertEquals([pool.stats.connections, pool.stats.failedDials], [NONE, 0]);
});

Deno.test("close() with a wrong grace rejects, and closes nothing", async () => {
  await using server = wordServer("a");
  await using pool = createPool({ addresses: [at(server)] });
  for (const graceMs of [-1, NaN, Infinity]) {
    await assertRejects(() => pool.close({ graceMs }), RangeError, `0 or more, got ${graceMs}`);
  }
  assertEquals(await Array.fromAsync(createClient(Words, pool).ask("x")), ["a", "x"]);
});

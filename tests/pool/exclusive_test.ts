import { assert, assertEquals } from "@std/assert";
import { createClient, createPool } from "../../mod.ts";
import { at, handlerServer, until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

const TARGET = { service: "Any", method: "any" };

Deno.test("exclusive: each live stream has a connection of its own, which the next one has after it", async () => {
  await using server = wordServer("a");
  await using pool = createPool({ addresses: [at(server)], mode: "exclusive" });
  const client = createClient(Words, pool);
  const talks = Array.from({ length: 5 }, () => client.talk());
  const readers = talks.map((talk) => talk.readable.getReader());
  await Promise.all(readers.map((reader) => reader.read()));
  const { connections, streams } = pool.stats;
  assertEquals([connections.active, streams], [5, 5]);
  await Promise.all(talks.map((talk) => talk.sendAll([])));
  await Promise.all(readers.map((reader) => reader.read()));
  for (let i = 0; i < 10; i++) await Array.fromAsync(client.ask("x"));
  assertEquals([pool.stats.connections.idle, pool.stats.dials], [5, 5]);
});

Deno.test("exclusive: a stream that nobody reads stalls no other one", async () => {
  const flood = new Uint8Array(64 * 1024);
  await using server = handlerServer(async ({ writable, signal }) => {
    const writer = writable.getWriter();
    while (!signal.aborted) await writer.write(flood).catch(() => {});
  });
  await using pool = createPool({
    addresses: [{ port: server.addr.port }],
    mode: "exclusive",
    maxBufferedBytes: 128 * 1024,
  });
  await using _unread = pool.openStream(TARGET);
  await until(() => pool.stats.streams === 1);
  for (let i = 0; i < 3; i++) {
    let bytes = 0;
    for await (const message of pool.openStream(TARGET)) {
      bytes += message.length;
      if (bytes > 1024 * 1024) break;
    }
  }
  assertEquals(pool.stats.dials, 2);
});

Deno.test("exclusive: a stream that has ended and is not read up keeps its connection from the next one", async () => {
  await using server = handlerServer(async ({ writable }) => {
    const writer = writable.getWriter();
    for (let i = 0; i < 3; i++) await writer.write(new Uint8Array(1024));
  });
  await using pool = createPool({ addresses: [{ port: server.addr.port }], mode: "exclusive" });
  const first = pool.openStream(TARGET);
  const reader = first.readable.getReader();
  await reader.read();
  await first.closed;
  await Array.fromAsync(pool.openStream(TARGET));
  assertEquals(pool.stats.dials, 2);
  await reader.read();
  await reader.read();
  assertEquals((await reader.read()).done, true);
  await Promise.all([1, 2].map(() => Array.fromAsync(pool.openStream(TARGET))));
  assertEquals(pool.stats.dials, 2);
});

Deno.test("exclusive: 200 calls at once over two servers are all served, and share them", async () => {
  await using a = wordServer("a");
  await using b = wordServer("b");
  await using pool = createPool({ addresses: [at(a), at(b)], mode: "exclusive" });
  const client = createClient(Words, pool);
  const talks = Array.from({ length: 200 }, () => client.talk());
  const names = await Promise.all(talks.map(async (talk) => {
    const reader = talk.readable.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    return value;
  }));
  assertEquals([pool.stats.connections.active, pool.stats.dials], [200, 200]);
  // The dials that are under way at once may end in any order.
  const onA = names.filter((name) => name === "a").length;
  assert(onA >= 90 && onA <= 110, `${onA} of 200`);
  await Promise.all(talks.map((talk) => talk.cancel()));
  await until(() => pool.stats.connections.idle === 200);
  assertEquals([pool.stats.streams, pool.stats.waiting], [0, 0]);
});

import { assert, assertEquals } from "@std/assert";
import { createClient, createPool, type Pool, type PoolConnection, type PoolOptions } from "../../mod.ts";
import { streamErrorOf } from "../support/failures.ts";
import { untyped } from "../support/untyped.ts";
import { at, until, wordServer } from "./servers.ts";
import { Words } from "./words.ts";

/** A pool with a connection to each of two servers, `a` and `b`. */
async function withTwo(pick: PoolOptions["pick"], test: (pool: Pool) => Promise<void>): Promise<void> {
  await using a = wordServer("a");
  await using b = wordServer("b");
  await using pool = createPool({ addresses: [at(a), at(b)], ...(pick === undefined ? {} : { pick }) });
  createClient(Words, pool).ask("x");
  await until(() => pool.stats.connections.idle === 2);
  await test(pool);
}

async function begin(pool: Pool): Promise<{ name: string | undefined; end: () => Promise<void> }> {
  const talk = createClient(Words, pool).talk();
  const { value } = await talk.readable.getReader().read();
  return { name: value, end: () => talk.cancel() };
}

Deno.test('pick: "least-streams" gives a stream to the connection with the fewest', async () => {
  await withTwo(undefined, async (pool) => {
    const streams = [];
    for (let i = 0; i < 6; i++) streams.push(await begin(pool));
    for (const name of ["a", "b"]) assertEquals(streams.filter((stream) => stream.name === name).length, 3);
    for (const { name, end } of streams) if (name === "a") await end();
    for (let i = 0; i < 3; i++) assertEquals((await begin(pool)).name, "a");
  });
});

Deno.test('pick: "round-robin" takes one after the other, however busy they are', async () => {
  await withTwo("round-robin", async (pool) => {
    const names = [];
    for (let i = 0; i < 6; i++) names.push((await begin(pool)).name);
    assertEquals(names.slice(2), names.slice(0, 4));
    assertEquals(new Set(names.slice(0, 2)), new Set(["a", "b"]));
  });
});

Deno.test("pick: a function sees where each connection goes, and how many streams are on it", async () => {
  const seen: (readonly PoolConnection[])[] = [];
  const pick = (candidates: readonly PoolConnection[]) => {
    seen.push(candidates);
    return untyped<PoolConnection>(
      candidates.toSorted((a, b) => (a.address.port ?? 0) - (b.address.port ?? 0))[0],
    );
  };
  await withTwo(pick, async (pool) => {
    const first = await begin(pool);
    const second = await begin(pool);
    assertEquals(first.name, second.name);
    const last = seen.at(-1) ?? [];
    assertEquals(last.length, 2);
    assertEquals(last.map(({ streams }) => streams).toSorted(), [0, 2]);
    assert(last.every(({ remoteAddr }) => remoteAddr?.transport === "tcp"));
  });
});

/** What a `pick` may do wrong, and what its stream ends with. */
const wrong: Record<
  string,
  { pick: (candidates: readonly PoolConnection[]) => PoolConnection; says: string }
> = {
  "throws": {
    pick: () => {
      throw new Error("no idea");
    },
    says: "pick threw: no idea",
  },
  "returns nothing": {
    pick: () => untyped<PoolConnection>(undefined),
    says: "pick returned undefined, which is none of its candidates",
  },
  "returns something else": {
    pick: () => ({ address: { port: 1 }, streams: 0 }),
    says: "pick returned [object Object], which is none of its candidates",
  },
};
for (const [what, { pick, says }] of Object.entries(wrong)) {
  Deno.test(`pick: a function that ${what} fails the stream in words, and nothing else`, async () => {
    let good = true;
    await withTwo(
      (candidates) => good ? untyped<PoolConnection>(candidates[0]) : pick(candidates),
      async (pool) => {
        const live = await begin(pool);
        good = false;
        const error = await streamErrorOf(createClient(Words, pool).ask("x").closed);
        assertEquals([error.description, error.code, error.retryable], [says, 12006, false]);
        good = true;
        assertEquals((await Array.fromAsync(createClient(Words, pool).ask("x")))[0], live.name);
      },
    );
  });

  Deno.test(`pick: a function that ${what} fails the streams that have waited for it as well`, async () => {
    await using server = wordServer("a");
    await using pool = createPool({ addresses: [at(server)], pick });
    const calls = [1, 2].map(() => createClient(Words, pool).ask("x"));
    for (const { closed } of calls) assertEquals((await streamErrorOf(closed)).description, says);
    assertEquals(pool.stats.waiting, 0);
  });
}

/** Stream ids are the peer's to pick: none of its choices makes the table slow. */
import { assertEquals, assertLess } from "@std/assert";
import { IdTable } from "../../src/base/id_table.ts";

/** The inverse of an odd number among 32 bits (Newton's method). */
function inverse(odd: number): number {
  let x = odd;
  for (let i = 0; i < 5; i++) x = Math.imul(x, 2 - Math.imul(odd, x));
  return x;
}

const MIX = 0x9e3779b1;
const UNMIX = inverse(MIX);

/** The id that a table without a seed of its own hashes to `hash`: two multiplications and a shift, undone. */
function idOf(hash: number): number {
  const mixed = Math.imul(hash, UNMIX);
  const before = mixed ^ mixed >>> 15 ^ mixed >>> 30;
  return Math.imul(before, UNMIX);
}

const COUNT = 8_000;
const PLAIN = Array.from({ length: COUNT }, (_, i) => i + 1);

/** Ids that all have the first slot of a table of 16,384 slots. */
const COLLIDING: Record<string, readonly number[]> = {
  "that are their own hash": PLAIN.map((i) => i << 14),
  "that are mixed as a table without a seed mixes them": PLAIN.map((i) =>
    idOf(i % 250 | (i / 250 | 0) << 22)
  ),
};

for (const [name, ids] of Object.entries(COLLIDING)) {
  Deno.test(`a table finds and removes ids that were picked to collide, ${name}`, () => {
    assertEquals(new Set(ids).size, COUNT);
    const table = new IdTable<number>();
    for (const id of ids) table.set(id, id);
    for (const id of ids) assertEquals(table.get(id), id);
    for (const [i, id] of ids.entries()) if (i % 2 === 0) assertEquals(table.delete(id), true);
    for (const [i, id] of ids.entries()) assertEquals(table.get(id), i % 2 === 0 ? undefined : id);
    assertEquals(table.size, COUNT / 2);
  });

  Deno.test(`ids that were picked to collide cost a little more each, and not the square, ${name}`, () => {
    // No figure of a machine's: eight times as many in one slot take 64 times as long.
    assertLess(msOf(ids), 25 * msOf(ids.slice(0, COUNT / 8)) + 5);
  });
}

/** The least of some milliseconds that a table of `ids` takes. */
function msOf(ids: readonly number[]): number {
  let least = Infinity;
  for (let round = 0; round < 10; round++) {
    const began = performance.now();
    const table = new IdTable<number>();
    for (const id of ids) table.set(id, id);
    for (const id of ids) table.delete(id);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

/** Stream ids are the peer's to pick: none of its choices makes the table slow. */
import { assertEquals, assertLess } from "@std/assert";
import { IdTable } from "../src/connection/id_table.ts";

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

/** Ids that would all have the first slot of a table of 16,384 slots. */
const COLLIDING = Array.from({ length: 8_000 }, (_, i) => idOf(i % 250 | (i / 250 | 0) << 22 | 0));
const PLAIN = COLLIDING.map((_, i) => i + 1);

Deno.test("a table finds and removes ids that were picked to collide", () => {
  assertEquals(new Set(COLLIDING).size, COLLIDING.length);
  const table = new IdTable<number>();
  for (const id of COLLIDING) table.set(id, id);
  for (const id of COLLIDING) assertEquals(table.get(id), id);
  for (const [i, id] of COLLIDING.entries()) if (i % 2 === 0) assertEquals(table.delete(id), true);
  for (const [i, id] of COLLIDING.entries()) assertEquals(table.get(id), i % 2 === 0 ? undefined : id);
  assertEquals(table.size, COLLIDING.length / 2);
});

/** The least of some milliseconds that a table of `ids` takes. */
function msOf(ids: readonly number[]): number {
  let least = Infinity;
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    const table = new IdTable<number>();
    for (const id of ids) table.set(id, id);
    for (const id of ids) table.delete(id);
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

Deno.test("ids that were picked to collide cost what others cost, and not the square", () => {
  // No figure of a machine's: 8,000 ids in one slot took hundreds of times as long as others.
  assertLess(msOf(COLLIDING), 20 * msOf(PLAIN) + 5);
});

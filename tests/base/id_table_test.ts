import { assertEquals } from "@std/assert";
import { IdTable } from "../../src/base/id_table.ts";

Deno.test("IdTable does what a Map does, whatever the ids and the order in which they come and go", () => {
  const table = new IdTable<string>();
  const map = new Map<number, string>();
  let random = 1;
  const next = (below: number): number => {
    random = Math.imul(random, 1664525) + 1013904223 | 0;
    return (random >>> 8) % below;
  };
  for (let step = 0; step < 50_000; step++) {
    // Neighbours, ids that meet in one slot of any table, and ids beyond the wrap to negative.
    const id = [next(40), next(8) * 4096, 2 ** 31 - 20 + next(40) | 0][next(3)] ?? 0;
    if (next(2) === 0) {
      table.set(id, `${id} at ${step}`);
      map.set(id, `${id} at ${step}`);
    } else {
      assertEquals(table.delete(id), map.delete(id), `delete(${id}) in step ${step}`);
    }
    assertEquals(table.size, map.size);
    assertEquals(table.get(id), map.get(id));
    const other = next(40);
    assertEquals(table.get(other), map.get(other), `get(${other}) in step ${step}`);
    assertEquals(table.has(other), map.has(other));
  }
  assertEquals(table.values().sort(), [...map.values()].sort());
  const each: string[] = [];
  table.each((value) => each.push(value));
  assertEquals(each.sort(), [...map.values()].sort());
});

Deno.test("IdTable.clear leaves nothing", () => {
  const table = new IdTable<number>();
  for (let id = 1; id <= 1000; id++) table.set(id, id);
  table.clear();
  assertEquals([table.size, table.get(1), table.values()], [0, undefined, []]);
});

Deno.test("IdTable.values is a copy: entries may go while it is walked through", () => {
  const table = new IdTable<number>();
  for (let id = 1; id <= 10; id++) table.set(id, id);
  const seen: number[] = [];
  for (const id of table.values()) {
    seen.push(id);
    table.delete(id);
  }
  assertEquals(seen.sort((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assertEquals(table.size, 0);
});

import { assertEquals } from "@std/assert";
import { collisions, inverse, murmurBackwards } from "./ids.ts";

/** MurmurHash3's last step. */
function murmur(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}

Deno.test("an inverse undoes a multiplication of 32 bits", () => {
  for (const odd of [1, 3, 0x9e3779b1, 0x9e3779b9, 0x85ebca6b, 0xffffffff]) {
    assertEquals(Math.imul(odd, inverse(odd)), 1);
  }
});

Deno.test("what Murmur's finalizer is to give can be had", () => {
  for (const hash of [0, 1, -1, 65_536, 0x12345678]) assertEquals(murmur(murmurBackwards(hash)), hash);
});

Deno.test("the ids of each collision differ", () => {
  for (const [name, ids] of Object.entries(collisions(32_768))) {
    assertEquals(new Set(ids).size, ids.length, name);
  }
});

import { range } from "./raw.ts";

/** Stream ids of which many fall into one slot, or into one run of slots, by how a table may find a slot. */
export function collisions(count: number): Record<string, number[]> {
  const of = (id: (i: number) => number) => range(1, count).map((i) => id(i) | 0);
  return {
    "multiples of 65,536": of((i) => i << 16),
    "next to each other under Knuth's hash (0x9e3779b1)": of((i) => Math.imul(i, inverse(0x9e3779b1))),
    "next to each other under Fibonacci's hash (0x9e3779b9)": of((i) => Math.imul(i, inverse(0x9e3779b9))),
    "next to each other under Murmur's finalizer": of(murmurBackwards),
    "their low bits all the same under Murmur's finalizer": of((i) => murmurBackwards(i << 16)),
  };
}

/** The number by which an odd one gives 1, modulo 2³². */
export function inverse(odd: number): number {
  let result = odd;
  for (const _ of range(0, 5)) result = Math.imul(result, 2 - Math.imul(odd, result));
  return result;
}

/** What MurmurHash3's last step turns into this number. */
export function murmurBackwards(hash: number): number {
  let value = hash;
  value ^= value >>> 16;
  value = Math.imul(value, inverse(0xc2b2ae35));
  value ^= value >>> 13 ^ value >>> 26;
  value = Math.imul(value, inverse(0x85ebca6b));
  return value ^ value >>> 16;
}

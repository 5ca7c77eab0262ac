import type { ByteDuplex } from "../../mod.ts";

/** Two ends of an in-memory connection: what one writes the other reads, with no clock and no kernel in between. */
export function duplexPair(): [ByteDuplex, ByteDuplex] {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    { readable: back.readable, writable: there.writable },
    { readable: there.readable, writable: back.writable },
  ];
}

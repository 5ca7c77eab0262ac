import type { Codec } from "../../../mod.ts";
import { type Order, payloadBytes } from "../commands.ts";

/** What messages are made of: the same workload with bytes as they are, or with a codec. */
export interface Flavour<T> {
  readonly codec: Codec<T>;
  /** A message with a blob of `size` bytes. */
  message(size: number): T;
  /** The request of a server streaming call, and what it said. */
  request(order: Order): T;
  order(request: T): Order;
  /** The response of a client streaming call, and what it said. */
  response(count: number): T;
  count(response: T): number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Bytes as they are, as many as the struct of the others takes. */
export const raw: Flavour<Uint8Array> = {
  codec: { encode: (message) => message, decode: (payload) => payload },
  message: (size) => new Uint8Array(payloadBytes(size)),
  request: (order) => utf8.encode(JSON.stringify(order)),
  order: (request) => JSON.parse(text.decode(request)),
  response: (count) => utf8.encode(String(count)),
  count: (response) => Number(text.decode(response)),
};

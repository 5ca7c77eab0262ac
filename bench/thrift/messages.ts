/** The two messages of the benchmark: a flat one with a payload of bytes, and a nested one of small values. */
import {
  binary,
  double,
  field,
  i32,
  i64,
  type Infer,
  list,
  map,
  string,
  struct,
} from "../../src/thrift/mod.ts";

export const Chat = struct("Chat", { message: field(1, string), n: field(2, i64), blob: field(3, binary) });
export type Chat = Infer<typeof Chat>;

export const Item = struct("Item", {
  sku: field(1, string),
  quantity: field(2, i32),
  price: field(3, double),
});
export type Item = Infer<typeof Item>;

export const Address = struct("Address", {
  street: field(1, string),
  city: field(2, string),
  zip: field(3, i32),
});
export type Address = Infer<typeof Address>;

export const Order = struct("Order", {
  id: field(1, i64),
  customer: field(2, string),
  items: field(3, list(Item)),
  tags: field(4, map(string, string)),
  address: field(5, Address, { optional: true }),
});
export type Order = Infer<typeof Order>;

export const chat: Chat = {
  message: "hello, world",
  n: 123_456_789_012n,
  blob: new Uint8Array(1024).fill(7),
};

export const order: Order = {
  id: 123_456_789_012n,
  customer: "Ada Lovelace",
  items: Array.from({ length: 5 }, (_, i) => ({ sku: `sku-${i}`, quantity: i, price: i * 1.5 })),
  tags: new Map([["channel", "web"], ["language", "en"]]),
  address: { street: "12 St. James's Square", city: "London", zip: 12345 },
};

import { binary, type Bytes, field, i64, string, struct, type StructCodec } from "../../../src/thrift/mod.ts";
import { type Order, TEXT } from "../commands.ts";
import type { Flavour } from "./flavour.ts";

/** The struct of bench.thrift. */
interface Message {
  readonly text: string;
  readonly number: bigint;
  readonly blob: Bytes;
}

const Message: StructCodec<Message> = struct("Message", {
  text: field(1, string),
  number: field(2, i64),
  blob: field(3, binary),
});

/** The struct that Kitex sends, encoded and decoded. */
export const thrift: Flavour<Message> = {
  codec: Message,
  message: (size) => Message.create({ text: TEXT, number: 1n, blob: new Uint8Array(size) }),
  request: (order) => Message.create({ text: JSON.stringify(order) }),
  order: ({ text }): Order => JSON.parse(text),
  response: (count) => Message.create({ number: BigInt(count) }),
  count: ({ number }) => Number(number),
};
